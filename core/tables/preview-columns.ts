import { conditionColumns } from './ablation-columns.js';
import { count, level, maybe, model, number, type Columns } from './column.js';

/** The table `preview`. */
export const previewColumns = {
  ...conditionColumns,
  images: count('images', 'Number of images that it is predicted for.'),
  predicted_kl: maybe(
    number(
      'nat',
      'Predicted, not measured: mean over images of KL(p ‖ softmax(z + Δz)), Δz the change of the logits to first order in what the edits put in place of the maps that they remove, added up over what is removed.',
    ),
  ),
  predicted_kl_low: maybe(
    number(
      'nat',
      `${level('predicted_kl over images like these', 'Lower')} How far the prediction is off is not in it.`,
    ),
  ),
  predicted_kl_high: maybe(
    number(
      'nat',
      `${level('predicted_kl over images like these', 'Upper')} How far the prediction is off is not in it.`,
    ),
  ),
} as const satisfies Columns;

/** The table `preview_checks`. */
export const previewCheckColumns = {
  model,
  predicted: count('conditions', 'Conditions that are predicted.'),
  lesions: count('conditions', 'Seeded sample of these that were run exactly, as ordinary cells.'),
  images: count('images', 'Images on which they were run, and on which their predictions are compared.'),
  spearman: maybe(number('1', 'Rank correlation of predicted and measured KL over the sample.')),
  spearman_low: maybe(number('1', level('the rank correlation over conditions like these', 'Lower'))),
  spearman_high: maybe(number('1', level('the rank correlation over conditions like these', 'Upper'))),
  ratio: maybe(number('1', 'Median over the sample of measured over predicted KL.')),
} as const satisfies Columns;
