import { randomStream, type RandomStream } from '../../core/random.js';
import { columnsOf, type TableName } from '../../core/tables/columns.js';
import type {
  AblationRow,
  CompensationRow,
  ContrastRow,
  BetweenRow,
  CurveRow,
  KernelRow,
  LayerRow,
  LearningRow,
  ModelRow,
  InteractionRow,
  PairRow,
  PredictorRow,
  PreviewRow,
  QuadrupleRow,
  SimilarityRow,
  StopRow,
  ExcessRow,
  NullRow,
  Tables,
} from '../../core/tables/schema.js';
import { poolNames } from '../../core/tables/learning-columns.js';
import { siteName, type Network } from './synthetic-study.js';

/** Tables that look like those of a real study: damage falls with depth, one predictor follows it, blocks are redundant. */
export function tablesOf(own: readonly Network[]): Tables {
  const each = own.map((network) => kernelTables(network, randomStream(7, 'fixture', own.indexOf(network))));
  return {
    models: own.map(modelRow),
    architectures: [],
    architecture_differences: [],
    layers: each.flatMap((tables) => tables.layers),
    kernels: each.flatMap((tables) => tables.kernels),
    ablations: each.flatMap((tables) => tables.ablations),
    stops: own.flatMap(stopRows),
    curves: own.flatMap(curveRows),
    pairs: own.flatMap(pairRows),
    interactions: own.flatMap(interactionRows),
    screens: [],
    quadruples: own.flatMap(quadrupleRows),
    contrasts: own.flatMap(contrastRows),
    compensation: own.flatMap(compensationRows),
    responses: [],
    nulls: own.flatMap(nullRows),
    excess: own.flatMap(excessRows),
    similarity: own.flatMap(similarityRows),
    between: own.slice(0, 2).flatMap((a) => own.slice(0, 2).flatMap((b) => (a === b ? [] : betweenRows(a, b)))),
    learning: own.flatMap(learningRows),
    resolutions: [],
    predictors: own.flatMap(predictorRows),
    preview: own.flatMap(previewRows),
    preview_checks: own.map(({ name }) => ({
      model: name,
      predicted: 30,
      lesions: 24,
      images: 250,
      spearman: 0.97,
      spearman_low: 0.93,
      spearman_high: 0.99,
      ratio: 1.1,
    })),
    coverage: own.flatMap((network, i) => {
      const kernels = network.layers * network.kernels;
      const row = (ablation: string, kind: string, planned: number, committed = planned, failed = 0) => ({
        model: network.name,
        ablation,
        kind,
        planned,
        committed,
        failed,
        no_op: i === 3 ? 2 : 0,
        images: 500,
      });
      return [
        row('baseline', 'baseline', 2),
        row('each-kernel', 'ablation', 4 * kernels, i === 3 ? 4 * kernels - 6 : 4 * kernels, i === 3 ? 2 : 0),
        row('across-depth', 'ablation', 320),
        row('plain', 'impulse', 12),
      ];
    }),
  };
}

/** Alike early, and less so the deeper. */
function betweenRows(a: Network, b: Network): BetweenRow[] {
  const of = (i: number, network: Network): number => i / (network.layers - 1);
  return Array.from({ length: a.layers }, (_, i) =>
    Array.from({ length: b.layers }, (_unused, j): BetweenRow => {
      const [depth, other] = [of(i, a), of(j, b)];
      const r2 = 0.8 - 0.5 * depth - 0.4 * Math.abs(depth - other);
      const nearest = j === Math.round(depth * (b.layers - 1));
      return {
        model_a: a.name,
        model_b: b.name,
        site_a: siteName(a, i),
        site_b: siteName(b, j),
        depth_a: depth,
        depth_b: other,
        nearest,
        kernels: 16,
        r2_low: r2,
        r2_high: r2 + 0.05,
        r2_resolved: true,
        r2_null: nearest ? 0.2 : null,
        r2_excess: nearest ? r2 - 0.2 : null,
        rarefied_kernels: 8,
        rarefied: r2 / 2,
        rarefied_null: 0.1,
        rarefied_null_sd: 0.02,
        rarefied_excess: r2 / 2 - 0.1,
        rarefied_p: r2 > 0.4 ? 0.05 : 0.4,
        rarefied_p_adjusted: r2 > 0.4 ? 0.05 : 1,
        rarefied_discovered: r2 > 0.4,
        examples: 128,
        cka: 0.9 - 0.2 * depth,
      };
    }),
  ).flat();
}

