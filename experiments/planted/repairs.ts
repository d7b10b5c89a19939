import { buildGraph, type NodeDraft } from '../../core/network/build.js';
import { wiringOf, type Graph } from '../../core/network/graph.js';
import { float32, type Tensor } from '../../core/tensor.js';
import type { CompensationRow } from '../../core/tables/schema.js';
import { PercussError } from '../../core/errors.js';
import { quantile } from '../../core/analysis/moments.js';
import { alsoTrained, trainedNetwork } from './soil.js';
import { networkName, runNetworks, type StudySize } from './study.js';

/** What later branches do where the one that carries a channel to the head is missing: by how much of it each adds. */
interface Repair {
  readonly what: string;
  readonly later: readonly number[];
}

/** Kinds of blocks behind a block. Each adds a share of max(what was carried − what is there, 0): nothing in the intact network. */
export const repairs = {
  repaired: { what: 'a later block puts back what is missing', later: [1] },
  'by two': { what: 'a later block puts back half of it, another one the rest', later: [0.5, 1] },
  'in part': { what: 'a later block puts back half of it', later: [0.5] },
  'not at all': { what: 'nothing behind it reads what it gave', later: [] },
  enlarged: { what: 'a later block takes as much again away', later: [-1] },
} as const satisfies Readonly<Record<string, Repair>>;

export type RepairName = keyof typeof repairs;
export const repairNames = Object.keys(repairs) as readonly RepairName[];

/** Measures of compensation: which part of the direct effect is repaired. */
export const repairMeasures = {
  'repaired, KL': ({ kl_repaired, kl_direct }) => share(kl_repaired, kl_direct),
  'repaired, logit': ({ logit_repaired, logit_direct }) =>
    share(logit_repaired, logit_direct === null ? null : -logit_direct),
} as const satisfies Readonly<Record<string, (row: CompensationRow) => number | null>>;

export type RepairMeasure = keyof typeof repairMeasures;

const share = (repaired: number | null, direct: number | null): number | null =>
  repaired === null || direct === null || direct === 0 ? null : repaired / direct;

/** Where a trained network with skips ends: its stream of channels, and the head that reads the mean of each. */
interface Head {
  readonly stream: string;
  readonly channels: number;
  readonly pool: string;
  /** Weights of the classes, [channels × classes]. */
  readonly weights: string;
}

function headOf(graph: Graph): Head {
  const { producer } = wiringOf(graph);
  const pool = graph.nodes.find(({ op }) => op === 'GlobalAveragePool');
  const gemm = producer.get(graph.outputs[0]!);
  const stream = pool?.inputs[0];
  if (!pool || gemm?.op !== 'Gemm' || gemm.attributes['transB'] !== 0 || stream === undefined)
    throw new PercussError('MODEL_UNSUPPORTED', `${graph.name} has no head that reads the mean of each channel`);
  return { stream, channels: graph.shapes.get(stream)![1]!, pool: pool.id, weights: gemm.inputs[1]! };
}

/** A matrix as the kernels of a convolution of one by one. */
const pointwise = (
  rows: number,
  columns: number,
  entries: readonly (readonly [row: number, column: number, value: number])[],
) => {
  const data = new Float32Array(rows * columns);
  for (const [row, column, value] of entries) data[row * columns + column] = value;
  return float32([rows, columns, 1, 1], data);
};

const attributes = { strides: [1, 1], dilations: [1, 1], group: 1, pads: [0, 0, 0, 0] };

/**
 * The trained network with some channels of its stream carried to the head by blocks of their own, one a channel, through channels that
 * are added to the stream; the head reads these instead. Behind them stand the blocks that repair. It answers as the trained one.
 */
