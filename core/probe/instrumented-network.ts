import type { Engine, EngineTensor, Program } from '../engine/engine.js';
import { PercussError } from '../errors.js';
import type { Graph, ValueId } from '../network/graph.js';
import { deltaBehind } from './delta-convolution.js';
import { graphCost, weightBytes } from '../network/cost.js';
import { lesionProgram, type LesionProgram } from './lesion-program.js';
import { readOnTheWay, segment } from './segment.js';
import type { Anatomy, Site } from '../anatomy/site.js';
import { tailProgram, type TailProgram } from './tail-program.js';
import { rows, sizeOf, type Tensor } from '../tensor.js';
import { ChainWalks, type Visit, type WalkOptions } from './chain-walk.js';
import { CutProgramCache } from './cut-programs.js';
import { cutsOf, type CutPoint } from './cut-point.js';
import { dispose, moveOn, pick, throughEngine, uploaded, type HostLive, type Live } from './live.js';
import { ProgramCache } from './program-cache.js';
import { rowsOfRun } from './run-size.js';
import { SegmentChain, type Segment } from './segment-chain.js';

/** A lesion program, compiled. */
export interface CompiledLesion extends LesionProgram {
  readonly cut: number;
  readonly program: Program;
}

/** A program that takes edits anywhere, compiled when it is asked for: caches may have forgotten it in the meantime. */
export interface TailStage extends TailProgram {
  readonly program: () => Promise<Program>;
}

/** What a walk's tile of images may keep alive at once. */
const ACTIVATION_BYTES = 16 * 2 ** 20;
/** All that a segment of a large network computes may be so many times as much: it is held only while all its cuts are visited. */
const SEGMENT_SHARE = 3;
/** Weights up to which the chain stops at every cut, and lesion programs go from their cut to the outputs. */
export const DIRECT_BYTES = 16 * 2 ** 20;

/** A network on an engine, cut behind every site. The intact network always runs as one and the same chain of segments. */
export class InstrumentedNetwork {
  readonly graph: Graph;
  readonly anatomy: Anatomy;
  readonly engine: Engine;
  readonly output: ValueId;
  readonly cuts: readonly CutPoint[];
  /** Images that are walked together: as many as keep what a segment computes, or what is alive at a cut, within a budget. */
  readonly tile: number;
  /** Of the intact network. */
  readonly #programs: ProgramCache;
  readonly #atCuts: CutProgramCache;
  readonly #rows = new Map<number, number>();
  readonly #spreads = new Map<number, readonly TailStage[]>();
  /** Whether the chain stops at every cut, so that a walk holds the values of one cut at a time. */
  readonly stopsAtEveryCut: boolean;
  readonly #chain: SegmentChain;
  readonly #walks: ChainWalks;