/** Three of each layer's kernels that matter most, and of the rest one whose cell failed. */
function stopRows(network: Network): StopRow[] {
  return Array.from({ length: 2 * network.kernels }, (_, index): StopRow => {
    const place = index < 3 ? 'top' : index === 5 ? 'undecided' : 'rest';
    const kl = place === 'undecided' ? null : 0.3 / (1 + index);
    return {
      model: network.name,
      ablation: 'top-kernels',
      unit: 'kernel',
      index,
      layers: siteName(network, 0),
      channels: `${siteName(network, 0)}[${index}]`,
      fill: 'zero',
      draw: null,
      rule: 'top',
      place,
      images: place === 'top' ? 500 : 75,
      of: 500,
      kl,
      kl_low: kl === null ? null : 0.8 * kl,
      kl_high: kl === null ? null : 1.3 * kl,
      kl_predicted: null,
      clip: 1,
      clipped: place === 'top' ? 12 : 0,
    };
  });
}

function modelRow(network: Network, i: number): ModelRow {
  const width = 1.96 * Math.sqrt((network.accuracy * (1 - network.accuracy)) / 500);
  return {
    model: network.name,
    architecture: network.name,
    format: 'onnx',
    parameters: [269_722, 853_018, 268_346, 61_326][i] ?? 1,
    macs: [40_813_184, 125_747_840, 40_551_040, 5_120_000][i] ?? 1,
    layers: network.layers,
    kernels: network.layers * network.kernels,
    images: 500,
    accuracy: network.accuracy,
    accuracy_low: network.accuracy - width,
    accuracy_high: network.accuracy + width,
    accuracy_expected: i === 2 ? null : network.accuracy + (i === 3 ? 0.01 : 0),
    robustness_area: 0.35 + network.half,
    robustness_low: 0.33 + network.half,
    robustness_high: 0.37 + network.half,
    kl_direct: 0.4,
    kl_repaired: 0.1 * network.sr,
    kl_repaired_low: 0.1 * network.sr - 0.01,
    kl_repaired_high: 0.1 * network.sr + 0.01,
    sr: network.sr,
    sr_low: network.sr - 0.03,
    sr_high: network.sr + 0.03,
    sr_plugin: network.sr + 0.02,
    sr_resolved: true,
    sr_null: 0.24,
    sr_null_low: 0.22,
    sr_null_high: 0.26,
    sr_excess: network.sr - 0.24,
    sr_excess_low: network.sr - 0.28,
    sr_excess_high: network.sr - 0.2,
    sr_p: 0.05,
    r2_same_low: 0.82 - 0.05 * i,
    r2_same_high: 0.87 - 0.05 * i,
    r2_same_resolved: true,
    r2_same_null: 0.6,
    r2_far_low: 0.55 - 0.05 * i,
    r2_far_high: 0.6 - 0.05 * i,
    r2_far_resolved: true,
    r2_far_null: 0.41,
    reliability_kl: 0.91,
    dead_kernels: i,
    silent_kernels: 2 * i,
    ...replaceability(0.6 - 0.05 * i, 0.4),
  };
}

/** What others make up for: from the same site, and from earlier ones, if there are any. */
function replaceability(same: number, earlier: number | null) {
  return {
    replaceability_same: same,
    replaceability_same_low: same - 0.08,
    replaceability_same_high: Math.min(1, same + 0.06),
    replaceability_earlier: earlier,
    replaceability_earlier_low: earlier === null ? null : earlier - 0.1,
    replaceability_earlier_high: earlier === null ? null : earlier + 0.1,
    replaceability_constant: null,
    replaceability_constant_low: null,
    replaceability_constant_high: null,
  };
}

/** A row without a number, so that a new measure needs no line here. */
const empty = <Row>(table: TableName): Row => Object.fromEntries(columnsOf(table).map(([name]) => [name, null])) as Row;

