import { kernelMeasureColumn, kernelMeasureNames } from '../../core/analysis/kernel-measures.js';
import { similarityNames } from '../../core/analysis/similarity.js';
import type { Engine } from '../../core/engine/engine.js';
import { openEngine } from '../../core/engine/open.js';
import { fills } from '../../core/spec/words/fills.js';
import type { KernelRow, SimilarityRow, Tables } from '../../core/tables/schema.js';
import { wordsOf } from '../../core/word-table.js';
import { kindNames, type KindName, type Unit } from './kinds.js';
import { plantKind, type PlantedNetwork, type Soil } from './networks.js';
import { imagesOf, labelsOf, plots, sourcesOf, trained, trainedNetwork } from './soil.js';
import { relativeScores } from './relatives.js';
import { repairScores } from './repairs.js';
import { allPairMeasures, Lesions, scoreOf, type Quad, type Score } from './scores.js';
import { systemicScores, type Dose } from './systemic.js';
import { impulsesOn, networkName, runNetworks, seed, siteIs, type StudySize } from './study.js';

/** How much is run. */
export interface Size extends StudySize {
  /** How often each kind is planted. */
  readonly instances: number;
  readonly kinds: readonly KindName[];
  /** Kernels that are carried over the depth, for systemic redundancy. */
  readonly doses: readonly Dose[];
}

export const sizes = {
  whole: {
    images: 500,
    bases: 64,
    instances: 6,
    kinds: kindNames,
    doses: [1, 10].flatMap((times) => [2, 4, 8, 16].map((kernels) => ({ kernels, times }))),
  },
  small: {
    images: 50,
    bases: 8,
    instances: 4,
    kinds: ['idle copy', 'dead', 'gated back-up'],
    doses: [{ kernels: 4, times: 10 }],
  },
} as const satisfies Readonly<Record<string, Size>>;

/** What each measure gives each kind: median, and how often a planted one has more than what it is compared with. */
export interface SuiteResult {
  readonly kernels: ReadonlyMap<KindName, ReadonlyMap<string, Score>>;
  readonly pairs: ReadonlyMap<KindName, ReadonlyMap<string, Score>>;
  /** Of kinds that lie in another layer than what they copy: the measure from there, and with random kernels in their place. */
  readonly sites: ReadonlyMap<
    KindName,
    ReadonlyMap<string, { readonly value: number | null; readonly noise: number | null }>
  >;
}

/** What measures of networks and of blocks give. */
export interface NetworksResult {
  /** Systemic redundancy, a number of a network. */
  readonly systemic: Awaited<ReturnType<typeof systemicScores>>;
  /** Measures between networks, of the trained one and another. */
  readonly relatives: Awaited<ReturnType<typeof relativeScores>>;
  /** Compensation, of blocks with others behind them. */
  readonly repairs: Awaited<ReturnType<typeof repairScores>>;
}

const fillNames = wordsOf(fills);
const klOf = (fill: string): string => `KL, ${fill}`;
const previewOf = (fill: string): string => `preview, ${fill}`;

/** What others make up for, by its column. */
export const replaceabilities = {
  'replaceability, same': 'replaceability_same',
  'replaceability, earlier': 'replaceability_earlier',
  'replaceability, constant': 'replaceability_constant',
} as const satisfies Readonly<Record<string, keyof KernelRow>>;
const replaceabilityColumn: ReadonlyMap<string, (typeof replaceabilities)[keyof typeof replaceabilities]> = new Map(
  Object.entries(replaceabilities),
);

/** Measures of single kernels, from the tables that hold them: cheap ones, the damage by every fill, what the preview says of it, and replaceability. */
export const kernelScores: readonly string[] = [
  ...kernelMeasureNames,
  ...fillNames.map(klOf),
  ...fillNames.map(previewOf),
  ...replaceabilityColumn.keys(),
];
export { similarityNames };

type Found = Pick<Tables, 'kernels' | 'ablations' | 'preview' | 'similarity'>;

/** The study of all planted networks: everything that percuss measures of single kernels and of pairs of sites. */
function runPlanted(networks: readonly PlantedNetwork[], size: Size): Promise<Found> {
  const layers = [plots.first, plots.second, plots.third].map((at) => networks[0]!.chain.layers[at]!.node.id);
  const asked = {
    ablations: { kernels: { unit: 'kernel', mode: 'each', layers, fill: fillNames } },
    impulses: impulsesOn(size.bases),
    // Near enough that a kernel of the next layer counts as far.
    analysis: { far: 0.15 },
  };
  const graphs = new Map(networks.map(({ kind, chain }) => [networkName(kind), chain.build()]));
  return runNetworks(graphs, size, asked, ['kernels', 'ablations', 'preview', 'similarity']);
}

/** The value of a measure for one kernel of a planted network. */
function kernelValue(found: Found, network: PlantedNetwork, measure: string, [layer, channel]: Unit): number | null {
  const model = networkName(network.kind);
  const name = network.chain.layers[layer]!.node.id;
  const cheap = kernelMeasureNames.find((one) => one === measure);
  const column = cheap ? kernelMeasureColumn(cheap) : replaceabilityColumn.get(measure);
  if (column) {
    const row = found.kernels.find((one) => one.model === model && one.layer === name && one.channel === channel);
    return row?.[column] ?? null;
  }
  const own = (row: { readonly model: string; readonly channels: string }): boolean =>
    row.model === model && row.channels === `${name}[${channel}]`;
  const measured = found.ablations.filter((row) => own(row) && klOf(row.fill) === measure).map(({ kl }) => kl);
  const predicted = found.preview.filter((row) => own(row) && previewOf(row.fill) === measure);
  const values = [...measured, ...predicted.map(({ predicted_kl: kl }) => kl)].filter((kl) => kl !== null);
  return values.length === 0 ? null : values.reduce((sum, kl) => sum + kl, 0) / values.length;
}

