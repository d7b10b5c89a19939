import type { Damage } from '../../analysis/damage.js';
import type { Engine } from '../../engine/engine.js';
import { PercussError } from '../../errors.js';
import { importOnnx } from '../../import/onnx/import-onnx.js';
import { graphCost } from '../../network/cost.js';
import { emitOnnx } from '../../network/emit-onnx.js';
import type { Graph, ValueId } from '../../network/graph.js';
import { outputKinds } from '../../spec/words/output-kinds.js';
import type { ModelResults } from '../reading/model-results.js';
import type { MomentsSource } from '../../probe/substituting.js';
import { kernelCount, rankKernels, type PruningFill, type RankedKernel } from './kernel-choice.js';
import { halvesOf, type Halves } from './halves.js';
import { Replacement } from './replacement.js';
import { stagedOrder, type Staging } from './staged-order.js';
import { damageOn, runNetwork, timesInTurn, type ImageStream, type NetworkOutputs } from './measured-network.js';

/** How far to go: a share of the kernels or of the multiply-accumulates that stays, or a change of accuracy on the images that choose. */
export type PruningGoal = { readonly kernels: number } | { readonly macs: number } | { readonly accuracy: number };

/** What a network takes. */
export interface NetworkSize {
  readonly kernels: number;
  readonly parameters: number;
  readonly macs: number;
  /** Of the file in ONNX. */
  readonly bytes: number;
  /** Median time of an image, in batches of 50 at most, on this machine; of both networks in turn. */
  readonly milliseconds: number;
}

export interface PrunedNetwork {
  readonly file: Uint8Array;
  /** In the order in which they went. */
  readonly removed: readonly RankedKernel[];
  /** In topological order: how many kernels each layer has, and how many of them went. */
  readonly layers: readonly { readonly layer: string; readonly kernels: number; readonly removed: number }[];
  /** Kernels that stay although the study was to remove them. */
  readonly staying: StayingKernels;
  readonly before: NetworkSize;
  readonly after: NetworkSize;
  /** On the images that chose, and on those that chose nothing. */
  readonly chosen: Damage;
  readonly fresh: Damage;
}

/** How many kernels stay, and why. */
export interface StayingKernels {
  /** Their damage is not known. */
  readonly unknown: number;
  /** What reads them does not read sums of channels, so that it cannot take a substitute in. */
  readonly unfit: number;
  /** Of less damage than some that went, but tied to channels that stay: without them the network would be as large. */
  readonly tied: number;
}

/** What pruning works on: everything stored of a network, and its images as it takes them. */
export interface PruningInput {
  readonly results: ModelResults;
  readonly images: ImageStream;
  /** The output that is read. */
  readonly output: ValueId;
  readonly engine: Engine;
  readonly fill: PruningFill;
  /** What substitutes are fitted to. */
  readonly moments: MomentsSource;
  readonly goal: PruningGoal;
  readonly staging: Staging;
}

/**
 * A smaller network, by the damage that single kernels were measured to do: kernels go in the order of that damage on every second image
 * of each class, as many as the goal asks for, with all that hangs on them. What that does is measured on those images and on the others,
 * which had no part in the choice.
 *
 * @throws PercussError NOT_FOUND where the study has no such damage, MODEL_UNSUPPORTED for outputs without classes, USAGE where the goal is out of reach
 * or the study has one image alone.
 */