function kernelTables(
  network: Network,
  random: RandomStream,
): { layers: LayerRow[]; kernels: KernelRow[]; ablations: AblationRow[] } {
  const layers: LayerRow[] = [];
  const kernels: KernelRow[] = [];
  const ablations: AblationRow[] = [];
  for (let l = 0; l < network.layers; l++) {
    const site = siteName(network, l);
    const depth = network.layers === 1 ? 0 : l / (network.layers - 1);
    const level = 0.35 * Math.exp(-4 * depth + 1.6 * depth ** 3 + 0.5 * random.normal()) * (0.11 / network.half);
    const own: number[] = [];
    for (let channel = 0; channel < network.kernels; channel++) {
      const latent = random.normal();
      const kl =
        level * Math.exp(0.9 * (network.rho * latent + Math.sqrt(1 - network.rho ** 2) * random.normal())) * 0.2;
      own.push(kl);
      kernels.push({
        ...empty<KernelRow>('kernels'),
        model: network.name,
        layer: site,
        site,
        channel,
        type: l % 2 === 0 ? 'rectified' : 'signed',
        normalised_depth: depth,
        weight_norm: 3 + random.uniform(),
        activation_mean: 0.4,
        activation_std: Math.exp(0.5 * latent),
        images: 500,
        kl,
        kl_low: 0.8 * kl,
        kl_high: 1.25 * kl,
        delta_loss: kl / 3,
        flips: Math.min(1, kl),
        non_finite: 0,
        state: 'ok',
        silent: false,
        linearity: 0.9 - 0.4 * depth,
        response_norm: 1,
        r2_same_low: 0.8,
        r2_same_high: 0.85,
        r2_same_resolved: true,
        r2_far_low: 0.5,
        r2_far_high: 0.7,
        r2_far_resolved: false,
        r2_same_null: 0.6,
        r2_far_null: 0.4,
      });
      for (const fill of ['zero', 'mean']) {
        const damage = fill === 'zero' ? kl : kl * Math.exp(-0.6 + 0.5 * random.normal());
        ablations.push(ablation(network, ablations.length, `${site}[${channel}]`, site, fill, damage));
      }
    }
    const mean = own.reduce((sum, kl) => sum + kl, 0) / own.length;
    const error =
      (1.96 * Math.sqrt(own.reduce((sum, kl) => sum + (kl - mean) ** 2, 0) / (own.length - 1))) / Math.sqrt(own.length);
    const left = Math.max(0.1, network.accuracy - 0.7 * Math.exp(-3 * depth) * random.uniform() - 0.1);
    const whole = ablation(network, ablations.length, `${site}[all]`, site, 'zero', 3 * mean);
    ablations.push({
      ...whole,
      ablation: 'each-layer',
      unit: 'layer',
      accuracy: left,
      accuracy_low: Math.max(0, left - 0.04),
      accuracy_high: Math.min(1, left + 0.04),
    });
    layers.push({
      model: network.name,
      layer: site,
      site,
      depth: l,
      normalised_depth: depth,
      type: l % 2 === 0 ? 'rectified' : 'signed',
      kernels: network.kernels,
      parameters: 2320,
      macs: 2_359_296,
      stride: 2 ** Math.floor(2.99 * depth),
      receptive_field: 3 + 4 * l,
      whole_image: false,
      kernel_kl: mean,
      kernel_kl_low: Math.max(0, mean - error),
      kernel_kl_high: mean + error,
      layer_kl: 3 * mean,
      layer_accuracy: left,
      dead_kernels: 0,
      linearity: 0.9 - 0.4 * depth,
      r2_same_low: 0.8,
      r2_same_high: 0.85,
      r2_same_resolved: true,
      r2_far_low: 0.5,
      r2_far_high: 0.7,
      r2_far_resolved: false,
      ...replaceability(0.8 - 0.5 * depth, l === 0 ? null : 0.5 * depth - 0.1),
    });
  }
  return { layers, kernels, ablations };
}

function ablation(
  network: Network,
  index: number,
  channels: string,
  layers: string,
  fill: string,
  kl: number,
): AblationRow {
  const accuracy = Math.max(0.1, network.accuracy - kl / 3);
  return {
    model: network.name,
    ablation: 'each-kernel',
    mode: 'each',
    unit: 'kernel',
    index,
    layers,
    channels,
    removed: 1,
    removed_fraction: 1 / (network.layers * network.kernels),
    fill,
    draw: null,
    fraction: null,
    trial: null,
    spread: null,
    match: null,
    frozen: null,
    images: 500,
    correct: Math.round(500 * accuracy),
    accuracy,
    accuracy_low: accuracy - 0.03,
    accuracy_high: accuracy + 0.03,
    kl,
    kl_low: 0.8 * kl,
    kl_high: 1.25 * kl,
    delta_loss: kl / 3,
    abs_delta_loss: kl / 2,
    flips: Math.min(1, kl),
    non_finite: 0,
    effect: 1,
    state: 'ok',
  };
}

