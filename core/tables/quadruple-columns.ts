import { ablation, count, fill, level, maybe, model, nonFinite, number, text, type Columns } from './column.js';

const channel = (which: string) => count('index', `Channel of ${which}, counted from 0.`);
const excess = (which: string) =>
  maybe(number('nat', `Mean over images of the excess of ${which}, over draws of donors, too.`));

/** The table `quadruples`. */
export const quadrupleColumns = {
  model,
  ablation,
  index: count('index', 'Place in the sequence from which quadruples are drawn, counted from 0.'),
  fill,
  layer_first: text('The layer that comes first along the network.'),
  first_a: channel('kernel a of it'),
  first_b: channel('kernel b of it'),
  layer_second: text('The other layer.'),
  second_a: channel('kernel a of it'),
  second_b: channel('kernel b of it'),
  depth_first: number('1', 'Normalised depth of the first layer: 0 first site, 1 last.'),
  depth_second: number('1', 'Normalised depth of the other layer.'),
  distance: number('1', 'Difference of the two normalised depths.'),
  excess_first: excess('both kernels of the first layer together'),
  excess_second: excess('both kernels of the second layer together'),
  excess_ab: excess('a of the first layer with b of the second'),
  excess_ba: excess('b of the first layer with a of the second'),
  contrast: maybe(
    number(
      'nat',
      'Mean of excess_ab and excess_ba less that of excess_first and excess_second: above 0 where back-up lies across the layers, below 0 where it lies within them; empty where one of the four is not there for every image.',
    ),
  ),
  contrast_low: maybe(number('nat', level('contrast, over images', 'Lower'))),
  contrast_high: maybe(number('nat', level('contrast, over images', 'Upper'))),
  images: count('images', 'Number of images evaluated.'),
  non_finite: nonFinite('of some of the lesions'),
  state: text('ok, or failed: a cell or its outputs are missing.'),
} as const satisfies Columns;

/** The table `contrasts`. */
export const contrastColumns = {
  model,
  ablation,
  fill,
  part: text('Which quadruples: all, or distance (of some distance in depth).'),
  distance_low: maybe(number('1', 'part distance: least distance in normalised depth, itself left out unless 0.')),
  distance_high: maybe(number('1', 'part distance: largest distance in normalised depth.')),
  distance: maybe(number('1', 'Mean distance of the quadruples.')),
  quadruples: count('quadruples', 'Number of quadruples.'),
  left_out: count(
    'quadruples',
    'Quadruples that were asked for and are not in the mean: a cell failed, or an output is not finite.',
  ),
  layers: count('layers', 'Number of layers that they are of.'),
  contrast: maybe(
    number(
      'nat',
      'Mean contrast over quadruples and images: above 0 where kernels back each other up more across the depth than within layers.',
    ),
  ),
  low: maybe(number('nat', level('contrast, for images, kernels and layers like these', 'Lower'))),
  high: maybe(number('nat', level('contrast, for images, kernels and layers like these', 'Upper'))),
  freedom: maybe(number('1', 'Degrees of freedom of the interval; empty without one, and where it is a point.')),
} as const satisfies Columns;
