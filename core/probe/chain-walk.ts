import type { Engine, EngineTensor } from '../engine/engine.js';
import { PercussError } from '../errors.js';
import type { Graph, ValueId } from '../network/graph.js';
import type { Tensor } from '../tensor.js';
import type { CutPoint } from './cut-point.js';
import { dispose, moveOn, pick, type Live } from './live.js';
import { PausedWalks, type Resumption } from './paused-walks.js';
import type { Segment, SegmentChain } from './segment-chain.js';

/** Sees the values alive at a cut; they belong to the walk. */
export type Visit = (cut: number, live: Live) => Promise<void>;

export interface WalkOptions {
  /** Cut after which the walk ends; default: it goes on to the outputs. */
  readonly until?: number;
  /** Cuts that are visited; default: all on the way. */
  readonly cuts?: ReadonlySet<number>;
  /** The walk keeps what is alive behind `until`, and starts from where an earlier one kept it. */
  readonly resume?: Resumption;
  /** The walk goes on behind `until` nevertheless, to the outputs. */
  readonly beyond?: boolean;
  readonly signal?: AbortSignal;
}

interface Stretch {
  /** Cut after which it ends. */
  readonly until?: number;
  readonly cuts?: ReadonlySet<number>;
  /** Tensors that others hold. */
  readonly spared?: ReadonlySet<EngineTensor>;
  readonly signal?: AbortSignal;
}

const PAUSED_BYTES = 192 * 2 ** 20;

/** Walks along a chain of segments, tile by tile of images. */
export class ChainWalks {
  readonly #chain: SegmentChain;
  readonly #cuts: readonly CutPoint[];
  readonly #of: { readonly graph: Graph; readonly engine: Engine; readonly output: ValueId };
  readonly #paused = new PausedWalks(PAUSED_BYTES);

  constructor(
    chain: SegmentChain,
    cuts: readonly CutPoint[],
    of: { readonly graph: Graph; readonly engine: Engine; readonly output: ValueId },
  ) {
    this.#chain = chain;
    this.#cuts = cuts;
    this.#of = of;
  }

  /**
   * Runs the intact network on images (preprocessed, [n, …] as the graph's input wants them), cut by cut. Resolves to the
   * outputs, [n × classes], on the host, unless the walk ends before them.
   */
  async walk(images: Tensor, visit: Visit, options: WalkOptions): Promise<Tensor | undefined> {
    const { until, cuts, resume, beyond } = options;
    const signal = options.signal ? { signal: options.signal } : {};
    const input = this.#of.graph.inputs[0];
    if (!input) throw new PercussError('MODEL_INVALID', `network ${this.#of.graph.name} has no input`);
    const paused = resume && this.#paused.take(resume);
    const { segments } = this.#chain;
    let live: Live = paused?.live ?? new Map([[input.id, this.#of.engine.upload(images)]]);
    let next = paused?.segment ?? 0;
    const at = segments[next - 1]?.stop;
    if (paused && at !== undefined && (cuts?.has(at) ?? true)) await visit(at, live);
    const wanted = cuts ? { cuts } : {};
    // Beyond its end, a stretch that is to be kept must end between two segments.
    const end = beyond && until !== undefined ? this.#lastStopBefore(until) : until;
    ({ next, live } = await this.follow(next, live, visit, {
      ...wanted,
      ...signal,
      ...(end === undefined ? {} : { until: end }),
    }));
    const kept = resume && until !== undefined && next > 0 && this.#keep(resume, next, live);
    if (until !== undefined && !beyond) {
      if (!kept) dispose(live);
      return undefined;
    }
    const spared = new Set(kept ? live.values() : []);
    ({ live } = await this.follow(next, live, visit, { ...wanted, ...signal, spared }));
    const output = await live.get(this.#of.output)?.read();
    dispose(live);
    return output;
  }

  /** The last cut of the last segment that holds none behind this cut; −1 if there is none. */
  #lastStopBefore(cut: number): number {
    const passed = this.#chain.segments.filter(({ cuts }) => cuts.every((other) => other <= cut));
    return passed.flatMap(({ cuts }) => cuts).at(-1) ?? -1;
  }

  #keep(resume: Resumption, next: number, live: Live): boolean {
    const { segments } = this.#chain;
    const cut = segments[next - 1]?.stop ?? segments[next]?.cuts[0] ?? this.#cuts.length;
    return this.#paused.keep(resume, { segment: next, cut, live });
  }

  /** Goes along the chain from a segment on, to the end or behind `until`; resolves to where it came and what is alive there. */
  async follow(
    first: number,
    given: Live,
    visit: Visit,
    { until, cuts: wantedCuts, spared, signal }: Stretch,
  ): Promise<{ readonly next: number; readonly live: Live }> {
    const { segments } = this.#chain;
    const last = until ?? this.#cuts.length;
    let [next, live] = [first, given];
    for (; next < segments.length; next++) {
      const { cuts, end } = segments[next] as Segment;
      if (until !== undefined && !cuts.some((cut) => cut <= last)) break;
      const here = cuts.filter((cut) => cut <= last && (wantedCuts?.has(cut) ?? true));
      const wanted = [...here.flatMap((cut) => (this.#cuts[cut] as CutPoint).live), ...end];
      const found = await this.#chain.run(next, live, wanted, signal);
      const all = new Map([...live, ...found]);
      for (const cut of here) await visit(cut, pick(all, (this.#cuts[cut] as CutPoint).live));
      if (cuts.some((cut) => cut > last)) {
        dispose(found);
        break;
      }
      live = moveOn(live, found, end, spared);
    }
    return { next, live };
  }

  /** Forgets the walks that could be resumed. */
  forget(): void {
    this.#paused.forget();
  }
}