function curveRows(network: Network): CurveRow[] {
  return ['one-layer', 'all-depths'].flatMap((spread) =>
    [0.02, 0.05, 0.1, 0.2].map((fraction) => {
      const strength = (fraction / network.half) ** 1.6 * (spread === 'one-layer' ? 0.35 : 1);
      const accuracy = 0.1 + (network.accuracy - 0.1) / (1 + strength);
      const kl = 1.6 * strength ** 1.2;
      const width = 0.02 + 0.05 * Math.min(1, strength);
      return {
        model: network.name,
        ablation: 'across-depth',
        mode: 'random',
        unit: 'kernel',
        spread,
        fill: 'zero',
        fraction,
        conditions: 20,
        missing: 0,
        accuracy,
        accuracy_low: Math.max(0, accuracy - width),
        accuracy_high: Math.min(1, accuracy + width),
        kl,
        kl_low: 0.7 * kl,
        kl_high: 1.35 * kl,
        non_finite: 0,
      };
    }),
  );
}

/** Pairs back each other up within a layer, less so the farther apart they lie. */
function pairRows(network: Network): PairRow[] {
  const random = randomStream(7, 'pairs', network.name);
  return Array.from({ length: 40 }, (_, index) => {
    const a = random.below(network.layers);
    const b = index % 2 === 0 ? a : random.below(network.layers);
    const [first, second] = [Math.min(a, b), Math.max(a, b)];
    const distance = (second - first) / Math.max(1, network.layers - 1);
    const [one, other] = [0.02 * random.uniform(), 0.02 * random.uniform()];
    const interaction = 0.02 * Math.exp(-3 * distance) * (random.normal() + 0.7);
    return {
      model: network.name,
      ablation: 'two-at-a-time',
      unit: 'kernel',
      index: 100 + index,
      fill: 'zero',
      draw: null,
      layer_a: siteName(network, first),
      channel_a: random.below(network.kernels),
      layer_b: siteName(network, second),
      channel_b: random.below(network.kernels),
      relation: first === second ? 'layer' : 'across',
      depth_a: first / Math.max(1, network.layers - 1),
      depth_b: second / Math.max(1, network.layers - 1),
      distance,
      screened: null,
      weight: 1,
      kl_a: one,
      kl_b: other,
      kl_joint: Math.max(0, one + other + interaction),
      kl_additive: Math.max(0, one + other + interaction) - 0.8 * interaction,
      excess: 0.8 * interaction,
      excess_low: 0.8 * interaction - 0.006,
      excess_high: 0.8 * interaction + 0.006,
      kl_interaction: interaction,
      kl_interaction_low: interaction - 0.006,
      kl_interaction_high: interaction + 0.006,
      delta_loss_a: one / 3,
      delta_loss_b: other / 3,
      delta_loss_joint: (one + other + interaction) / 3,
      delta_loss_interaction: interaction / 3,
      delta_loss_interaction_low: interaction / 3 - 0.004,
      delta_loss_interaction_high: interaction / 3 + 0.004,
      images: 500,
      non_finite: 0,
      state: 'ok',
    };
  });
}

function interactionRows(network: Network): InteractionRow[] {
  const level = 0.02 * network.sr;
  const row = (
    part: string,
    distance: number,
    interaction: number,
    ends: readonly [number, number] | null,
  ): InteractionRow => ({
    model: network.name,
    ablation: 'two-at-a-time',
    unit: 'kernel',
    fill: 'zero',
    measure: 'excess',
    part,
    distance_low: ends?.[0] ?? null,
    distance_high: ends?.[1] ?? null,
    distance,
    pairs: 200,
    left_out: 0,
    units: 150,
    singles: 0.02,
    interaction,
    low: interaction - 0.002,
    high: interaction + 0.002,
  });
  return [
    row('layer', 0, level, null),
    row('across', 0.4, level / 3, null),
    ...[0, 0.2, 0.4, 0.6, 0.8].map((from) =>
      row('distance', from + 0.09, level * Math.exp(-3 * (from + 0.1)), [from, from + 0.2]),
    ),
  ];
}

