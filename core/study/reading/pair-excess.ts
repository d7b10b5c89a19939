import { jointDamage, sketchedExcess } from '../../analysis/additive.js';
import type { Digest } from '../../digest.js';
import type { Ledger } from '../../ledger/ledger.js';
import { SKETCH_VALUES } from '../../plan/kept-outputs.js';
import type { ConditionList, LabelledCondition } from '../../plan/conditions.js';
import { unitKey, type ModelOutline } from '../../plan/outline.js';
import type { KeptOutputs } from '../../probe/kept-outputs.js';
import { measurableLogs } from '../../probe/output-reading.js';
import type { ChunkRef } from '../../spec/resolved-study.js';
import { keepsOutputs } from '../../spec/words/modes.js';
import { outputKinds } from '../../spec/words/output-kinds.js';
import type { Target } from '../../plan/target.js';
import { outputScope } from './committed.js';

/** A condition that removes two targets, and those that remove each of them alone, by index within the ablation. */
interface PlannedJoint {
  readonly ablation: string;
  readonly index: number;
  readonly a: number;
  readonly b: number;
}

/** Excess of a joint condition over its two alone, image by image, and of how many chunks it is known. */
interface JointExcess {
  readonly values: Float32Array;
  chunks: number;
}

/**
 * Excess over additivity of all joint conditions of a network, image by image, read from kept outputs: 4 bytes an image stay of each. Outputs are read
 * chunk by chunk and object by object; held at a time are those of single targets on one chunk.
 */
export class PairExcess {
  readonly #excess: ReadonlyMap<string, JointExcess>;
  readonly #chunks: number;
  /** Ablations whose outputs are kept. */
  readonly #keeping: ReadonlySet<string>;

  private constructor(excess: ReadonlyMap<string, JointExcess>, chunks: number, keeping: ReadonlySet<string>) {
    this.#keeping = keeping;
    this.#excess = excess;
    this.#chunks = chunks;
  }

  static async read(ledger: Ledger, outline: ModelOutline, seed: number): Promise<PairExcess> {
    const joints = jointsOf(outline);
    const images = outline.chunks.reduce((sum, chunk) => sum + chunk.images, 0);
    const excess = new Map(
      joints.map((joint) => [nameOf(joint.ablation, joint.index), { values: new Float32Array(images), chunks: 0 }]),
    );
    let from = 0;
    for (const [index, chunk] of joints.length === 0 ? [] : outline.chunks.entries()) {
      await readChunk({ ledger, outline, seed, index, chunk, from }, joints, excess);
      from += chunk.images;
    }
    const keeping = outline.ablations.flatMap(({ spec }) => (keepsOutputs(spec) ? [spec.name] : []));
    return new PairExcess(excess, outline.chunks.length, new Set(keeping));
  }

  /** Whether outputs of an ablation are asked for. */
  knows(ablation: string): boolean {
    return this.#keeping.has(ablation);
  }

  /** Of one condition, in the order of the network's images, NaN where an output is not finite; undefined where outputs are missing. */
  of(ablation: string, index: number): Float64Array | undefined {
    const found = this.#excess.get(nameOf(ablation, index));
    return found && found.chunks === this.#chunks ? Float64Array.from(found.values) : undefined;
  }
}

const nameOf = (ablation: string, index: number): string => `${index} ${ablation}`;
const targetName = ({ group, channel }: Target): string => `${group}[${channel ?? ''}]`;

/** Conditions of two targets whose ablation keeps outputs and removes each of the two alone, too. */
function jointsOf({ ablations }: ModelOutline): readonly PlannedJoint[] {
  return ablations.flatMap(({ spec, list }) => (list && keepsOutputs(spec) ? jointsIn(spec.name, list) : []));
}

function jointsIn(ablation: string, list: ConditionList): PlannedJoint[] {
  const singles = new Map<string, number>();
  const nameIn = (target: Target, { fill, draw }: LabelledCondition): string =>
    `${targetName(target)} ${fill} ${draw ?? ''}`;
  const joints: PlannedJoint[] = [];
  for (let index = 0; index < list.length; index++) {
    const labelled = list.at(index);
    const [first, second, third] = labelled.targets;
    if (!first || third) continue;
    if (!second) {
      singles.set(nameIn(first, labelled), index);
      continue;
    }
    const [a, b] = [singles.get(nameIn(first, labelled)), singles.get(nameIn(second, labelled))];
    if (a !== undefined && b !== undefined) joints.push({ ablation, index, a, b });
  }
  return joints;
}

interface ChunkContext {
  readonly ledger: Ledger;
  readonly outline: ModelOutline;
  readonly seed: number;
  /** Number of the chunk, and of its first image. */
  readonly index: number;
  readonly chunk: ChunkRef;
  readonly from: number;
}

async function readChunk(
  { ledger, outline, seed, index, chunk, from }: ChunkContext,
  joints: readonly PlannedJoint[],
  excess: ReadonlyMap<string, JointExcess>,
): Promise<void> {
  const scope = outputScope(outline, chunk);
  const keyOf = (kind: 'baseline' | 'cells', name: string, condition: number): Digest =>
    unitKey(outline, seed, { kind, model: outline.model.name, name, chunk: index }, condition);
  const intactKey = keyOf('baseline', '', 0);
  const single = new Map<string, Digest>();
  const wanted = new Map<Digest, PlannedJoint[]>();
  for (const joint of joints) {
    for (const one of [joint.a, joint.b])
      if (!single.has(nameOf(joint.ablation, one)))
        single.set(nameOf(joint.ablation, one), keyOf('cells', joint.ablation, one));
    const key = keyOf('cells', joint.ablation, joint.index);
    const same = wanted.get(key);
    if (same) same.push(joint);
    else wanted.set(key, [joint]);
  }
  const held = new Map<Digest, KeptOutputs>();
  for await (const row of ledger.streamOutputs(scope, [intactKey, ...single.values()])) held.set(row.key, row);
  const intact = held.get(intactKey);
  if (!intact) return;
  const excessOf = excessIn(outline, intact.values);
  for await (const row of ledger.streamOutputs(scope, wanted.keys())) {
    for (const { ablation, index: condition, a, b } of wanted.get(row.key) ?? []) {
      const alone = [a, b].map((one) => held.get(single.get(nameOf(ablation, one)) ?? ''));
      const [first, second] = alone;
      const into = excess.get(nameOf(ablation, condition));
      if (!first || !second || !into) continue;
      into.values.set(excessOf(first, second, row), from);
      into.chunks++;
    }
  }
}

type ExcessOfRows = (a: KeptOutputs, b: KeptOutputs, joint: KeptOutputs) => Float64Array;

/** How an excess is computed on a chunk with these intact outputs. */
function excessIn({ model, anatomy }: ModelOutline, outputs: Float32Array): ExcessOfRows {
  const { kind } = model.output;
  const classes = anatomy.outputs;
  const intact = measurableLogs(outputs, classes, kind);
  const classed = outputKinds[kind].classes;
  return (a, b, joint) => {
    if (joint.form === 'sketch') return sketchedExcess(a.values, b.values, joint.values, SKETCH_VALUES);
    const logs = ({ values }: KeptOutputs): Float64Array => measurableLogs(values, classes, kind);
    return jointDamage({ intact, a: logs(a), b: logs(b), joint: logs(joint) }, classes, classed).excess;
  };
}
