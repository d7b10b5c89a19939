import type { TableName } from './columns.js';
import type { TableRow } from './schema.js';

/** Where the rows of a study's tables go as they are made: those of one table in their order, tables in any. */
export interface RowSink {
  append<T extends TableName>(table: T, rows: Iterable<TableRow<T>>): Promise<void>;
}