/** Each measure of pairs, of the planted pairs of a network against pairs of its own kernels in the same two layers. */
async function pairScores(lesions: Lesions, network: PlantedNetwork): Promise<Map<string, Score>> {
  const pairs = network.instances.flatMap(({ pair }) => (pair ? [pair] : []));
  const [a, b] = pairs[0]!.map(([layer]) => layer) as [number, number];
  const far = a === b ? plots.second : b;
  const copied = new Set(network.instances.flatMap(({ units }) => units.map(String)));
  const own = (layer: number): Unit[] =>
    Array.from({ length: network.chain.layers[layer]!.kernels }, (_, k): Unit => [layer, k]).filter(
      (unit) => !copied.has(String(unit)),
    );
  const [near, others] = [own(a), own(far)];
  const at = (list: readonly Unit[], i: number): Unit => list[i % list.length]!;
  const quads = pairs.map((pair, i): Quad => ({
    pair,
    beside: a === b ? [at(others, 2 * i), at(others, 2 * i + 1)] : [at(near, 2 * i), at(others, 2 * i + 1)],
  }));
  const noise = pairs.map((_, i): Quad => {
    const k = 2 * i + 1;
    const [x, y] = [at(near, k), at(near, k + 1)];
    const [z, w] = [at(others, k), at(others, k + 1)];
    return a === b ? { pair: [x, y], beside: [z, w] } : { pair: [x, z], beside: [y, w] };
  });
  const scores = new Map<string, Score>();
  for (const { name, of } of allPairMeasures) {
    const [planted, unplanted] = [[] as number[], [] as number[]];
    for (const quad of quads) planted.push(await of(lesions, quad));
    for (const quad of noise) unplanted.push(await of(lesions, quad));
    scores.set(name, scoreOf(planted, unplanted));
  }
  return scores;
}

/** Works with an engine and the trained network. */
async function onSoil<T>(size: Size, work: (engine: Engine, soil: Soil) => Promise<T>): Promise<T> {
  const engine = await openEngine({ engine: 'onnxruntime', precision: 'float32', device: 'cpu' });
  try {
    const graph = await trainedNetwork();
    const sources = await sourcesOf(engine, graph, await imagesOf('train', 100));
    return await work(engine, { graph, plots, sources, seed, instances: size.instances });
  } finally {
    await engine.close();
  }
}

/** Measures what are numbers of networks and of blocks: these need networks of their own. */
export function plantedNetworks(size: Size): Promise<NetworksResult> {
  return onSoil(size, async (engine, soil) => ({
    systemic: await systemicScores(soil, size),
    relatives: await relativeScores(soil, engine, size),
    repairs: await repairScores(size.instances, size),
  }));
}

/** Plants every kind of kernel, measures everything of single kernels, pairs and pairs of sites, and scores every measure on every kind. */
export function plantedSuite(size: Size): Promise<SuiteResult> {
  return onSoil(size, async (engine, soil) => {
    const networks = size.kinds.map((kind) => plantKind(soil, kind));
    const found = await runPlanted(networks, size);
    const shown = Math.min(size.images, 200);
    const [images, labels] = [await imagesOf('test', shown), await labelsOf('test', shown)];
    const kernels = new Map<KindName, Map<string, Score>>();
    const pairs = new Map<KindName, Map<string, Score>>();
    const sites = new Map<KindName, Map<string, { value: number | null; noise: number | null }>>();
    for (const network of networks) {
      const values = (measure: string, units: readonly Unit[]): (number | null)[] =>
        units.map((unit) => kernelValue(found, network, measure, unit));
      const units = network.instances.flatMap((instance) => instance.units);
      kernels.set(
        network.kind,
        new Map(kernelScores.map((name) => [name, scoreOf(values(name, units), values(name, network.noise))])),
      );
      if (network.instances.some(({ pair }) => pair)) {
        const lesions = new Lesions(engine, network.chain, images, labels, trained.classes);
        pairs.set(network.kind, await pairScores(lesions, network));
      }
      const [layer] = units[0]!;
      if (layer !== plots.first && units.every(([other]) => other === layer)) {
        sites.set(network.kind, siteScores(found, networks, network, layer));
      }
    }
    return { kernels, pairs, sites };
  });
}

/** Each measure between sites, from the layer that was copied to that which holds the copies, and in a network without them. */
function siteScores(
  { similarity }: Found,
  networks: readonly PlantedNetwork[],
  network: PlantedNetwork,
  layer: number,
): Map<string, { value: number | null; noise: number | null }> {
  const control = networks.find(({ kind }) => kind === 'idle copy');
  const between = (of: PlantedNetwork | undefined): SimilarityRow | undefined => {
    const [from, to] = [plots.first, layer].map((at) => network.chain.layers[at]!.node.id);
    return (
      of &&
      similarity.find(
        (row) => row.model === networkName(of.kind) && siteIs(row.site_a, to!) && siteIs(row.site_b, from!),
      )
    );
  };
  const [own, other] = [between(network), between(control)];
  return new Map(similarityNames.map((name) => [name, { value: own?.[name] ?? null, noise: other?.[name] ?? null }]));
}
