import type { Engine, EngineTensor, Program } from '../engine/engine.js';
import { weightBytes } from '../engine/feeds.js';
import { PercussError } from '../errors.js';
import type { Graph, ValueId } from '../network/graph.js';
import { carryBehind } from '../network/carry.js';
import { graphCost } from '../network/cost.js';
import { lesionProgram, type LesionProgram } from '../network/lesion-program.js';
import { liveBehind, readOnTheWay, segment } from '../network/segment.js';
import type { Anatomy, Site } from '../network/site.js';
import { rows, sizeOf, type Tensor } from '../tensor.js';
import { PausedWalks, type Resumption } from './paused-walks.js';
import { ProgramCache } from './program-cache.js';
import { rowsOfRun } from './run-size.js';

/** A place where the network is cut: behind the value of one or several sites. */
export interface CutPoint {
  readonly value: ValueId;
  readonly sites: readonly Site[];
  /** Values that are alive there, the cut's own among them. */
  readonly live: readonly ValueId[];
}

/** A lesion program, compiled. */
export interface CompiledLesion extends LesionProgram {
  readonly cut: number;
  readonly program: Program;
}

/** Values alive at a cut, on the host: [images, …]. */
export type HostLive = ReadonlyMap<ValueId, Tensor>;

type Live = ReadonlyMap<ValueId, EngineTensor>;

export interface WalkOptions {
  /** Cut after which the walk ends; default: it goes on to the outputs. */
  readonly until?: number;
  readonly resume?: Resumption;
  readonly signal?: AbortSignal;
}

const ACTIVATION_BYTES = 48 * 2 ** 20;
/** Weights up to which every pair of cuts may have a program of its own. */
const DIRECT_BYTES = 16 * 2 ** 20;
const PAUSED_BYTES = 4 * ACTIVATION_BYTES;

/**
 * A network on an engine, cut behind every site. Where it is cut depends on the graph alone, since a cut changes floats by
 * rounding: the intact network always runs as the chain of segments between neighbouring cuts.
 */
export class TappedNetwork {
  readonly graph: Graph;
  readonly anatomy: Anatomy;
  readonly engine: Engine;
  readonly output: ValueId;
  readonly cuts: readonly CutPoint[];
  /** Of the intact network, between cuts; for small networks of everything. */
  readonly #programs: ProgramCache;
  /** Of large networks, what is done at one cut only: it holds weights once more, so there is that of one cut at a time. */
  #passing: { readonly cut: number; readonly programs: ProgramCache } | undefined;
  readonly #rows = new Map<number, number>();
  readonly #lesions = new Map<string, LesionProgram | undefined>();
  readonly #direct: boolean;
  readonly #paused = new PausedWalks(PAUSED_BYTES);

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
    this.#direct = weightBytes(graph) <= (options.directBytes ?? DIRECT_BYTES);
    this.#programs = new ProgramCache(engine, options.programBytes ?? 2 ** 30);
    const index = new Map(graph.nodes.flatMap((node, i) => node.outputs.map((value) => [value, i] as const)));
    const values = [...new Set(anatomy.sites.map((site) => site.value))];
    this.cuts = values
      .sort((a, b) => (index.get(a) ?? -1) - (index.get(b) ?? -1))
      .map((value) => ({
        value,
        sites: anatomy.sites.filter((site) => site.value === value),
        live: liveBehind(graph, index.get(value) ?? -1, [this.output]),
      }));
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