export async function pruneStudy(input: PruningInput): Promise<PrunedNetwork> {
  const { results, images, output, engine, fill, goal, staging } = input;
  const { model, anatomy } = results.outline;
  const { choosing, fresh } = halvesToPrune(results);
  const { kernels: byDamage, unknown } = rankKernels(results, fill, choosing);
  const replacement = new Replacement(results, output, fill, input.moments);
  const fitting = byDamage.filter((kernel) => replacement.fits(kernel));
  let ranked: readonly RankedKernel[] = fitting;
  const leaving = (count: number): readonly RankedKernel[] => replacement.leaving(ranked.slice(0, count));
  const without = async (count: number): Promise<Graph> => (await replacement.without(leaving(count))).graph();
  const run = (graph: Graph): Promise<NetworkOutputs> => runNetwork(engine, graph, output, images);
  const whole = (await replacement.without([])).graph();
  const intact = await run(whole);
  const on = (half: readonly number[], smaller: NetworkOutputs): Damage =>
    damageOn(half, intact, smaller, results.labels, model.output) as Damage;
  const kernels = kernelCount(anatomy);
  const counted = (): Promise<number> =>
    countFor(goal, {
      ranked: ranked.length,
      kernels,
      left: (n) => kernels - leaving(n).length,
      macs: async (n) => graphCost(await without(n)).macs / graphCost(whole).macs,
      accuracy: async (n) => on(choosing, await run(await without(n))).deltaAccuracy.estimate,
    });
  let count = await counted();
  if (staging.stages > 1) {
    const order = {
      count: leaving(count).length,
      choosing,
      leaving: (some: readonly RankedKernel[]) => replacement.leaving(some),
    };
    ranked = await stagedOrder(ranked, order, staging);
    count = await counted();
  }
  const removed = leaving(count);
  const file = emitOnnx(await without(count));
  // What is measured is what was written.
  const smaller = importOnnx(model.name, file);
  const read = smaller.outputs[0] as string;
  const measured = await runNetwork(engine, smaller, read, images);
  const timed = [
    { graph: whole, output },
    { graph: smaller, output: read },
  ];
  const [slow, fast] = (await timesInTurn(engine, timed, images)) as [number, number];
  const sizeOf = (graph: Graph, left: number, bytes: number, milliseconds: number): NetworkSize => {
    const { parameters, macs } = graphCost(graph);
    return { kernels: left, parameters, macs, bytes, milliseconds };
  };
  return {
    file,
    removed,
    layers: anatomy.layers.map(({ name, kernels: own }) => ({
      layer: name,
      kernels: own,
      removed: removed.filter(({ layer }) => layer === name).length,
    })),
    staying: { unknown, unfit: byDamage.length - fitting.length, tied: count - removed.length },
    before: sizeOf(whole, kernels, emitOnnx(whole).length, slow),
    after: sizeOf(smaller, kernels - removed.length, file.length, fast),
    chosen: on(choosing, measured),
    fresh: on(fresh, measured),
  };
}

/** The images that choose and those that judge. @throws PercussError MODEL_UNSUPPORTED, USAGE as `pruneStudy`. */
function halvesToPrune({ outline: { model }, labels }: ModelResults): Halves {
  if (!outputKinds[model.output.kind].classes) {
    throw new PercussError(
      'MODEL_UNSUPPORTED',
      `${model.name} gives values, not classes: pruning goes by accuracy and KL`,
    );
  }
  const halves = halvesOf(labels);
  if (halves.fresh.length > 0) return halves;
  throw new PercussError(
    'USAGE',
    `${model.name} was measured on one image, which chooses, so that none is left to judge the choice: ask the study for two images or more`,
  );
}

/** What is left or lost without the first kernels of a ranking that can leave. */
interface Choices {
  /** Kernels that the ranking has, and all kernels. */
  readonly ranked: number;
  readonly kernels: number;
  /** Kernels that are left. */
  readonly left: (count: number) => number;
  /** Share of the multiply-accumulates that is left. */
  readonly macs: (count: number) => Promise<number>;
  /** Accuracy less the intact network's. */
  readonly accuracy: (count: number) => Promise<number>;
}

/** How far down the ranking kernels go. */
async function countFor(goal: PruningGoal, { ranked, kernels, left, macs, accuracy }: Choices): Promise<number> {
  if ('accuracy' in goal) {
    // The largest that was seen to hold on the way of a bisection: accuracy need not fall step by step.
    const beyond = await firstWhere(ranked + 1, async (count) => (await accuracy(count)) < goal.accuracy);
    return beyond - 1;
  }
  const reached =
    'kernels' in goal
      ? async (count: number) => left(count) <= Math.ceil(goal.kernels * kernels - 1e-9)
      : async (count: number) => (await macs(count)) <= goal.macs;
  if (await reached(ranked)) return firstWhere(ranked, reached);
  const what = 'kernels' in goal ? 'kernels' : 'multiply-accumulates';
  throw new PercussError(
    'USAGE',
    `so few ${what} are out of reach: the damage of ${ranked} kernels is known, and without all of them that can leave more are left; ask for a larger share`,
  );
}

/** The least number from 1 to `end` for which something holds, by bisection; `end` where it holds for none below it. */
async function firstWhere(end: number, holds: (count: number) => Promise<boolean>): Promise<number> {
  let [low, high] = [0, end];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (await holds(middle)) high = middle;
    else low = middle;
  }
  return high;
}
