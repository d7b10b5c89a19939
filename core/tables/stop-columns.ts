import { ablation, count, draw, fill, maybe, model, number, text, type Columns } from './column.js';

const end = (which: 'Lower' | 'Upper') =>
  `${which} end of the interval of kl over all images, right at all looks together with the confidence that stop names.`;

/** The table `stops`. */
export const stopColumns = {
  model,
  ablation,
  unit: text('What was removed: kernel, layer, block or stream.'),
  index: count('index', 'Number of the condition within the ablation of the model, as in the table ablations.'),
  layers: text('What the removed channels belong to.'),
  channels: text('The removed channels, by layer: layer1.0.conv1[3,7].'),
  fill,
  draw,
  rule: text('What stops a condition: precision or top.'),
  place: text(
    'precise: the interval is narrow enough; top, rest: whether it is of the top is settled within epsilon; undecided: a cell failed, so that it is neither stopped early nor ranked.',
  ),
  images: count('images', 'Images on which the condition was run, and on which all that is said of it rests.'),
  of: count('images', 'Images of the whole set.'),
  kl: maybe(number('nat', 'Mean over these images of KL(baseline ‖ lesioned), each clipped: what stop looks at.')),
  kl_low: maybe(number('nat', end('Lower'))),
  kl_high: maybe(number('nat', end('Upper'))),
  kl_predicted: maybe(
    number(
      'nat',
      'What gradients predict of kl over all images, clipped image by image; empty where it stops by images alone.',
    ),
  ),
  clip: number('nat', 'What an image counts at most.'),
  clipped: count('images', 'Images that the clip acted on.'),
} as const satisfies Columns;
