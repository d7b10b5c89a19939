import { columnsOf, tableDescriptions, tableNames, tablesVersion } from './columns.js';

/** `docs/tables.md`: every column of every table, from `columns.ts`. */
export function tablesDocument(): string {
  const sections = tableNames.map((table) => {
    const rows = columnsOf(table).map(
      ([name, column]) =>
        `| \`${name}\` | ${column.type} | ${column.nullable ? 'yes' : ''} | ${column.unit} | ${column.description} |`,
    );
    return [
      `## ${table}`,
      '',
      tableDescriptions[table],
      '',
      '| column | type | may be missing | unit | what it is |',
      '|---|---|---|---|---|',
      ...rows,
      '',
    ].join('\n');
  });
  return [
    '# The tables of a study',
    '',
    `Version ${tablesVersion} of the columns. This page is made from \`core/tables/columns.ts\` (\`npm run docs\`).`,
    '',
    'A study leaves one Parquet file a table in `tables/`. Numbers that do not exist are NULL, never NaN. Shares lie between',
    '0 and 1, KL divergences and losses use natural logarithms (nat). Each file carries its version, units and',
    "descriptions in its metadata under the key `percuss`: `SELECT * FROM parquet_kv_metadata('models.parquet')`.",
    '',
    '```sh',
    'percuss query STUDY "SELECT model, accuracy, robustness_area FROM models ORDER BY 3 DESC"',
    '```',
    '',
    ...sections,
  ].join('\n');
}
