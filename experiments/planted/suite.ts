import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { kernelMeasureColumn, kernelMeasureNames } from '../../core/analysis/kernel-measures.js';
import { similarityNames } from '../../core/analysis/similarity.js';
import { openEngine } from '../../core/engine/open.js';
import { emitOnnx } from '../../core/network/emit-onnx.js';
import { fills } from '../../core/spec/words/fills.js';
import { readTable } from '../../core/tables/read-table.js';
import type { AblationRow, KernelRow, SimilarityRow } from '../../core/tables/schema.js';
import type { TableName } from '../../core/tables/columns.js';
import { wordsOf } from '../../core/word-table.js';
import { runStudy } from '../../workers/run-study.js';
import { kindNames, type KindName, type Unit } from './kinds.js';
import { plantKind, type PlantedNetwork, type Soil } from './networks.js';
import { imagesOf, labelsOf, plots, sourcesOf, trained, trainedNetwork } from './soil.js';
import { allPairMeasures, Lesions, scoreOf, type Quad, type Score } from './scores.js';

/** How much is run. */
export interface Size {
  readonly images: number;
  readonly bases: number;
  /** How often each kind is planted. */
  readonly instances: number;
  readonly kinds: readonly KindName[];
}

export const sizes = {
  whole: { images: 500, bases: 64, instances: 6, kinds: kindNames },
  small: { images: 50, bases: 8, instances: 4, kinds: ['idle copy', 'dead', 'gated back-up'] },
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

const seed = 7;
const fillNames = wordsOf(fills);
const klOf = (fill: string): string => `KL, ${fill}`;

/** What others make up for, by its column. */
export const replaceabilities = {
  'replaceability, same': 'replaceability_same',
  'replaceability, earlier': 'replaceability_earlier',
} as const satisfies Readonly<Record<string, keyof KernelRow>>;
const replaceabilityColumn: ReadonlyMap<string, 'replaceability_same' | 'replaceability_earlier'> = new Map(
  Object.entries(replaceabilities),
);

/** Measures of single kernels, from the tables that hold them: cheap ones, the damage by every fill, and replaceability. */
export const kernelScores: readonly string[] = [
  ...kernelMeasureNames,
  ...fillNames.map(klOf),
  ...replaceabilityColumn.keys(),
];
export { similarityNames };

const modelName = (kind: string): string => kind.replaceAll(/[^a-z]+/g, '-');

/** The study of all planted networks: everything that percuss measures of single kernels and of pairs of sites. */
function studyOf(
  folder: string,
  networks: readonly PlantedNetwork[],
  { images, bases }: Size,
): Readonly<Record<string, unknown>> {
  const layers = [plots.first, plots.second, plots.third].map((at) => networks[0]!.chain.layers[at]!.node.id);
  const data = (part: string, count: number): object => ({
    format: 'idx',
    files: [path.resolve(trained.data, `${part}-images-idx3-ubyte`)],
    labels: [path.resolve(trained.data, `${part}-labels-idx1-ubyte`)],
    images: count,
  });
  return {
    version: 1,
    study: 'planted',
    seed,
    data: { test: data('test', images), train: data('train', Math.max(bases, 100)) },
    defaults: {
      data: 'test',
      reference: 'train',
      input: { divide: 255, mean: [0], std: [1] },
      output: { kind: 'logits' },
    },
    models: Object.fromEntries(
      networks.map(({ kind }) => [modelName(kind), { file: path.join(folder, `${modelName(kind)}.onnx`) }]),
    ),
    ablations: { kernels: { unit: 'kernel', mode: 'each', layers, fill: fillNames } },
    impulses: {
      images: { at: 'input', base: { images: bases }, amplitudes: { std: [0.1, -0.1] }, record: '*' },
    },
    // Near enough that a kernel of the next layer counts as far.
    analysis: { nulls: { shuffled: 0 }, bootstrap: 100, far: 0.15 },
  };
}

interface Found {
  readonly kernels: readonly KernelRow[];
  readonly ablations: readonly AblationRow[];
  readonly similarity: readonly SimilarityRow[];
}

async function runPlanted(networks: readonly PlantedNetwork[], size: Size): Promise<Found> {
  const folder = await mkdtemp(path.join(tmpdir(), 'percuss-planted-'));
  try {
    for (const { kind, chain } of networks) {
      await writeFile(path.join(folder, `${modelName(kind)}.onnx`), emitOnnx(chain.build()));
    }
    const out = path.join(folder, 'out');
    await runStudy(studyOf(folder, networks, size), { store: path.join(folder, 'store'), out });
    const table = async <T extends TableName>(name: T) =>
      readTable(name, new Uint8Array(await readFile(path.join(out, 'tables', `${name}.parquet`))));
    return {
      kernels: await table('kernels'),
      ablations: await table('ablations'),
      similarity: await table('similarity'),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The value of a measure for one kernel of a planted network. */
function kernelValue(found: Found, network: PlantedNetwork, measure: string, [layer, channel]: Unit): number | null {
  const model = modelName(network.kind);
  const name = network.chain.layers[layer]!.node.id;
  const cheap = kernelMeasureNames.find((one) => one === measure);
  const column = cheap ? kernelMeasureColumn(cheap) : replaceabilityColumn.get(measure);
  if (column) {
    const row = found.kernels.find((one) => one.model === model && one.layer === name && one.channel === channel);
    return row?.[column] ?? null;
  }
  const rows = found.ablations.filter(
    (one) => one.model === model && klOf(one.fill) === measure && one.channels === `${name}[${channel}]`,
  );
  const values = rows.flatMap(({ kl }) => (kl === null ? [] : [kl]));
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

/** Plants every kind, measures everything, and scores every measure on every kind. */
export async function plantedSuite(size: Size): Promise<SuiteResult> {
  const engine = await openEngine({ engine: 'onnxruntime', precision: 'float32', device: 'cpu' });
  try {
    const graph = await trainedNetwork();
    const soil: Soil = {
      graph,
      plots,
      sources: await sourcesOf(engine, graph, await imagesOf('train', 100)),
      seed,
      instances: size.instances,
    };
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
  } finally {
    await engine.close();
  }
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
      similarity.find((row) => row.model === modelName(of.kind) && siteIs(row.site_a, to!) && siteIs(row.site_b, from!))
    );
  };
  const [own, other] = [between(network), between(control)];
  return new Map(similarityNames.map((name) => [name, { value: own?.[name] ?? null, noise: other?.[name] ?? null }]));
}

/** Sites are named by the module path that their layer has, or by what stands behind it. */
const siteIs = (site: string, layer: string): boolean => site === layer || site.startsWith(layer.replace(/conv$/, ''));
