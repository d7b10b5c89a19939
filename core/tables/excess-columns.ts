import { nulls } from '../spec/words/nulls.js';
import { choice, wordsOf } from '../word-table.js';
import { count, level, maybe, model, number, text, type Columns } from './column.js';

/** Measures of a network that stand against nulls. */
export const excessMeasures = ['sr', 'r2_same', 'r2_far'] as const;
export type ExcessMeasure = (typeof excessMeasures)[number];

/** The table `excess`. */
export const excessColumns = {
  model,
  measure: text(
    'What is compared: sr, systemic redundancy; r2_same and r2_far, means over kernels of R² from the same site and from far sites (lower ends, by one draw of pools in network and nulls).',
  ),
  kind: text(`What it stands against: ${choice(wordsOf(nulls))}; kinds are never mixed.`),
  nulls: count('networks', 'Nulls of this kind that have a value.'),
  value: number('1', 'The measure of the network.'),
  null_mean: number('1', 'Its mean over these nulls.'),
  null_sd: maybe(number('1', 'Its standard deviation over these nulls, from two on.')),
  excess: number('1', 'value less null_mean.'),
  excess_low: maybe(
    number('1', level('the excess of sr, over bases and nulls like these, from three nulls on', 'Lower')),
  ),
  excess_high: maybe(number('1', level('the same', 'Upper'))),
  p: number(
    'probability',
    'Rank p: (1 + nulls of this kind that reach the value) / (1 + nulls of this kind); so never below 1 / (1 + nulls).',
  ),
} as const satisfies Columns;
