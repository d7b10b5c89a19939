import type { RowOf } from './columns.js';
import type { TableName } from './schema.js';

/** Where the rows of a study's tables go as they are made: those of one table in their order, tables in any. */
export interface RowSink {
  append<T extends TableName>(table: T, rows: Iterable<RowOf<T>>): Promise<void>;
}
