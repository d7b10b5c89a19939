// A measure of one's own, from the tables: how unequally damage is divided among the kernels of a layer. The Gini coefficient is 0
// where every kernel matters alike, and 1 where one carries the layer.
import { queryTables, runStudy } from 'percuss';
import { gini } from './gini.mjs';
import { smallStudy } from './small-study.mjs';

const out = '.tmp/examples/kernels';
await runStudy(smallStudy('kernels', { kernels: { mode: 'each', fill: 'zero' } }), {
  store: '.tmp/examples/store',
  out,
});
const { rows } = await queryTables(
  `${out}/tables`,
  'SELECT layer, list(kl) FROM kernels GROUP BY layer ORDER BY layer',
);
console.table(rows.map(([layer, damages]) => ({ layer, gini: gini(damages.filter((kl) => kl !== null)) })));
