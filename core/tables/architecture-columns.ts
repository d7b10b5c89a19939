import { quantities } from '../analysis/quantities.js';
import { choice, wordsOf } from '../word-table.js';
import { count, level, maybe, number, text, type Columns } from './column.js';

const architecture = text('The architecture, by its name in the study; it has several trainings.');
const quantity = text(
  `What is told of it: ${choice(wordsOf(quantities).map((name) => `${name} (${quantities[name].meaning})`))}.`,
);
const over = text(
  'What the interval counts as drawn: trainings and images (of damage also draws of kernels, of redundancy base images), or trainings alone, for the very images that were used.',
);
const trainings = count('trainings', 'Trainings that have the quantity.');

/** The table `architectures`. */
export const architectureColumns = {
  architecture,
  quantity,
  trainings,
  estimate: number('as the quantity', 'Mean over trainings.'),
  low: number('as the quantity', level('that mean, for trainings and images like these', 'Lower')),
  high: number('as the quantity', level('that mean, for trainings and images like these', 'Upper')),
  over,
  least: number('as the quantity', 'The least of the trainings.'),
  greatest: number('as the quantity', 'The greatest of the trainings.'),
  between_sd: number(
    'as the quantity',
    'How far trainings are apart: standard deviation between them, less what the sample of images alone would give.',
  ),
  icc: maybe(
    number(
      '1',
      'Intraclass correlation: of the variance of the quantity between all networks that are trainings, the share between architectures. The same in all rows of a quantity; empty with one architecture; chance can take it below 0.',
    ),
  ),
  icc_low: maybe(number('1', level('the intraclass correlation', 'Lower'))),
  icc_high: maybe(number('1', level('the intraclass correlation', 'Upper'))),
} as const satisfies Columns;

/** The table `architecture_differences`. */
export const architectureDifferenceColumns = {
  quantity,
  architecture,
  other: text('The architecture that it is compared with.'),
  trainings,
  trainings_other: count('trainings', 'Trainings of the other that have the quantity.'),
  difference: number('as the quantity', 'Mean over its trainings less that over the other’s.'),
  low: number('as the quantity', level('the difference, for trainings and images like these', 'Lower')),
  high: number('as the quantity', level('the difference, for trainings and images like these', 'Upper')),
  over,
  comparisons: count('differences', 'Pairs of architectures that are compared by this quantity.'),
  all_low: number('as the quantity', 'Lower end of the interval that holds for all these differences at once.'),
  all_high: number('as the quantity', 'Upper end of the interval that holds for all these differences at once.'),
  settled: {
    type: 'BOOLEAN',
    nullable: false,
    unit: '',
    description:
      'Whether all_low and all_high lie on one side of 0: which of the two has more is told; else it is open.',
  },
} as const satisfies Columns;