  constructor(
    graph: Graph,
    anatomy: Anatomy,
    engine: Engine,
    options: { output?: string; programBytes?: number; directBytes?: number } = {},
  ) {
    this.graph = graph;
    this.anatomy = anatomy;
    this.engine = engine;
    this.output = options.output ?? (graph.outputs.at(-1) as ValueId);
    this.stopsAtEveryCut = weightBytes(graph) <= (options.directBytes ?? DIRECT_BYTES);
    const budget = options.programBytes ?? 2 ** 30;
    this.#programs = new ProgramCache(engine, budget);
    this.#atCuts = new CutProgramCache(engine, this.stopsAtEveryCut ? budget : weightBytes(graph) / 4);
    this.cuts = cutsOf(graph, anatomy, this.output);
    this.#chain = new SegmentChain(graph, this.cuts, this.output, {
      programs: this.#programs,
      everyCut: this.stopsAtEveryCut,
    });
    this.#walks = new ChainWalks(this.#chain, this.cuts, { graph, engine, output: this.output });
    this.tile = this.#tile();
  }

  site(name: string): Site {
    const site = this.anatomy.sites.find((candidate) => candidate.name === name);
    if (!site) throw new PercussError('BUG', `network ${this.graph.name} has no site ${name}`);
    return site;
  }

  cutOf(site: string): number {
    return this.cuts.findIndex((cut) => cut.sites.some((candidate) => candidate.name === site));
  }

  /** Number of outputs of one image. */
  get classes(): number {
    return sizeOf((this.graph.shapes.get(this.output) as readonly number[]).slice(1));
  }

  #tile(): number {
    const alive = this.cuts.map((cut) => this.bytesOf(cut.live));
    const computed = this.stopsAtEveryCut
      ? []
      : this.#chain.segments.map(({ fresh }) => this.bytesOf(fresh) / SEGMENT_SHARE);
    const perImage = Math.max(...alive, ...computed, 1);
    return Math.max(1, Math.min(256, Math.floor(ACTIVATION_BYTES / perImage)));
  }

  /** Rows that one run of what lies behind this cut takes. */
  rowsAt(cut: number): number {
    const known = this.#rows.get(cut);
    if (known !== undefined) return known;
    const behind = segment(this.graph, 'behind', (this.cuts[cut] as CutPoint).live, [this.output]);
    const rows = rowsOfRun({
      liveBytes: Math.max(...this.cuts.slice(cut).map((point) => this.bytesOf(point.live)), 1),
      macs: graphCost(behind).macs,
      weightBytes: weightBytes(behind),
    });
    this.#rows.set(cut, rows);
    return rows;
  }

  /** Of one image. */
  bytesOf(values: readonly ValueId[]): number {
    return values.reduce(
      (sum, value) => sum + 4 * sizeOf((this.graph.shapes.get(value) as readonly number[]).slice(1)),
      0,
    );
  }

  /** A program of this network, compiled on first use. */
  program(name: string, build: () => Graph): Promise<Program> {
    return this.#programs.get(name, build);
  }

  /**
   * The program for lesions at a cut, or for those of them that change one channel and are carried (undefined where nothing
   * can be carried). Which one runs depends on the condition alone, since they differ in the last places. It ends at the
   * outputs, or in large networks where the chain stops next: from there on `finish` goes on.
   */
  async lesion(cut: number, carried: boolean): Promise<CompiledLesion | undefined> {
    const { value: first, live } = this.cuts[cut] as CutPoint;
    const name = `${this.graph.name} behind ${first}${carried ? ', carried' : ''}`;
    const { programs, lesions } = await this.#atCuts.at(cut);
    if (!lesions.has(name)) {
      const until = (this.#chain.segments[this.#endOf(cut, carried)] as Segment).end;
      const delta = carried ? deltaBehind(this.graph, { live, first }, until) : undefined;
      const known = carried && !delta;
      lesions.set(name, known ? undefined : lesionProgram(this.graph, name, { live, first }, until, delta));
    }
    const lesion = lesions.get(name);
    return lesion && { ...lesion, cut, program: await programs.get(name, () => lesion.graph) };
  }

  /** The segment behind which a lesion program ends: the last one, or that of the next stop, which may be the cut itself. */
  #endOf(cut: number, carried: boolean): number {
    if (this.stopsAtEveryCut) return this.#chain.segments.length - 1;
    const own = this.#chain.segmentOf(cut);
    return carried && this.#chain.segments[own]?.stop === cut ? own + 1 : own;
  }

  /**
   * The programs for conditions whose first edit of many is at a cut, one behind the other: from there to the output, or in large
   * networks from stop to stop.
   */
  spread(cut: number): readonly TailStage[] {
    const known = this.#spreads.get(cut);
    if (known) return known;
    const { live, value } = this.cuts[cut] as CutPoint;
    const { segments } = this.#chain;
    const own = this.#chain.segmentOf(cut);
    const stretches = this.stopsAtEveryCut
      ? [{ live, cuts: this.cuts.map((_, at) => at), end: [this.output] }]
      : segments.slice(own).map(({ cuts, end }, i) => ({
          live: i === 0 ? live : (segments[own + i - 1] as Segment).end,
          cuts,
          end,
        }));
    const stages = stretches.map((stretch, i) => {
      const first = i === 0;
      const values = stretch.cuts.filter((at) => at >= cut).map((at) => (this.cuts[at] as CutPoint).value);
      const name = `${this.graph.name} ${first ? `behind ${value}` : `segment ${own + i}`}, edited anywhere`;
      const spread = tailProgram(this.graph, name, { ...stretch, values });
      const cache = async (): Promise<ProgramCache> => (first ? (await this.#atCuts.at(cut)).programs : this.#programs);
      return { ...spread, program: async () => (await cache()).get(name, () => spread.graph) };
    });
    this.#spreads.set(cut, stages);
    return stages;
  }

  /** From what a lesion program gave, rows of it, to the network's output. Takes the tensors over. */
  async finish(lesion: CompiledLesion, given: Live, signal?: AbortSignal): Promise<EngineTensor> {
    let live: Live = new Map([...lesion.outputs].map(([value, name]) => [value, given.get(name) as EngineTensor]));
    const { segments } = this.#chain;
    for (let index = this.#endOf(lesion.cut, lesion.delta !== undefined) + 1; index < segments.length; index++) {
      const { end } = segments[index] as Segment;
      live = moveOn(live, await this.#chain.run(index, live, end, signal), end);
    }
    return live.get(this.output) as EngineTensor;
  }

  /** The values alive at a cut, and those that a program for lesions there needs ahead of it. */
  async withAhead(lesion: CompiledLesion, live: HostLive, signal?: AbortSignal): Promise<HostLive> {
    if (lesion.ahead.length === 0) return live;
    const ahead = await throughEngine(this.engine, live, (given) =>
      this.#straight(lesion.cut, `ahead of ${lesion.graph.name}`, given, lesion.ahead, signal),
    );
    return new Map([...live, ...ahead]);
  }

  /**
   * From the values alive at a cut, edited or not, along the chain to the furthest of later cuts; `visit` sees what is alive at
   * each of these, which belongs to the way. What is found there depends on no other cut that is asked for.
   */
  async onwards(
    from: { readonly cut: number; readonly live: HostLive },
    cuts: ReadonlySet<number>,
    visit: Visit,
    signal?: AbortSignal,
  ): Promise<void> {
    const own = this.#chain.segmentOf(from.cut);
    let live = uploaded(this.engine, from.live);
    const near = [...cuts].filter((cut) => this.#chain.segmentOf(cut) === own).sort((a, b) => a - b);
    for (const cut of near) {
      const wanted = (this.cuts[cut] as CutPoint).live;
      const found = await this.#straight(from.cut, `to ${cut}`, live, wanted, signal);
      await visit(cut, pick(new Map([...live, ...found]), wanted));
      for (const tensor of found.values()) tensor.dispose();
    }
    if (near.length < cuts.size) {
      const { end } = this.#chain.segments[own] as Segment;
      live = moveOn(live, await this.#straight(from.cut, 'to its stop', live, end, signal), end);
      const until = Math.max(...cuts);
      ({ live } = await this.#walks.follow(own + 1, live, visit, { until, cuts, ...(signal ? { signal } : {}) }));
    }
    dispose(live);
  }

  /** Those of the wanted values that are not alive at a cut, by a program of their own. All tensors stay the caller's. */
  async #straight(
    cut: number,
    purpose: string,
    live: Live,
    wanted: readonly ValueId[],
    signal: AbortSignal | undefined,
  ): Promise<Live> {
    const fresh = wanted.filter((value) => !live.has(value));
    if (fresh.length === 0) return new Map();
    const read = readOnTheWay(this.graph, [...live.keys()], fresh);
    const name = `${this.graph.name} from cut ${cut}, ${purpose}`;
    // Asked for anew each time: what runs at later cuts meanwhile may have made the cache forget this one's programs.
    const { programs } = await this.#atCuts.at(cut);
    const program = await programs.get(name, () => segment(this.graph, name, read, fresh));
    const feeds = new Map(program.feeds.map(({ name: value }) => [value, live.get(value) as EngineTensor]));
    return program.run(feeds, signal ? { signal } : {});
  }

  /** Walks along the intact network; see `ChainWalks`. */
  walk(images: Tensor, visit: Visit, options: WalkOptions = {}): Promise<Tensor | undefined> {
    return this.#walks.walk(images, visit, options);
  }

  /** Images in tiles, as row ranges. */
  *tiles(images: Tensor): Generator<{ readonly from: number; readonly to: number; readonly images: Tensor }> {
    const count = images.shape[0] as number;
    for (let from = 0; from < count; from += this.tile) {
      const to = Math.min(count, from + this.tile);
      yield { from, to, images: rows(images, from, to) };
    }
  }

  async close(): Promise<void> {
    await this.#programs.close();
    await this.#atCuts.close();
    this.#walks.forget();
  }
}
