import type { EngineTensor, Program } from '../engine/engine.js';
import { weightBytes } from '../network/cost.js';
import type { Graph, ValueId } from '../network/graph.js';
import { narrowsOf } from './narrows.js';
import { readOnTheWay, segment } from './segment.js';
import type { CutPoint } from './cut-point.js';
import type { Live } from './live.js';
import type { ProgramCache } from './program-cache.js';

/** The part of a network from behind one stop to the next, or to the output. */
export interface Segment {
  readonly cuts: readonly number[];
  /** What is alive where it ends. */
  readonly end: readonly ValueId[];
  /** The cut that it ends at, where it ends at one. */
  readonly stop: number | undefined;
  /** Everything that is alive at its cuts and its end, and not before it. */
  readonly fresh: readonly ValueId[];
}

/** Behind the last of `cuts`. */
interface Stop {
  readonly cuts: readonly number[];
  readonly end: readonly ValueId[];
}

/** Large networks stop where so large a share of the weights would come together otherwise. */
export const SHARE = 1 / 8;

/**
 * The intact network as a chain of segments, each a program that holds its weights. Where the chain stops depends on the graph
 * alone, since that changes floats by rounding. Small networks stop at every cut. Large ones seldom, and where one value is
 * alone: at every stop values change the engine's layout and are handed over; with one at every cut, ResNet-50 took twice as long.
 */
export class SegmentChain {
  readonly segments: readonly Segment[];
  readonly #graph: Graph;
  readonly #programs: ProgramCache;

  constructor(
    graph: Graph,
    cuts: readonly CutPoint[],
    output: ValueId,
    options: { readonly programs: ProgramCache; readonly everyCut: boolean },
  ) {
    this.#graph = graph;
    this.#programs = options.programs;
    const stops = options.everyCut
      ? cuts.map(({ live }, cut) => ({ cuts: [cut], end: live }))
      : rareStops(graph, cuts, output);
    const passed = stops.flatMap((stop) => stop.cuts).length;
    const rest = { cuts: cuts.map((_, cut) => cut).slice(passed), end: [output] };
    let before: readonly ValueId[] = graph.inputs.map((input) => input.id);
    this.segments = [...stops, rest].map((part) => {
      const live = part.cuts.map((cut) => (cuts[cut] as CutPoint).live);
      const known = before;
      before = part.end;
      const stop = live.at(-1)?.join() === part.end.join() ? part.cuts.at(-1) : undefined;
      const fresh = [...new Set([...live.flat(), ...part.end])].filter((value) => !known.includes(value));
      return { ...part, stop, fresh };
    });
  }

  /** The number of the segment that a cut lies in. */
  segmentOf(cut: number): number {
    return this.segments.findIndex(({ cuts }) => cuts.includes(cut));
  }

  /** Runs a segment on what is alive before it; resolves to the wanted ones of its fresh values. All tensors stay the caller's. */
  async run(
    index: number,
    live: Live,
    wanted: readonly ValueId[],
    signal?: AbortSignal,
  ): Promise<Map<ValueId, EngineTensor>> {
    const { fresh } = this.segments[index] as Segment;
    const outputs = fresh.filter((value) => wanted.includes(value));
    if (outputs.length === 0) return new Map();
    const program = await this.#program(index, [...live.keys()]);
    const feeds = new Map(program.feeds.map(({ name }) => [name, live.get(name) as EngineTensor]));
    return program.run(feeds, { outputs, ...(signal ? { signal } : {}) });
  }

  #program(index: number, live: readonly ValueId[]): Promise<Program> {
    const { fresh } = this.segments[index] as Segment;
    const name = `${this.#graph.name} segment ${index}`;
    return this.#programs.get(name, () => segment(this.#graph, name, readOnTheWay(this.#graph, live, fresh), fresh));
  }
}

function rareStops(graph: Graph, cuts: readonly CutPoint[], output: ValueId): readonly Stop[] {
  const share = SHARE * weightBytes(graph);
  const index = new Map(graph.nodes.flatMap((node, i) => node.outputs.map((value) => [value, i] as const)));
  const narrows = narrowsOf(graph, output);
  const stops: Stop[] = [];
  let [bytes, cut] = [0, 0];
  narrows.forEach((narrow, i) => {
    if ((narrows[i + 1]?.weightBytes ?? Infinity) - bytes <= share) return;
    const first = cut;
    while (cut < cuts.length && (index.get((cuts[cut] as CutPoint).value) ?? -1) <= narrow.node) cut++;
    stops.push({ cuts: cuts.map((_, at) => at).slice(first, cut), end: [narrow.value] });
    bytes = narrow.weightBytes;
  });
  return stops;
}
