import type { Digest } from '../digest.js';
import type { Engine, EngineTensor, Program } from '../engine/engine.js';
import { PercussError } from '../errors.js';
import type { Graph, ValueId } from '../network/graph.js';
import { lesionProgram, liveBehind, segment, type LesionProgram } from '../network/segment.js';
import type { Anatomy, Site } from '../network/site.js';
import { rows, sizeOf, type Tensor } from '../tensor.js';

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

interface Cached {
  readonly program: Promise<Program>;
  bytes: number;
}

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
  readonly #programs = new Map<string, Cached>();
  readonly #lesions = new Map<string, LesionProgram>();
  readonly #budget: number;
  /** Of one chunk at a time, by tile. */
  readonly #paused = new Map<number, Paused>();
  #pausedChunk: Digest | undefined;

  constructor(
    graph: Graph,
    anatomy: Anatomy,
    engine: Engine,
    options: { output?: string; programBytes?: number } = {},
  ) {
    this.graph = graph;
    this.anatomy = anatomy;
    this.engine = engine;
    this.output = options.output ?? (graph.outputs.at(-1) as ValueId);
    this.#budget = options.programBytes ?? 2 ** 30;
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
    const perImage = Math.max(...this.cuts.map((cut) => this.#bytes(cut.live)), 1);
    return Math.max(1, Math.min(256, Math.floor(ACTIVATION_BYTES / perImage)));
  }

  /** Rows that one run of a lesion program behind this cut takes. */
  rowsAt(cut: number): number {
    const perRow = Math.max(...this.cuts.slice(cut).map((point) => this.#bytes(point.live)), 1);
    return Math.max(8, Math.min(256, Math.floor(ACTIVATION_BYTES / 4 / perRow)));
  }

  #bytes(values: readonly ValueId[]): number {
    return values.reduce(
      (sum, value) => sum + 4 * sizeOf((this.graph.shapes.get(value) as readonly number[]).slice(1)),
      0,
    );
  }

  /** A program of this network, compiled on first use; the least recently used ones make room for it. */
  async program(name: string, build: () => Graph): Promise<Program> {
    const known = this.#programs.get(name);
    if (known) {
      this.#programs.delete(name);
      this.#programs.set(name, known);
      return known.program;
    }
    const entry: Cached = { program: this.engine.compile(build()), bytes: 0 };
    this.#programs.set(name, entry);
    entry.program.catch(() => this.#programs.delete(name));
    const program = await entry.program;
    entry.bytes = program.bytes;
    let total = [...this.#programs.values()].reduce((sum, cached) => sum + cached.bytes, 0);
    for (const [key, cached] of this.#programs) {
      if (total <= this.#budget) break;
      if (cached === entry || cached.bytes === 0) continue;
      this.#programs.delete(key);
      total -= cached.bytes;
      await (await cached.program).dispose();
    }
    return program;
  }

  /**
   * The program for lesions whose first edit is at a cut. A single edit has no further edit nodes; several edits share one
   * program with a node at every later site, so which program runs depends on the condition alone.
   */
  async lesion(cut: number, several: boolean): Promise<CompiledLesion> {
    const point = this.cuts[cut] as CutPoint;
    const name = `${this.graph.name} behind ${point.value}${several ? ', several edits' : ''}`;
    const later = several ? this.cuts.slice(cut + 1).map((next) => next.value) : [];
    let lesion = this.#lesions.get(name);
    if (!lesion) {
      lesion = lesionProgram(this.graph, name, { live: point.live, first: point.value }, later, [this.output]);
      this.#lesions.set(name, lesion);
    }
    const { graph } = lesion;
    return { ...lesion, program: await this.program(name, () => graph) };
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
    const program = await this.program(`${this.graph.name} segment ${cut}`, () =>
      segment(this.graph, `${this.graph.name} segment ${cut}`, this.#needed(from, fresh), fresh),
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

  /** Only what the segment reads: feeding more is an error of some engines. */
  #needed(from: readonly ValueId[], to: readonly ValueId[]): readonly ValueId[] {
    const part = segment(this.graph, 'probe', from, to);
    const read = new Set(part.nodes.flatMap((node) => node.inputs));
    return from.filter((value) => read.has(value));
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
    for (const cached of this.#programs.values()) await (await cached.program).dispose();
    this.#programs.clear();
    this.#forget();
  }
}
