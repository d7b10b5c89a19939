import { gatheredTables, Gathering, type Gathered, type GatheredTable } from '../../core/report/gathering.js';
import type { ReportInput } from '../../core/report/input.js';
import type { Tables } from '../../core/tables/schema.js';

/** What a report is given whose tables are at hand as a whole. */
export type ShownInput = ReportInput & { readonly tables: Tables };

/** Tables as a report is given them: those with a row a condition pass by once. */
export function shown(tables: Tables): { readonly tables: Tables; readonly gathered: Gathered } {
  const gathering = new Gathering();
  const pass = <T extends GatheredTable>(table: T): void => {
    for (const row of tables[table]) gathering.add(table, row);
  };
  for (const table of gatheredTables) pass(table);
  return { tables, gathered: gathering.end() };
}