/** Back-up across the depth, as far as the network is predictable at all. */
function quadrupleRows(network: Network): QuadrupleRow[] {
  const random = randomStream(7, 'quadruples', network.name);
  return Array.from({ length: 20 }, (_, index) => {
    const first = random.below(network.layers - 1);
    const second = first + 1 + random.below(network.layers - 1 - first);
    const depthOf = (layer: number): number => layer / Math.max(1, network.layers - 1);
    const excess = () => 0.002 * random.normal();
    const [within, beside, ab, ba] = [excess(), excess(), excess(), excess()];
    const contrast = (ab + ba - within - beside) / 2;
    return {
      model: network.name,
      ablation: 'within-or-across',
      index,
      fill: 'zero',
      layer_first: siteName(network, first),
      first_a: 0,
      first_b: 1,
      layer_second: siteName(network, second),
      second_a: 2,
      second_b: 3,
      depth_first: depthOf(first),
      depth_second: depthOf(second),
      distance: depthOf(second) - depthOf(first),
      excess_first: within,
      excess_second: beside,
      excess_ab: ab,
      excess_ba: ba,
      contrast,
      contrast_low: contrast - 0.002,
      contrast_high: contrast + 0.002,
      images: 500,
      non_finite: 0,
      state: 'ok',
    };
  });
}

function contrastRows(network: Network): ContrastRow[] {
  const level = (network.rho - 0.6) / 20;
  const row = (
    part: string,
    distance: number,
    contrast: number,
    ends: readonly [number, number] | null,
  ): ContrastRow => ({
    model: network.name,
    ablation: 'within-or-across',
    fill: 'zero',
    part,
    distance_low: ends?.[0] ?? null,
    distance_high: ends?.[1] ?? null,
    distance,
    quadruples: ends ? 40 : 200,
    left_out: 0,
    layers: network.layers,
    contrast,
    low: contrast - (ends ? 0.006 : 0.003),
    high: contrast + (ends ? 0.006 : 0.003),
    freedom: network.layers - 1.5,
  });
  return [
    row('all', 0.5, level, null),
    ...[0, 0.2, 0.4, 0.6, 0.8].map((from) => row('distance', from + 0.11, level * (1.4 - from), [from, from + 0.2])),
  ];
}

/** Nineteen shuffles whose SR spreads about the 0.24 of the table `models`. */
function excessRows(network: Network): ExcessRow[] {
  const values = { sr: [network.sr, 0.24], r2_same: [0.82, 0.6], r2_far: [0.55, 0.3] } as const;
  return (['sr', 'r2_same', 'r2_far'] as const).map((measure) => {
    const [value, mean] = values[measure];
    return {
      model: network.name,
      measure,
      kind: 'shuffled',
      nulls: 19,
      value,
      null_mean: mean,
      null_sd: 0.02,
      excess: value - mean,
      excess_low: measure === 'sr' ? value - mean - 0.04 : null,
      excess_high: measure === 'sr' ? value - mean + 0.04 : null,
      p: 0.05,
    };
  });
}

function nullRows(network: Network): NullRow[] {
  const random = randomStream(7, 'nulls', network.name);
  return Array.from({ length: 19 }, (_, index) => ({
    ...empty<NullRow>('nulls'),
    model: network.name,
    kind: 'shuffled',
    network: `shuffled ${index}`,
    sr: 0.24 + 0.02 * random.normal(),
    r2_same: 0.6,
    r2_far: 0.3,
  }));
}

/** Later branches repair more of the early ones. */
function compensationRows(network: Network): CompensationRow[] {
  return Array.from({ length: 5 }, (_, b): CompensationRow => {
    const [total, repaired] = [0.4 / (1 + b), 0.05 * (4 - b) * network.sr];
    return {
      model: network.name,
      ablation: 'repair',
      fill: 'zero',
      block: `block${b}`,
      depth: (b + 1) / 5,
      behind: 4 - b,
      kl_total: total,
      kl_direct: total + repaired,
      kl_repaired: repaired,
      kl_repaired_low: repaired - 0.01,
      kl_repaired_high: repaired + 0.01,
      logit_total: -total,
      logit_direct: -total - repaired,
      logit_repaired: repaired,
      logit_repaired_low: repaired - 0.01,
      logit_repaired_high: repaired + 0.01,
      images: 500,
      non_finite: 0,
      state: 'ok',
    };
  });
}

