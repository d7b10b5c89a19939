import { ablation, count, fill, level, maybe, model, number, text, type Columns } from './column.js';

/** The table `screens`. */
export const screenColumns = {
  model,
  ablation,
  unit: text('What was removed: kernel, layer, block or stream.'),
  fill,
  measure: text('What is large or small, in absolute value: excess, kl or delta_loss, as in the table interactions.'),
  kept: count('pairs', 'Pairs that ran for the product of what their two do alone.'),
  rest: count('pairs', 'All others of which it is known what their two do alone.'),
  random: count('pairs', 'How many of these ran, drawn by chance.'),
  unknown: count('pairs', 'Pairs of which it is not known what one of the two does alone: none of them ran.'),
  left_out: count('pairs', 'Pairs that ran and are not counted: a cell failed, or an output is not finite.'),
  rank: count('pairs', 'What counts as large: as much as this kept pair, by rank.'),
  threshold: number('nat', 'How much that is, at least 1e-6, which rounding may leave of 0.'),
  found: count('pairs', 'Kept pairs that are as large.'),
  beyond: count('pairs', 'Random pairs that are larger.'),
  missed: maybe(
    number(
      'pairs',
      'Estimate of how many pairs that were not kept are larger: rest × beyond / random; empty without a random pair.',
    ),
  ),
  missed_low: maybe(number('pairs', level('missed (exact, hypergeometric)', 'Lower'))),
  missed_high: maybe(number('pairs', level('missed', 'Upper'))),
  share: maybe(
    number('1', 'Share of the large pairs that was kept: found / (found + missed); empty where there are none.'),
  ),
  share_low: maybe(number('1', level('share', 'Lower'))),
  share_high: maybe(number('1', level('share', 'Upper'))),
} as const satisfies Columns;
