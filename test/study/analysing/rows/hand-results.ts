import { ablationSpec, analysisSpec } from '../../../builders/specs.js';
import type { R2Bracket } from '../../../../core/analysis/ridge.js';
import { sha256 } from '../../../../core/digest.js';
import type { Anatomy, Site } from '../../../../core/anatomy/site.js';
import type { ConditionList, LabelledCondition } from '../../../../core/plan/conditions.js';
import type { ModelOutline } from '../../../../core/plan/outline.js';
import type { Target } from '../../../../core/plan/target.js';
import type { AblationSpec } from '../../../../core/spec/study-spec.js';
import type {
  AblationResult,
  ConditionResult,
  MeasuredCondition,
  ModelResults,
} from '../../../../core/study/reading/model-results.js';

/** Results made by hand: two layers of four and five kernels, on six images. Fractions of powers of two, so sums are exact. */
const IMAGES = 6;

export const labels = [0, 1, 2, 0, 1, 2];
/** Right but for the last. */
export const intactPredicted = [0, 1, 2, 0, 1, 0];
export const intactLoss = [0.5, 0.25, 0.125, 0.5, 1, 2];

const site = (name: string, own: Partial<Site> & Pick<Site, 'channels' | 'depth' | 'normalisedDepth'>): Site => ({
  name,
  aliases: [],
  value: `${name} value`,
  type: 'rectified',
  shape: [own.channels, 4, 4],
  stride: [1, 1],
  offset: [0, 0],
  receptiveField: [3, 3],
  wholeImage: false,
  ...own,
});

export const anatomy: Anatomy = {
  sites: [
    site('first', { channels: 4, depth: 0, normalisedDepth: 0.25 }),
    site('second', {
      channels: 5,
      depth: 1,
      normalisedDepth: 1,
      type: 'signed',
      stride: [2, 4],
      receptiveField: [7, 9],
      wholeImage: true,
    }),
  ],
  layers: [
    { name: 'conv1', site: 'first', node: 'n1', kernels: 4, parameters: 112, macs: 4096, coupled: [] },
    { name: 'conv2', site: 'second', node: 'n2', kernels: 5, parameters: 185, macs: 2880, coupled: [] },
  ],
  blocks: [],
  streams: [],
  gates: [],
  outputs: 10,
};

const siteOf = (layer: string): string => anatomy.layers.find(({ name }) => name === layer)?.site ?? layer;
const kernelsOf = (layer: string): number => anatomy.layers.find(({ name }) => name === layer)?.kernels ?? 0;

/** `conv1[2]`, or `conv1` for the whole layer. */
export function target(text: string): Target {
  const [, group, channel] = /^(\w+)(?:\[(\d+)\])?$/.exec(text) as unknown as [string, string, string?];
  const channels = channel === undefined ? Array.from({ length: kernelsOf(group) }, (_, i) => i) : [Number(channel)];
  return {
    group,
    channel: channel === undefined ? undefined : Number(channel),
    cuts: [{ site: siteOf(group), channels }],
  };
}

/** A condition that removes `conv1[0] conv2[3]`, out of nine targets. */
export function labelled(removed: string, own: Partial<LabelledCondition> = {}): LabelledCondition {
  const targets = removed.split(' ').map(target);
  return {
    condition: { edits: [] },
    fill: 'zero',
    draw: undefined,
    fraction: undefined,
    trial: undefined,
    spread: undefined,
    match: undefined,
    targets,
    of: 9,
    ...own,
  };
}

/** A condition's result: `kl` image by image, losses that grow by as much, and the intact network's predictions. */
export function measured(
  kl: readonly number[],
  own: Partial<{ predicted: readonly number[]; loss: readonly number[]; images: readonly number[] }> &
    Partial<Pick<ConditionResult, 'state' | 'effect'>> = {},
): ConditionResult {
  const { predicted, loss, images, ...rest } = own;
  const places = images ?? kl.map((_, i) => i);
  return {
    predicted: Uint16Array.from(predicted ?? places.map((place) => intactPredicted[place] as number)),
    loss: Float32Array.from(loss ?? places.map((place, i) => (intactLoss[place] as number) + (kl[i] as number))),
    kl: Float32Array.from(kl),
    effect: 1,
    state: 'ok',
    ...rest,
    ...(images ? { images: Uint32Array.from(images) } : {}),
  };
}

