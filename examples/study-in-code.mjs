// Which residual block can be missed? The study is written in code and run in this process's children.
import { isPercussError, queryTables, runStudy } from 'percuss';
import { smallStudy } from './small-study.mjs';

const out = '.tmp/examples/blocks';
try {
  const { computed, reused, failed } = await runStudy(
    smallStudy('blocks', { blocks: { unit: 'block', mode: 'each', fill: ['zero', 'mean'] } }),
    { store: '.tmp/examples/store', out },
  );
  console.log(`${computed} computed, ${reused} stored before, ${failed} failed`);
} catch (error) {
  // A mistake in the spec has its place and what to do in the message; anything else is a bug.
  if (!isPercussError(error)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exit(2);
}

const { rows } = await queryTables(
  `${out}/tables`,
  'SELECT layers, fill, kl, kl_low, kl_high FROM ablations ORDER BY layers, fill',
);
console.table(rows.map(([block, fill, kl, low, high]) => ({ block, fill, kl, low, high })));