export function plantRepairs(graph: Graph, kind: RepairName, carried: readonly number[]): Graph {
  const { stream, channels, pool, weights } = headOf(graph);
  const all = channels + carried.length;
  const constants = new Map(graph.constants);
  const drafts: NodeDraft[] = [];
  const conv = (id: string, input: string, kernels: Tensor<'float32'>): string => {
    constants.set(`${id}.weight`, kernels);
    drafts.push({ id, op: 'Conv', inputs: [input, `${id}.weight`], outputs: [`${id}_out`], attributes });
    return `${id}_out`;
  };
  let now = conv(
    'planted.widen',
    stream,
    pointwise(
      all,
      channels,
      Array.from({ length: channels }, (_, c) => [c, c, 1] as const),
    ),
  );
  /** Adds `gain` times max(channel `from` − what is there, 0) to channel `to`; what is there counts unless the block is the first. */
  const block = (id: string, from: number, to: number, { gain, reads }: { gain: number; reads: boolean }): void => {
    const inner = conv(`${id}.1`, now, pointwise(1, all, [[0, from, 1], ...(reads ? ([[0, to, -1]] as const) : [])]));
    drafts.push({ id: `${id}.relu`, op: 'Relu', inputs: [inner], outputs: [`${id}.relu_out`] });
    const outer = conv(`${id}.2`, `${id}.relu_out`, pointwise(all, 1, [[to, 0, gain]]));
    drafts.push({ id: `${id}.add`, op: 'Add', inputs: [now, outer], outputs: [`${id}.add_out`] });
    now = `${id}.add_out`;
  };
  carried.forEach((from, i) => block(`planted.carry${i}`, from, channels + i, { gain: 1, reads: false }));
  repairs[kind].later.forEach((gain, step) =>
    carried.forEach((from, i) => block(`planted.later${step}.${i}`, from, channels + i, { gain, reads: true })),
  );
  const { shape, data } = graph.constants.get(weights) as Tensor<'float32'>;
  const classes = shape[1]!;
  const read = new Float32Array(all * classes);
  read.set(data);
  carried.forEach((from, i) => {
    read.set(data.subarray(from * classes, (from + 1) * classes), (channels + i) * classes);
    read.fill(0, from * classes, (from + 1) * classes);
  });
  constants.set(weights, float32([all, classes], read));
  const nodes = graph.nodes.flatMap((node): NodeDraft[] =>
    node.id === pool ? [...drafts, { ...node, inputs: [now] }] : [node],
  );
  const { name, inputs, outputs } = graph;
  return buildGraph({ name, inputs, outputs, nodes, constants });
}

/** The channels that move the logits most, by the size of the head's weights. */
export function loudest(graph: Graph, count: number): number[] {
  const { channels, weights } = headOf(graph);
  const { shape, data } = graph.constants.get(weights) as Tensor<'float32'>;
  const size = (c: number): number =>
    data.subarray(c * shape[1]!, (c + 1) * shape[1]!).reduce((sum, weight) => sum + weight * weight, 0);
  return Array.from({ length: channels }, (_, c) => c)
    .sort((a, b) => size(b) - size(a) || a - b)
    .slice(0, count);
}

/** The median share that is repaired, by kind and measure, of the carrying blocks; and of the trained network's own in the first kind's. */
export async function repairScores(
  instances: number,
  size: StudySize,
): Promise<ReadonlyMap<string, Readonly<Record<RepairMeasure, number | null>>>> {
  const graph = await trainedNetwork(alsoTrained.residual);
  const carried = loudest(graph, instances);
  const networks = new Map(repairNames.map((kind) => [networkName(kind), plantRepairs(graph, kind, carried)]));
  const asked = { ablations: { repair: { unit: 'block', mode: 'compensation' } } };
  const { compensation } = await runNetworks(networks, size, asked, ['compensation']);
  const median = (rows: readonly CompensationRow[], read: (row: CompensationRow) => number | null): number | null => {
    const values = Float64Array.from(rows.flatMap((row) => read(row) ?? [])).sort();
    return values.length === 0 ? null : quantile(values, 0.5);
  };
  const of = (kind: RepairName, planted: boolean): Record<RepairMeasure, number | null> => {
    const rows = compensation.filter(
      ({ model, block, behind }) =>
        model === networkName(kind) &&
        behind > 0 &&
        (planted ? block.startsWith('planted.carry') : !block.startsWith('planted')),
    );
    const values = Object.entries(repairMeasures).map(([name, read]) => [name, median(rows, read)]);
    return Object.fromEntries(values) as Record<RepairMeasure, number | null>;
  };
  return new Map<string, Record<RepairMeasure, number | null>>([
    ...repairNames.map((kind) => [kind, of(kind, true)] as const),
    ['its own blocks', of('not at all', false)],
  ]);
}