/** The same KL on every image. */
export const flat = (kl: number): ConditionResult => measured(Array.from({ length: IMAGES }, () => kl));

/** An ablation whose conditions are a list. */
type HandAblation = AblationResult & { readonly conditions: readonly MeasuredCondition[] };

export function ablation(
  own: Omit<Partial<AblationResult>, 'conditions'>,
  conditions: readonly (readonly [LabelledCondition, ConditionResult | undefined])[],
): HandAblation {
  return {
    name: 'one',
    mode: 'each',
    unit: 'kernel',
    ...own,
    conditions: conditions.map(([one, result]) => ({ labelled: one, result })),
  };
}

export const outline: ModelOutline = {
  model: {
    name: 'net',
    data: 'test',
    reference: 'test',
    input: { divide: 255, mean: [0], std: [1], order: 'rgb' },
    output: { kind: 'logits', name: undefined, classOffset: 0 },
    after: 'activation',
    expect: { accuracy: 0.75, within: 0.02 },
    content: sha256('net'),
    format: 'onnx',
    files: [],
  },
  scope: { model: sha256('net'), mode: { engine: 'reference', precision: 'float32', device: 'cpu' } },
  substitutions: [],
  optima: [],
  gradients: undefined,
  anatomy,
  image: [3, 8, 8],
  chunks: [{ digest: sha256('chunk'), images: IMAGES }],
  waves: [],
  pieces: [],
  trial: undefined,
  referenceChunks: [],
  reference: sha256('reference'),
  ablations: [],
  impulses: [],
};

/** A network of which only weights are known: one a kernel, by layer. */
export function graphOf(weights: Readonly<Record<string, readonly number[]>>): ModelResults['graph'] {
  const known = anatomy.layers.filter(({ name }) => name in weights);
  return {
    inputs: [],
    outputs: [],
    nodes: known.map(({ node, name }) => ({ id: node, inputs: ['', `${name} weights`] })),
    constants: new Map(known.map(({ name }) => [`${name} weights`, { data: Float32Array.from(weights[name] ?? []) }])),
  } as unknown as ModelResults['graph'];
}

export function results(own: Partial<ModelResults> = {}): ModelResults {
  return {
    outline,
    graph: graphOf({ conv1: [1, 2, 3, 4], conv2: [5, -6, 7, Number.NaN, 9] }),
    labels: Uint16Array.from(labels),
    baseline: measured([0, 0, 0, 0, 0, 0], { effect: 0 }),
    ablations: [],
    responses: [],
    gradients: undefined,
    profile: undefined,
    parameters: 311,
    macs: 6993,
    cost: new Map(),
    ...own,
  };
}

/** An ablation as it was planned, with the conditions that it lists. */
export function planned(
  spec: Partial<AblationSpec>,
  conditions: readonly LabelledCondition[] | undefined,
): ModelOutline['ablations'][number] {
  const list: ConditionList | undefined = conditions && {
    length: conditions.length,
    at: (index) => conditions[index] as LabelledCondition,
  };
  return {
    spec: ablationSpec({ name: 'one', models: ['net'], ...spec }),
    list,
    scoring: undefined,
    reach: undefined,
    predicted: false,
  };
}

export const analysis = analysisSpec({ far: 0.3, rarefy: { kernels: 3, sites: 2 } });
/** A bracket of R², 0.0625 wide, or none. */
export const bracket = (low: number | null): R2Bracket | null => (low === null ? null : { low, high: low + 0.0625 });

/** Columns of a study that asks what others make up for of nothing. */
export const notReplaced = {
  replaceability_same: null,
  replaceability_same_low: null,
  replaceability_same_high: null,
  replaceability_earlier: null,
  replaceability_earlier_low: null,
  replaceability_earlier_high: null,
  replaceability_constant: null,
  replaceability_constant_low: null,
  replaceability_constant_high: null,
};
