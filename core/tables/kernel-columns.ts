import {
  kernelMeasure,
  kernelMeasureColumn,
  kernelMeasureNames,
  type KernelMeasureColumn,
} from '../analysis/kernel-measures.js';
import {
  count,
  layer,
  level,
  maybe,
  model,
  nonFinite,
  normalisedDepth,
  number,
  site,
  siteType,
  text,
  type Columns,
  type MaybeNumber,
  r2Resolved,
  r2Upper,
} from './column.js';
import { replaceabilityColumns } from './replaceability-columns.js';

type MeasureColumns = { readonly [C in KernelMeasureColumn]: MaybeNumber };

const measures = Object.fromEntries(
  kernelMeasureNames.map((name) => {
    const { unit, what } = kernelMeasure(name);
    return [kernelMeasureColumn(name), maybe(number(unit, what))];
  }),
) as MeasureColumns;

/** Those whose place is between others; a new one comes last. */
const { activation_std, activation_mean, weight_norm, response_norm, linearity, r2_same_low, r2_far_low, ...others } =
  measures;

const ofNulls = maybe(
  number('R²', 'The same for this kernel’s place in networks with shuffled weights, mean over them.'),
);

/** The table `kernels`. */
export const kernelColumns = {
  model,
  layer,
  site,
  channel: count('index', 'The kernel: its channel at the site, counted from 0.'),
  type: siteType,
  normalised_depth: normalisedDepth,
  weight_norm,
  activation_mean,
  activation_std,
  images: maybe(
    count('images', 'Images on which the damage rests: all, unless only an adaptive ablation measured it.'),
  ),
  kl: maybe(number('nat', 'Damage when the kernel is set to zero: mean over images of KL(baseline ‖ lesioned).')),
  kl_low: maybe(number('nat', level('kl, over images', 'Lower'))),
  kl_high: maybe(number('nat', level('kl, over images', 'Upper'))),
  delta_loss: maybe(number('nat', 'Mean over images of the change in cross-entropy loss.')),
  flips: maybe(number('share', 'Share of images whose predicted class changes.')),
  non_finite: maybe(nonFinite('flips count them, kl and delta_loss leave them out')),
  state: text('State of the removal: ok, no-op, or missing (it was not asked for, or a cell of it failed).'),
  silent: maybe({
    type: 'BOOLEAN',
    nullable: false,
    unit: '',
    description: 'True if the kernel answers none of the impulses.',
  } as const),
  linearity,
  response_norm,
  r2_same_low,
  r2_same_high: r2Upper,
  r2_same_resolved: r2Resolved,
  r2_far_low,
  r2_far_high: r2Upper,
  r2_far_resolved: r2Resolved,
  r2_same_null: ofNulls,
  r2_far_null: ofNulls,
  ...replaceabilityColumns(
    (fill) =>
      `1 less the mean KL with ${fill} in the kernel’s place over that with mean, on the same images; empty where nothing is lost with the mean, no kernels tell of it, or not both were measured on all images.`,
  ),
  ...others,
} as const satisfies Columns;
