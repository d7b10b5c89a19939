import {
  similarityMeasure,
  similarityNames,
  type ExcessColumn,
  type LeadingName,
  type SimilarityName,
} from '../analysis/similarity.js';
import { count, maybe, model, number, text, type Column, type Columns, type MaybeNumber } from './column.js';

const pairColumns = {
  model,
  site_a: text('The site whose signatures are predicted.'),
  site_b: text('The site whose signatures predict.'),
  depth_a: count('sites', 'Depth of site_a, counted from 0.'),
  depth_b: count('sites', 'Depth of site_b, counted from 0.'),
  type_a: text('Type of site_a: signed or rectified.'),
  type_b: text('Type of site_b: signed or rectified.'),
  kernels: count('kernels', 'Kernels of site_a that entered the mean.'),
} as const satisfies Columns;

/** The leading measure stands in every row. */
type MeasureColumns = {
  readonly [M in SimilarityName]: M extends LeadingName ? Column & { type: 'DOUBLE'; nullable: false } : MaybeNumber;
} & { readonly [M in SimilarityName as `${M}_${'null' | 'null_sd' | 'p' | 'p_adjusted'}`]: MaybeNumber } & {
  readonly [M in SimilarityName as `${M}_discovered`]: Column & { type: 'BOOLEAN'; nullable: true };
} & { readonly [C in ExcessColumn]: MaybeNumber };

/** The columns of each measure, in the order of the measures. */
function measureColumns(): Readonly<Record<string, Column>> {
  return Object.fromEntries(
    similarityNames.flatMap((name, place): [string, Column][] => {
      const { symbol, what, excess } = similarityMeasure(name);
      const value = number(symbol, what);
      return [
        [name, place === 0 ? value : maybe(value)],
        [`${name}_null`, maybe(number(symbol, 'Mean of the same over networks with shuffled weights.'))],
        [
          `${name}_null_sd`,
          maybe(number(symbol, 'Standard deviation of the same over networks with shuffled weights, from two on.')),
        ],
        [excess, maybe(number(symbol, `${name} less ${name}_null.`))],
        [`${name}_p`, maybe(number('probability', 'Rank p of this pair of sites alone among those networks.'))],
        [
          `${name}_p_adjusted`,
          maybe(
            number(
              'probability',
              'Rank p of this pair, on a scale of its own, among all pairs of all those networks, adjusted for the number of pairs (Benjamini and Yekutieli); never below 1 / (1 + networks).',
            ),
          ),
        ],
        [
          `${name}_discovered`,
          maybe({
            type: 'BOOLEAN',
            nullable: false,
            unit: '',
            description: `Whether ${name} is above 0 and ${name}_p_adjusted at most the study’s false discovery rate.`,
          } as const),
        ],
      ];
    }),
  );
}

/** The table `similarity`. */
export const similarityColumns = { ...pairColumns, ...measureColumns() } as typeof pairColumns & MeasureColumns;
