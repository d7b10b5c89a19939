import type { Digest } from '../digest.js';
import type { Engine, EngineTensor, Program } from '../engine/engine.js';
import { PercussError } from '../errors.js';
import type { Graph, ValueId } from '../network/graph.js';
import { carryBehind } from '../network/carry.js';
import { lesionProgram, type LesionProgram } from '../network/lesion-program.js';
import { liveBehind, readOnTheWay, segment } from '../network/segment.js';
import type { Anatomy, Site } from '../network/site.js';
import { rows, sizeOf, type Tensor } from '../tensor.js';
import { ProgramCache } from './program-cache.js';

/** A place where the network is cut: behind the value of one or several sites. */
export interface CutPoint {
  readonly value: ValueId;
  readonly sites: readonly Site[];
  /** Values that are alive there, the cut's own among them. */
  readonly live: readonly ValueId[];
}

/** A lesion program, compiled. */
export interface CompiledLesion extends LesionProgram {
  readonly program: Program;
}

/** Values alive at a cut, on the host: [images, …]. */
export type HostLive = ReadonlyMap<ValueId, Tensor>;

type Live = ReadonlyMap<ValueId, EngineTensor>;

/** A walk that ended at a cut, with the values that are alive there. */
interface Paused {
  readonly cut: number;
  readonly live: Live;
}

/** Names images by content, so that a walk over them may go on where an earlier one ended. */
export interface Resumption {
  readonly chunk: Digest;
  /** First image of the tile. */
  readonly tile: number;
  /** First cut that this walk is wanted for; earlier ones may go unvisited. */
  readonly from: number;
}

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
  readonly #programs: ProgramCache;
  readonly #lesions = new Map<string, LesionProgram | undefined>();
  readonly #direct: boolean;
  /** Of one chunk at a time, by tile. */
  readonly #paused = new Map<number, Paused>();
  #pausedChunk: Digest | undefined;

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
    this.#programs = new ProgramCache(engine, options.programBytes ?? 2 ** 30);
    this.#direct =
      [...graph.constants.values()].reduce((sum, { data }) => sum + data.byteLength, 0) <=
      (options.directBytes ?? DIRECT_BYTES);
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

  /** Rows that one run of a lesion program behind this cut takes. */
  rowsAt(cut: number): number {
    const perRow = Math.max(...this.cuts.slice(cut).map((point) => this.bytesOf(point.live)), 1);
    return Math.max(8, Math.min(256, Math.floor(ACTIVATION_BYTES / 4 / perRow)));
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
   * can be carried). Which one runs depends on the condition alone, since they differ in the last places.
   */
  async lesion(cut: number, carried: boolean): Promise<CompiledLesion | undefined> {
    const { value: first, live } = this.cuts[cut] as CutPoint;
    const name = `${this.graph.name} behind ${first}${carried ? ', carried' : ''}`;
    if (!this.#lesions.has(name)) {
      const carry = carried ? carryBehind(this.graph, { live, first }, [this.output]) : undefined;
      const known = carried && !carry;
      this.#lesions.set(
        name,
        known ? undefined : lesionProgram(this.graph, name, { live, first }, [this.output], carry),
      );
    }
    const lesion = this.#lesions.get(name);
    return lesion && { ...lesion, program: await this.program(name, () => lesion.graph) };
  }

  /** The values alive at a cut, and those that a program for lesions there needs ahead of it. */
  async withAhead(lesion: CompiledLesion, live: HostLive, signal?: AbortSignal): Promise<HostLive> {
    const ahead = await this.#onHost(`${lesion.graph.name}, ahead`, live, lesion.ahead, signal);
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
      const found = await this.#onHost(`${this.graph.name} ${start}`, at, fresh, signal);
      at = new Map(wanted.map((value) => [value, (found.get(value) ?? at.get(value)) as Tensor]));
    }
    return at;
  }

  async #onHost(
    name: string,
    live: HostLive,
    wanted: readonly ValueId[],
    signal: AbortSignal | undefined,
  ): Promise<HostLive> {
    if (wanted.length === 0) return new Map();
    const given = readOnTheWay(this.graph, [...live.keys()], wanted);
    const program = await this.program(name, () => segment(this.graph, name, given, wanted));
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
    const paused = options.resume && this.#resumed(options.resume);
    let live: Live = paused?.live ?? new Map([[input.id, this.engine.upload(images)]]);
    for (let cut = paused?.cut ?? 0; cut <= this.cuts.length; cut++) {
      if (cut !== paused?.cut) live = await this.#advance(cut, live, options.signal);
      if (cut < this.cuts.length) await visit(cut, live);
      if (cut !== options.until) continue;
      if (options.resume && this.#pause(options.resume, { cut, live })) return undefined;
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

  /** Gives what an earlier walk left to this one, if it lies before what this one is wanted for. */
  #resumed({ chunk, tile, from }: Resumption): Paused | undefined {
    const paused = chunk === this.#pausedChunk ? this.#paused.get(tile) : undefined;
    if (!paused || paused.cut > from) return undefined;
    this.#paused.delete(tile);
    return paused;
  }

  #pause({ chunk, tile }: Resumption, paused: Paused): boolean {
    if (chunk !== this.#pausedChunk) this.#forget();
    this.#pausedChunk = chunk;
    const bytes = ({ live }: Paused): number => [...live.values()].reduce((sum, tensor) => sum + tensor.bytes, 0);
    const before = this.#paused.get(tile);
    if (before) for (const tensor of before.live.values()) tensor.dispose();
    this.#paused.delete(tile);
    const held = [...this.#paused.values()].reduce((sum, other) => sum + bytes(other), 0);
    // Those that are held stay: tiles come in the same order again, so that dropping the oldest would keep none.
    if (held + bytes(paused) > PAUSED_BYTES) return false;
    this.#paused.set(tile, paused);
    return true;
  }

  #forget(): void {
    for (const { live } of this.#paused.values()) for (const tensor of live.values()) tensor.dispose();
    this.#paused.clear();
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
    this.#forget();
  }
}
