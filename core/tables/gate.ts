import { PercussError } from '../errors.js';
import type { Column } from './column.js';
import { columnsOf, type TableName } from './columns.js';

/** What a cell of a table can hold. */
export type CellValue = string | number | boolean | null;

/**
 * The one gate into tables: what a column holds for a value. A number that is not finite does not exist: null, where the
 * column may be empty.
 *
 * @param where the place, for the error; only asked then.
 * @throws PercussError BUG when a value does not fit its column (a missing number, a broken count, another type).
 */
export function admit(value: unknown, column: Column, where: () => string): CellValue {
  const isUnknown = value === null || (typeof value === 'number' && !Number.isFinite(value));
  if (isUnknown && column.nullable) return null;
  switch (column.type) {
    case 'VARCHAR':
      if (typeof value === 'string') return value;
      break;
    case 'BOOLEAN':
      if (typeof value === 'boolean') return value;
      break;
    case 'BIGINT':
      if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
      break;
    case 'DOUBLE':
      // Adding zero turns −0 into 0, so that equal numbers give equal bytes.
      if (typeof value === 'number' && Number.isFinite(value)) return value + 0;
      break;
  }
  throw new PercussError(
    'BUG',
    `${where()}: expected ${column.type}${column.nullable ? ' or null' : ''}, got ${String(value)} (${typeof value}). ` +
      'Please report this with the spec of the study.',
  );
}

/** The gate of one table. */
export class Gate {
  readonly #table: TableName;
  readonly #layout: ReturnType<typeof columnsOf>;

  constructor(table: TableName) {
    this.#table = table;
    this.#layout = columnsOf(table);
  }

  /** What a row holds, a value a column, in the order of the columns. @throws PercussError BUG, see `admit`; `place` is for the error. */
  admit(row: object, place: number): CellValue[] {
    const values = row as Readonly<Record<string, unknown>>;
    return this.#layout.map(([name, column]) =>
      admit(values[name], column, () => `table ${this.#table}, row ${place}, column ${name}`),
    );
  }
}
