import { PercussError } from '../errors.js';
import type { Column } from './column.js';
import { columnsOf, tableNames, type RowOf } from './columns.js';
import type { TableName, Tables } from './schema.js';

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

/** Rows as they may stand in a table, with its columns in their order. @throws PercussError BUG, see `admit`. */
export function* admitted<T extends TableName>(table: T, rows: Iterable<RowOf<T>>): Generator<RowOf<T>> {
  const layout = columnsOf(table);
  let index = 0;
  for (const row of rows) {
    const values = row as unknown as Readonly<Record<string, unknown>>;
    const place = index++;
    yield Object.fromEntries(
      layout.map(([name, column]) => [
        name,
        admit(values[name], column, () => `table ${table}, row ${place}, column ${name}`),
      ]),
    ) as unknown as RowOf<T>;
  }
}

/** All tables of a study, row by row through the gate: what is stored, drawn and printed. */
export function admittedTables(tables: Tables): Tables {
  return Object.fromEntries(
    tableNames.map((table) => [table, [...admitted(table, tables[table])]]),
  ) as unknown as Tables;
}
