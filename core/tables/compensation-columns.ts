import { ablation, count, fill, level, maybe, model, nonFinite, number, text, type Columns } from './column.js';

const logit = 'the logit of the class that the intact network predicts, centred over classes';

/** The table `compensation`. */
export const compensationColumns = {
  model,
  ablation,
  fill,
  block: text('The residual branch that is removed.'),
  depth: number('1', 'Normalised depth of the end of the branch: 0 first site, 1 last.'),
  behind: count('blocks', 'Number of later branches, which are held at their intact values for the direct effect.'),
  kl_total: maybe(number('nat', 'Damage: mean over images of KL(baseline ‖ lesioned), over draws of donors, too.')),
  kl_direct: maybe(
    number('nat', 'The same with every later branch held; that of the last branch is the damage itself.'),
  ),
  kl_repaired: maybe(
    number(
      'nat',
      'kl_direct less kl_total: above 0 where later branches repair, below 0 where they spread the damage.',
    ),
  ),
  kl_repaired_low: maybe(number('nat', level('kl_repaired, over images', 'Lower'))),
  kl_repaired_high: maybe(number('nat', level('kl_repaired, over images', 'Upper'))),
  logit_total: maybe(number('1', `Mean change of ${logit}; empty where outputs are no classes, or more than 100.`)),
  logit_direct: maybe(number('1', 'The same with every later branch held.')),
  logit_repaired: maybe(number('1', 'logit_total less logit_direct: what later branches change it by.')),
  logit_repaired_low: maybe(number('1', level('logit_repaired, over images', 'Lower'))),
  logit_repaired_high: maybe(number('1', level('logit_repaired, over images', 'Upper'))),
  images: count('images', 'Number of images evaluated.'),
  non_finite: nonFinite('in all or directly; there is then no number of this row'),
  state: text('ok, or failed: a cell is missing.'),
} as const satisfies Columns;
