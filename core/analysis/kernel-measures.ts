import type { Hypothesis } from './hypothesis.js';
import { pooledLinearity } from './linearity.js';
import { absoluteSum, dot } from './moments.js';
import type { R2Bracket } from './ridge.js';

/** What is known of one kernel without removing it. */
export interface KernelFacts {
  /** Of its convolution, [in × height × width]; undefined where the layer has none of its own. */
  readonly weights: ArrayLike<number> | undefined;
  /** Over reference images and positions, in the intact network. */
  readonly activation: { readonly mean: number; readonly std: number } | undefined;
  /** Of the intact network to impulses at the input on images, one number an impulse, or a pair of opposite ones. */
  readonly responses: ResponseNorms | undefined;
  /** How well its signature is predicted by kernels of its own site, and of far ones. */
  readonly explained: { readonly same: R2Bracket | null; readonly far: R2Bracket | null };
  /** Of one way back through the intact network, over reference images; undefined where no gradients are known. */
  readonly gradients: KernelGradients | undefined;
}

/** What gradients say about removing a kernel. Measures of the loss are missing where outputs are no classes. */
export interface KernelGradients {
  readonly activation: number | undefined;
  readonly fisher: number | undefined;
  readonly taylor: number | undefined;
  /** Predicted damage in nats with the fill by which kernels are compared, and by what is put in the kernel's place. */
  readonly damage: number | undefined;
  readonly linearised: ReadonlyMap<string, number>;
}

/** L2 norms of a kernel's responses. */
export interface ResponseNorms {
  readonly norm: readonly number[];
  readonly odd: readonly number[];
  readonly even: readonly number[];
}

/**
 * A number of a kernel that is cheap to have, and may predict the damage of its removal. Its row is all that is to be written
 * of it: a column of the table `kernels`, rows of the table `predictors`, `docs/measures.md` and the report follow.
 */
export interface KernelMeasure {
  readonly unit: string;
  /** Description of the column. */
  readonly what: string;
  /** How it is computed, for `docs/measures.md`. */
  readonly definition: string;
  readonly source: string;
  /** Whether the partial correlation of the others holds it constant. */
  readonly covariate?: true;
  /** Null where the kernel has none; what is not finite counts as null. */
  readonly of: (kernel: KernelFacts) => number | null | undefined;
  /** Where it says something of its own of what is put in the kernel's place: that, of the hypothesis's fill. */
  readonly under?: (gradients: KernelGradients | undefined, hypothesis: Hypothesis) => number | null | undefined;
}