function similarityRows(network: Network): SimilarityRow[] {
  const random = randomStream(7, 'similarity', network.name);
  const sites = Array.from({ length: network.layers }, (_, l) => l);
  return sites.flatMap((a) =>
    sites.map((b) => {
      const apart = Math.abs(a - b) / network.layers;
      const base = 0.35 + 0.5 * Math.exp(-6 * apart);
      const block = Math.floor((2.99 * a) / network.layers) === Math.floor((2.99 * b) / network.layers) ? 0.12 : 0;
      const r2 = Math.min(1, base + block * network.sr * 2 + 0.03 * random.normal());
      const none = Math.min(1, base - 0.08 + 0.15 * apart + 0.03 * random.normal());
      return {
        ...empty<SimilarityRow>('similarity'),
        model: network.name,
        site_a: siteName(network, a),
        site_b: siteName(network, b),
        depth_a: a,
        depth_b: b,
        type_a: 'rectified',
        type_b: 'rectified',
        kernels: network.kernels,
        r2,
        r2_null: none,
        r2_null_sd: 0.02,
        excess: r2 - none,
        r2_discovered: r2 - none > 0.1,
      };
    }),
  );
}

/** Ends of R² that meet as base images are added. */
function learningRows(network: Network): LearningRow[] {
  return [4, 8, 16, 32, 64].flatMap((bases) =>
    poolNames.flatMap((pool) =>
      Array.from({ length: network.layers }, (_, layer): LearningRow => {
        const value = (pool === 'same' ? 0.7 : 0.4) - 0.02 * layer;
        return {
          model: network.name,
          site: `layer${layer}`,
          pool,
          pool_size: network.kernels - 1,
          bases,
          kernels: network.kernels,
          r2_low: value - 1 / bases,
          r2_high: value + 1 / bases,
          r2_resolved: bases > 16,
        };
      }),
    ),
  );
}

function predictorRows(network: Network): PredictorRow[] {
  return [
    ['activation-std', network.rho],
    ['weight-norm', 0.22],
    ['response-norm', 0.35],
    ['r2-same-low', -0.31],
    ['r2-far-low', -0.18],
  ].flatMap(([predictor, rho]) =>
    ['kl', 'log(substitute/mean)'].map((target) => {
      const spearman =
        Number(rho) * (target === 'kl' ? 1 : 0.4) +
        0.05 * randomStream(7, network.name, String(predictor).replaceAll('-', '_')).normal();
      return {
        model: network.name,
        predictor: String(predictor),
        target,
        fill: target === 'kl' ? 'zero' : 'substitute',
        sites: network.layers,
        kernels: network.layers * network.kernels,
        spearman,
        low: spearman - 0.09,
        high: Math.min(1, spearman + 0.08),
        p: 0.0004,
        p_adjusted: 0.002,
        discovered: true,
        between_sites: 0.2,
        lead: predictor === 'activation-std' ? 0.3 : -0.4,
        lead_low: predictor === 'activation-std' ? 0.1 : -0.7,
        lead_high: predictor === 'activation-std' ? 0.5 : -0.1,
        partial: spearman / 2,
        reliability: 0.91,
        ceiling: 0.95,
      };
    }),
  );
}

function previewRows(network: Network): PreviewRow[] {
  const { name } = network;
  return Array.from({ length: 30 }, (_, index) => ({
    model: name,
    ablation: 'each-kernel',
    mode: 'each',
    unit: 'kernel',
    index,
    layers: siteName(network, index % 3),
    channels: `${siteName(network, index % 3)}[${index}]`,
    removed: 1,
    removed_fraction: 1 / 30,
    fill: 'zero',
    draw: null,
    fraction: null,
    trial: null,
    spread: null,
    match: null,
    images: 500,
    predicted_kl: 0.3 / (1 + index),
    predicted_kl_low: 0.2 / (1 + index),
    predicted_kl_high: 0.45 / (1 + index),
  }));
}
