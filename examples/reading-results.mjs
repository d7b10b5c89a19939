// The tables of a study, by SQL. `node examples/reading-results.mjs FOLDER` reads another study's, e.g. percuss-out/demo/tables.
import { queryTables, runStudy } from 'percuss';
import { smallStudy } from './small-study.mjs';

let [folder] = process.argv.slice(2);
if (folder === undefined) {
  const out = '.tmp/examples/kernels';
  await runStudy(smallStudy('kernels', { kernels: { mode: 'each', fill: 'zero' } }), {
    store: '.tmp/examples/store',
    out,
  });
  folder = `${out}/tables`;
}

const { columns, rows } = await queryTables(
  folder,
  `SELECT model, layer, count(*) AS kernels, round(median(kl), 4) AS median_kl, round(max(kl), 4) AS largest_kl
   FROM kernels GROUP BY ALL ORDER BY model, layer`,
);
console.table(rows.map((row) => Object.fromEntries(columns.map(({ name }, i) => [name, row[i]]))));