/** Activation deviation first: the cheapest, which the others have to beat. The column is called like the row, with `_` for `-`. */
export const kernelMeasures = {
  'activation-std': {
    unit: 'activation units',
    what: 'Standard deviation of the activation over reference images and positions.',
    definition: 'Standard deviation at the site over reference images and positions, in float64.',
    source: 'the cheapest there is; read every other measure beside it',
    covariate: true,
    of: ({ activation }) => activation?.std,
  },
  'activation-mean': {
    unit: 'activation units',
    what: 'Mean activation over reference images and positions; empty where one is not finite.',
    definition: 'Mean at the site over reference images and positions, in float64.',
    source: 'Molchanov et al., ICLR 2017, among their criteria',
    of: ({ activation }) => activation?.mean,
  },
  'weight-norm': {
    unit: 'weight units',
    what: 'L1 norm of the weights of the kernel; empty where a weight is not finite.',
    definition: 'Σ|w| over the weights of the kernel, without its bias.',
    source: 'Li et al., ICLR 2017',
    covariate: true,
    of: ({ weights }) => weights && absoluteSum(weights),
  },
  'response-norm': {
    unit: 'activation units',
    what: 'Root mean square, over impulses, of the L2 norm of its responses.',
    definition: '√(mean over impulses of ‖r‖²), r being the response of the channel over all positions.',
    source: 'design §2',
    of: ({ responses }) => responses && Math.sqrt(dot(responses.norm, responses.norm) / responses.norm.length),
  },
  linearity: {
    unit: '1',
    what: 'Mean share of the odd part in the energy of its responses.',
    definition: 'λ = ‖odd‖² / (‖odd‖² + ‖even‖²), energies summed over impulses first.',
    source: 'design §2',
    of: ({ responses }) =>
      responses &&
      pooledLinearity(responses.odd.map((oddNorm, i) => ({ oddNorm, evenNorm: responses.even[i] as number }))),
  },
  'r2-same-low': {
    unit: 'R²',
    what: 'How well the other kernels of the site predict its signature, on bases that they were not fitted to: the lower end.',
    definition: 'R² of ridge regression on the signatures of the other kernels of the site, out of sample.',
    source: 'design §2',
    of: ({ explained }) => explained.same?.low,
  },
  'r2-far-low': {
    unit: 'R²',
    what: 'How well the kernels of far sites predict its signature, on bases that they were not fitted to: the lower end.',
    definition: 'R² of ridge regression on the signatures of kernels of far sites, out of sample.',
    source: 'design §2',
    of: ({ explained }) => explained.far?.low,
  },
  linearised: {
    unit: 'nat',
    what: 'Damage that gradients predict of its removal, filled with zero, on the reference images: the preview of single kernels.',
    definition:
      'Mean over reference images of KL(p ‖ softmax(z + Δz)), Δz = J·(fill − x) at the site; in `predictors` with the fill of each hypothesis.',
    source: 'design §2; [preview](science.md#predicted-lesions-the-preview)',
    of: ({ gradients }) => gradients?.damage,
    under: (gradients, { fill, against }) => {
      const [own, other] = [fill, against].map((name) => gradients?.linearised.get(name ?? ''));
      if (against === undefined) return own;
      return own === undefined || other === undefined ? undefined : Math.log(own / other);
    },
  },
  'gradient-activation': {
    unit: 'nat/position',
    what: 'Mean size, over reference images, of the first-order change of the loss when the kernel is set to zero, by position.',
    definition:
      'Mean over reference images of |Σ g·x| / positions, x the site’s map, g the gradient of the loss −log p(label) by it.',
    source: 'Molchanov et al., ICLR 2017, their criterion',
    of: ({ gradients }) => gradients?.activation,
  },
  fisher: {
    unit: 'nat²',
    what: 'Half the mean square, over reference images, of the first-order change of the loss when the kernel is set to zero.',
    definition:
      '½ · mean over reference images of (Σ g·x)²: the diagonal of the empirical Fisher information of a factor on the kernel.',
    source: 'Theis et al., arXiv:1801.05787, 2018',
    of: ({ gradients }) => gradients?.fisher,
  },
  taylor: {
    unit: 'nat²',
    what: 'Square of the mean first-order change of the loss when the kernel is set to zero, over reference images.',
    definition: 'Mean over batches (chunks of up to 250 reference images) of (mean over the batch of Σ g·x)².',
    source: 'Molchanov et al., CVPR 2019, first order, by a factor on the kernel',
    of: ({ gradients }) => gradients?.taylor,
  },
} as const satisfies Readonly<Record<string, KernelMeasure>>;

export type KernelMeasureName = keyof typeof kernelMeasures;

type Snake<S extends string> = S extends `${infer Head}-${infer Tail}` ? `${Head}_${Snake<Tail>}` : S;

/** Columns of the table `kernels` that hold these measures. */
export type KernelMeasureColumn = Snake<KernelMeasureName>;

export const kernelMeasureNames = Object.keys(kernelMeasures) as readonly KernelMeasureName[];

/** The row of a measure, without what only its own literal says. */
export function kernelMeasure(name: KernelMeasureName): KernelMeasure {
  return kernelMeasures[name];
}

/** The column of the table `kernels` that a measure, or the predictor of its name, has. */
export function kernelMeasureColumn(name: KernelMeasureName): KernelMeasureColumn {
  return name.replaceAll('-', '_') as KernelMeasureColumn;
}
