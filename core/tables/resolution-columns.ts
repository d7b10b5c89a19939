import { count, maybe, model, number, r2Upper, text, type Columns } from './column.js';

const wish = (of: string) =>
  `How far the ends of the bracket of ${of} may be apart by the spec; empty where it says nothing.`;
const mean = (from: string) => `Mean R² of the kernels of the network from ${from}, lower end, as in the table models.`;

/** The table `resolutions`. */
export const resolutionColumns = {
  model,
  impulse: text('The impulses, by their name in the study.'),
  state: text(
    'resolved: every bracket is as narrow as was wished; budget: some are not, and no more may be added; undecided: a response failed, so that it was neither resolved nor added to.',
  ),
  images: count('images', 'Base images that were taken.'),
  positions: count('positions', 'Positions on each of them.'),
  most_images: count('images', 'Base images that the budget allows.'),
  most_positions: count('positions', 'Positions on each that the budget allows.'),
  r2_wish: maybe(number('R²', wish('R²'))),
  sr_wish: maybe(number('1', wish('systemic redundancy'))),
  r2_same_low: maybe(number('R²', mean('the same site'))),
  r2_same_high: r2Upper,
  r2_far_low: maybe(number('R²', mean('far sites'))),
  r2_far_high: r2Upper,
  sr: maybe(number('1', 'Systemic redundancy, one end of its bracket.')),
  sr_plugin: maybe(number('1', 'Its plug-in value, the other end.')),
} as const satisfies Columns;
