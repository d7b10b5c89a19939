import { count, fill, level, maybe, model, number, text, type Columns } from './column.js';

const simultaneous = (end: 'Lower' | 'Upper') =>
  `${end} end of the interval of lead, for all predictors, hypotheses and networks of the study at once. Lower end above 0: the best predictor of its network and hypothesis; upper end below 0: not the best; else that is not resolved.`;

/** The table `predictors`. */
export const predictorColumns = {
  model,
  predictor: text('What predicts: a column of the table kernels.'),
  target: text(
    'What is predicted: kl, the mean KL of leaving the kernel out, or log(substitute/mean) and log(substitute-earlier/mean), the logarithm of that with a substitute in its place over that with its mean.',
  ),
  fill: { ...fill, description: `${fill.description} Draws of donors are averaged image by image.` },
  sites: count('sites', 'Sites with enough kernels to enter.'),
  kernels: count(
    'kernels',
    'Kernels of these sites that entered: with a predictor, and a finite output on every image.',
  ),
  spearman: maybe(
    number('1', 'Rank correlation within sites: mean over sites on Fisher’s scale, each counting equally.'),
  ),
  low: maybe(number('1', `${level('the rank correlation', 'Lower')} Of sites like these; empty below three.`)),
  high: maybe(number('1', `${level('the rank correlation', 'Upper')} Of sites like these; empty below three.`)),
  p: maybe(
    number(
      'probability',
      'Probability of a mean correlation at least as far from 0 if that of sites like these were 0.',
    ),
  ),
  p_adjusted: maybe(
    number(
      'probability',
      'The same, adjusted for all predictors, hypotheses and networks of the study (Benjamini and Yekutieli).',
    ),
  ),
  discovered: maybe({
    type: 'BOOLEAN',
    nullable: false,
    unit: '',
    description: 'Whether p_adjusted is at most the study’s false discovery rate.',
  } as const),
  between_sites: maybe(
    number('atanh ρ', 'Standard deviation over sites of their own correlations, beyond what kernels and images vary.'),
  ),
  lead: maybe(
    number(
      'atanh ρ',
      'How far its correlation, of either sign, is ahead of the strongest other predictor of its network and hypothesis, or behind it.',
    ),
  ),
  lead_low: maybe(number('atanh ρ', simultaneous('Lower'))),
  lead_high: maybe(number('atanh ρ', simultaneous('Upper'))),
  partial: maybe(number('1', 'Rank correlation given activation deviation and weight norm, within sites.')),
  reliability: maybe(number('1', 'Split-half reliability of the target.')),
  ceiling: maybe(number('1', 'Highest correlation that the reliability of the target allows.')),
} as const satisfies Columns;
