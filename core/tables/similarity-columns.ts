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
} & { readonly [M in SimilarityName as `${M}_null`]: MaybeNumber } & { readonly [C in ExcessColumn]: MaybeNumber };

/** Three columns a measure, in the order of the measures. */
function measureColumns(): Readonly<Record<string, Column>> {
  return Object.fromEntries(
    similarityNames.flatMap((name, place): [string, Column][] => {
      const { symbol, what, excess } = similarityMeasure(name);
      const value = number(symbol, what);
      return [
        [name, place === 0 ? value : maybe(value)],
        [`${name}_null`, maybe(number(symbol, 'The same in the network with shuffled weights.'))],
        [excess, maybe(number(symbol, `${name} less ${name}_null.`))],
      ];
    }),
  );
}

/** The table `similarity`. */
export const similarityColumns = { ...pairColumns, ...measureColumns() } as typeof pairColumns & MeasureColumns;
