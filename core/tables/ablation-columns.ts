import { choice, wordsOf } from '../word-table.js';
import { modes } from '../spec/words/modes.js';
import {
  ablation,
  count,
  draw,
  fill,
  level,
  maybe,
  model,
  nonFinite,
  number,
  spread,
  text,
  type Columns,
} from './column.js';

/** Which condition a row is about. */
export const conditionColumns = {
  model,
  ablation,
  mode: text(`How the conditions were chosen: ${choice(wordsOf(modes))}.`),
  unit: text('What was removed: kernel, layer, block or stream.'),
  index: count('index', 'Number of the condition within the ablation of the model, counted from 0.'),
  layers: text('Layers in which channels were removed, shortened with a count when many.'),
  channels: text(
    'Layers with the removed channels, as in layer1.0.conv1[3,7], shortened with a count when many; like layers, empty where an order rests on what failed.',
  ),
  removed: count('units', 'How many kernels, layers, blocks or stream channels were removed.'),
  removed_fraction: number('share', 'Removed channels as a share of all that the ablation may remove.'),
  fill,
  draw,
  fraction: maybe(number('share', 'The fraction asked for in the study; empty for modes without fractions.')),
  trial: maybe(count('index', 'Which trial of a random ablation; empty for other modes.')),
  spread,
  match: maybe(text('Shared by a one-layer lesion and its matched lesion of the same size; empty elsewhere.')),
} as const satisfies Columns;

/** The table `ablations`. */
export const ablationColumns = {
  ...conditionColumns,
  frozen: maybe(
    count('blocks', 'Mode compensation: how many later blocks are held at their intact values; empty elsewhere.'),
  ),
  images: count('images', 'Number of images evaluated: of the chunks that are there.'),
  correct: count('images', 'Number of images classified correctly; one whose output is not finite counts as wrong.'),
  accuracy: maybe(number('share', 'Share of images classified correctly.')),
  accuracy_low: maybe(number('share', level('the accuracy', 'Lower'))),
  accuracy_high: maybe(number('share', level('the accuracy', 'Upper'))),
  kl: maybe(number('nat', 'Damage: mean of KL(baseline ‖ lesioned) over the images whose output is finite.')),
  kl_low: maybe(number('nat', level('kl', 'Lower'))),
  kl_high: maybe(number('nat', level('kl', 'Upper'))),
  delta_loss: maybe(number('nat', 'Mean of the change in cross-entropy loss, over the same images.')),
  abs_delta_loss: maybe(number('nat', 'Mean of its absolute value, over the same images.')),
  flips: maybe(number('share', 'Share of images whose predicted class changes, or whose output is not finite.')),
  non_finite: nonFinite(
    'they count as wrong and as flips, and kl and the changes of the loss are means over the others',
  ),
  effect: maybe(
    number(
      'activation units',
      'Largest absolute change that the edits made at their sites; 0 means that the lesion did not act, empty that an activation is not finite.',
    ),
  ),
  state: text(
    'ok, no-op (the lesion changed nothing), partial (cells of some chunks failed: all numbers are of the others) or failed (nothing is there).',
  ),
} as const satisfies Columns;

/** The table `curves`. */
export const curveColumns = {
  model,
  ablation,
  mode: text('How the conditions were chosen: random or cumulative.'),
  unit: text('What was removed: kernel, layer, block or stream.'),
  spread,
  fill,
  fraction: number('share', 'Removed fraction.'),
  conditions: count('conditions', 'Number of conditions averaged.'),
  missing: count(
    'conditions',
    'Conditions that were asked for and are not in the means, since a cell of theirs failed.',
  ),
  accuracy: maybe(
    number('share', 'Mean accuracy over the conditions; an image whose output is not finite counts as wrong.'),
  ),
  accuracy_low: maybe(number('share', level('the mean accuracy', 'Lower'))),
  accuracy_high: maybe(number('share', level('the mean accuracy', 'Upper'))),
  kl: maybe(
    number(
      'nat',
      'Mean over the conditions of the mean KL over images; empty where an output is not finite, since then means would be over different images.',
    ),
  ),
  kl_low: maybe(number('nat', level('kl', 'Lower'))),
  kl_high: maybe(number('nat', level('kl', 'Upper'))),
  non_finite: count('conditions × images', 'In how many an output is not finite.'),
} as const satisfies Columns;