  /** Images that are walked together: as many as keep the largest set of live activations within a budget. */
  get tile(): number {
    const perImage = Math.max(...this.cuts.map((cut) => this.bytesOf(cut.live)), 1);
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
   * outputs, or in large networks at the next cut: from there on `finish` goes on.
   */
  async lesion(cut: number, carried: boolean): Promise<CompiledLesion | undefined> {
    const { value: first, live } = this.cuts[cut] as CutPoint;
    const name = `${this.graph.name} behind ${first}${carried ? ', carried' : ''}`;
    const programs = await this.#programsAt(cut);
    if (!this.#lesions.has(name)) {
      const until = this.#direct ? [this.output] : (this.cuts[cut + 1]?.live ?? [this.output]);
      const carry = carried ? carryBehind(this.graph, { live, first }, until) : undefined;
      const known = carried && !carry;
      this.#lesions.set(name, known ? undefined : lesionProgram(this.graph, name, { live, first }, until, carry));
    }
    const lesion = this.#lesions.get(name);
    return lesion && { ...lesion, cut, program: await programs.get(name, () => lesion.graph) };
  }

  async #programsAt(cut: number): Promise<ProgramCache> {
    if (this.#direct) return this.#programs;
    if (this.#passing?.cut !== cut) {
      await this.#passing?.programs.close();
      this.#lesions.clear();
      this.#passing = { cut, programs: new ProgramCache(this.engine, Infinity) };
    }
    return this.#passing.programs;
  }

  /** From what a lesion program gave, rows of it, to the network's output. Takes the tensors over. */
  async finish(lesion: CompiledLesion, given: Live, signal?: AbortSignal): Promise<EngineTensor> {
    let live: Live = new Map([...lesion.outputs].map(([value, name]) => [value, given.get(name) as EngineTensor]));
    for (let at = lesion.cut + 2; !live.has(this.output) && at <= this.cuts.length; at++) {
      live = await this.#advance(at, live, signal);
    }
    return live.get(this.output) as EngineTensor;
  }

  /** The values alive at a cut, and those that a program for lesions there needs ahead of it. */
  async withAhead(lesion: CompiledLesion, live: HostLive, signal?: AbortSignal): Promise<HostLive> {
    const programs = await this.#programsAt(lesion.cut);
    const ahead = await this.#onHost(programs, `${lesion.graph.name}, ahead`, live, lesion.ahead, signal);
    return new Map([...live, ...ahead]);
  }

  /**
   * From the values alive at one cut, edited or not, to those at a later one. Small networks have a program for each pair of
   * cuts; large ones go cut by cut, so that no weight is held twice.
   */
  async advance(from: number, to: number, live: HostLive, signal?: AbortSignal): Promise<HostLive> {
    let at = live;
    for (let cut = this.#direct ? to : from + 1; cut <= to; cut++) {
      const { live: wanted } = this.cuts[cut] as CutPoint;
      const fresh = wanted.filter((value) => !at.has(value));
      const start = this.#direct ? `from cut ${from} to ${to}` : `segment ${cut}`;
      const found = await this.#onHost(this.#programs, `${this.graph.name} ${start}`, at, fresh, signal);
      at = new Map(wanted.map((value) => [value, (found.get(value) ?? at.get(value)) as Tensor]));
    }
    return at;
  }

  async #onHost(
    cache: ProgramCache,
    name: string,
    live: HostLive,
    wanted: readonly ValueId[],
    signal: AbortSignal | undefined,
  ): Promise<HostLive> {
    if (wanted.length === 0) return new Map();
    const given = readOnTheWay(this.graph, [...live.keys()], wanted);
    const program = await cache.get(name, () => segment(this.graph, name, given, wanted));
    const feeds = new Map(program.feeds.map((feed) => [feed.name, this.engine.upload(live.get(feed.name) as Tensor)]));
    const fetched = await program.run(feeds, signal ? { signal } : {});
    const values = new Map<ValueId, Tensor>();
    for (const [value, tensor] of fetched) values.set(value, await tensor.read());
    for (const tensor of [...feeds.values(), ...fetched.values()]) tensor.dispose();
    return values;
  }

  /**
   * Runs the intact network on images (preprocessed, [n, …] as the graph's input wants them), cut by cut. `visit` sees the
   * live values at each cut; they belong to the walk. Resolves to the outputs, [n × classes], on the host, unless the walk
   * ends before them. With `resume`, it keeps what is alive where it ends, and starts from where an earlier one ended.
   */
  async walk(
    images: Tensor,
    visit: (cut: number, live: Live) => Promise<void>,
    options: WalkOptions = {},
  ): Promise<Tensor | undefined> {
    const input = this.graph.inputs[0];
    if (!input) throw new PercussError('MODEL_INVALID', `network ${this.graph.name} has no input`);
    const paused = options.resume && this.#paused.take(options.resume);
    let live: Live = paused?.live ?? new Map([[input.id, this.engine.upload(images)]]);
    for (let cut = paused?.cut ?? 0; cut <= this.cuts.length; cut++) {
      if (cut !== paused?.cut) live = await this.#advance(cut, live, options.signal);
      if (cut < this.cuts.length) await visit(cut, live);
      if (cut !== options.until) continue;
      if (options.resume && this.#paused.keep(options.resume, { cut, live })) return undefined;
      break;
    }
    const output = await live.get(this.output)?.read();
    for (const tensor of live.values()) tensor.dispose();
    return output;
  }

  /** From the values alive at the cut before to those alive at this one. */
  async #advance(cut: number, live: Live, signal: AbortSignal | undefined): Promise<Live> {
    const wanted = this.cuts[cut]?.live ?? [this.output];
    const fresh = wanted.filter((value) => !live.has(value));
    const from = [...live.keys()];
    const name = `${this.graph.name} segment ${cut}`;
    const program = await this.program(name, () =>
      segment(this.graph, name, readOnTheWay(this.graph, from, fresh), fresh),
    );
    const feeds = new Map(program.feeds.map((feed) => [feed.name, live.get(feed.name) as EngineTensor]));
    const fetched = fresh.length > 0 ? await program.run(feeds, signal ? { signal } : {}) : new Map();
    const next = new Map<ValueId, EngineTensor>();
    for (const value of wanted) next.set(value, (fetched.get(value) ?? live.get(value)) as EngineTensor);
    for (const [value, tensor] of live) if (!next.has(value)) tensor.dispose();
    return next;
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
    await this.#passing?.programs.close();
    this.#passing = undefined;
    this.#paused.forget();
  }
}
