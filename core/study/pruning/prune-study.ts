import type { Damage } from '../../analysis/damage.js';
import type { Engine } from '../../engine/engine.js';
import { PercussError } from '../../errors.js';
import { importOnnx } from '../../import/onnx/import-onnx.js';
import { graphCost } from '../../network/cost.js';
import { emitOnnx } from '../../network/emit-onnx.js';
import type { Graph, ValueId } from '../../network/graph.js';
import { pruneNetwork } from '../../pruning/prune-network.js';
import { outputKinds } from '../../spec/words/output-kinds.js';
import type { ModelResults } from '../reading/model-results.js';
import { kernelCount, rankKernels, removalsOf, type ConstantFill, type RankedKernel } from './kernel-choice.js';
import { halvesOf } from './halves.js';
import { stagedOrder, type Staging } from './staged-order.js';
import { damageOn, runNetwork, type ImageStream, type NetworkOutputs } from './measured-network.js';

/** How far to go: a share of the kernels or of the multiply-accumulates that stays, or a change of accuracy on the images that choose. */
export type PruningGoal = { readonly kernels: number } | { readonly macs: number } | { readonly accuracy: number };

/** What a network takes. */
export interface NetworkSize {
  readonly kernels: number;
  readonly parameters: number;
  readonly macs: number;
  /** Of the file in ONNX. */
  readonly bytes: number;
  /** Median time of an image, in batches of 50, on this machine. */
  readonly milliseconds: number;
}

export interface PrunedNetwork {
  readonly file: Uint8Array;
  readonly removed: readonly RankedKernel[];
  /** Kernels that the study was to remove whose damage is not known: none of them went. */
  readonly unknown: number;
  readonly before: NetworkSize;
  readonly after: NetworkSize;
  /** On the images that chose, and on those that chose nothing. */
  readonly chosen: Damage;
  readonly fresh: Damage;
}

/** What pruning works on: everything stored of a network, and its images as it takes them. */
export interface PruningInput {
  readonly results: ModelResults;
  readonly images: ImageStream;
  /** The output that is read. */
  readonly output: ValueId;
  readonly engine: Engine;
  readonly fill: ConstantFill;
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
  if (!outputKinds[model.output.kind].classes) {
    throw new PercussError(
      'MODEL_UNSUPPORTED',
      `${model.name} gives values, not classes: pruning goes by accuracy and KL`,
    );
  }
  const { choosing, fresh } = halvesOf(results.labels);
  if (fresh.length === 0) {
    throw new PercussError(
      'USAGE',
      `${model.name} was measured on one image, which chooses, so that none is left to judge the choice: ask the study for two images or more`,
    );
  }
  const { kernels: byDamage, unknown } = rankKernels(results, fill, choosing);
  let ranked = byDamage;
  const without = (count: number): Graph =>
    pruneNetwork(results.graph, removalsOf(results, fill, ranked.slice(0, count)), output);
  const run = (graph: Graph): Promise<NetworkOutputs> => runNetwork(engine, graph, output, images);
  const whole = without(0);
  const intact = await run(whole);
  const on = (half: readonly number[], smaller: NetworkOutputs): Damage =>
    damageOn(half, intact, smaller, results.labels, model.output) as Damage;
  const counted = (): Promise<number> =>
    countFor(goal, {
      ranked: ranked.length,
      kernels: kernelCount(anatomy),
      macs: (n) => graphCost(without(n)).macs / graphCost(whole).macs,
      accuracy: async (n) => on(choosing, await run(without(n))).deltaAccuracy.estimate,
    });
  let count = await counted();
  if (staging.stages > 1) {
    ranked = await stagedOrder(ranked, count, choosing, staging);
    count = await counted();
  }
  const file = emitOnnx(without(count));
  // What is measured is what was written.
  const smaller = importOnnx(model.name, file);
  const measured = await runNetwork(engine, smaller, smaller.outputs[0] as string, images);
  const sizeOf = (graph: Graph, kernels: number, bytes: number, { milliseconds }: NetworkOutputs): NetworkSize => {
    const { parameters, macs } = graphCost(graph);
    return { kernels, parameters, macs, bytes, milliseconds };
  };
  const kernels = kernelCount(anatomy);
  return {
    file,
    removed: ranked.slice(0, count),
    unknown,
    before: sizeOf(whole, kernels, emitOnnx(whole).length, intact),
    after: sizeOf(smaller, kernels - count, file.length, measured),
    chosen: on(choosing, measured),
    fresh: on(fresh, measured),
  };
}

interface Choices {
  /** Kernels whose damage is known, and all kernels. */
  readonly ranked: number;
  readonly kernels: number;
  /** Share of the multiply-accumulates that is left without so many kernels. */
  readonly macs: (count: number) => number;
  /** Accuracy without so many kernels less the intact network's. */
  readonly accuracy: (count: number) => Promise<number>;
}

/** How many kernels of the ranking go. */
async function countFor(goal: PruningGoal, { ranked, kernels, macs, accuracy }: Choices): Promise<number> {
  if ('kernels' in goal) return reached(kernels - Math.ceil(goal.kernels * kernels - 1e-9), ranked, 'kernels');
  if ('macs' in goal) {
    if (macs(ranked) > goal.macs) reached(ranked + 1, ranked, 'multiply-accumulates');
    return firstWhere(ranked, (count) => Promise.resolve(macs(count) <= goal.macs));
  }
  // The largest that was seen to hold on the way of a bisection: accuracy need not fall step by step.
  const beyond = await firstWhere(ranked + 1, async (count) => (await accuracy(count)) < goal.accuracy);
  return beyond - 1;
}

function reached(count: number, ranked: number, what: string): number {
  if (count <= ranked) return count;
  throw new PercussError(
    'USAGE',
    `so few ${what} are out of reach: the damage of ${ranked} kernels is known, and without all of them more are left; ask for a larger share`,
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
