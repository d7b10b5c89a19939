import type { EngineTensor, Program } from '../engine/engine.js';
import { AdjointProgram } from '../network/adjoint.js';
import { wiringOf, type Graph, type ValueId } from '../network/graph.js';
import { elementsPerImage } from '../network/operators/layout.js';
import type { Term } from '../network/operators/term.js';
import type { Tensor } from '../tensor.js';
import type { InstrumentedNetwork } from './instrumented-network.js';
import { uploaded } from './live.js';
import { writeToldMaps, type ToldMaps } from './told-maps.js';

/**
 * Maps that are put in place of a site's, by the name of what puts them there: fed, the same for all images or one for each, or told by the
 * network itself, at the values where that is known.
 */
export type ReplacingMaps =
  | { readonly name: string; readonly per: 'all' | 'image' }
  | { readonly name: string; readonly told: ReadonlyMap<ValueId, ToldMaps> };

export interface Linearisation {
  /** Values of sites. */
  readonly values: readonly ValueId[];
  /** How many directions in the outputs an image has, and what writes their forms. */
  readonly directions: number;
  readonly forms: (program: AdjointProgram, logits: Term) => Term;
  /** Whether the gradient's own sum is asked for. */
  readonly sums: boolean;
  readonly replacing: readonly ReplacingMaps[];
}

/** Of one tile and one site, each [images × directions, channels]: the gradient g in each direction times a map, summed over positions. */
export interface SiteGradients {
  /** Σ g·x, x the site's own map. */
  readonly own: Float32Array;
  /** Σ g. */
  readonly sum: Float32Array | undefined;
  /** Σ g·y for replacing maps y, by their name. */
  readonly replaced: ReadonlyMap<string, Float32Array>;
}

/** What the rows of the largest value may take in a run: about what stays in a core's cache while it passes a few nodes. */
const RUN_BYTES = 1.5 * 2 ** 20;

/** Feed of what replaces a site's map. */
const feedName = (name: string, value: ValueId): string => `${name} at ${value}`;

/** What is read of one site, by the names of the program's outputs. */
interface Read {
  readonly own: ValueId;
  readonly sum: ValueId | undefined;
  readonly replaced: ReadonlyMap<string, ValueId>;
}

/**
 * The network linearised at its images: one program that runs the intact network forwards, chooses directions in its outputs, runs these
 * backwards, and leaves of the gradient at each site a few numbers a channel.
 */
export class LinearisedNetwork {
  /** Whose linear forms directions are: the outputs, or what a softmax at the end makes probabilities of. */
  readonly logits: ValueId;
  /** Images of a run. */
  readonly tile: number;
  readonly #network: InstrumentedNetwork;
  readonly #read = new Map<ValueId, Read>();
  readonly #graph: Graph;
  #program: Promise<Program> | undefined;

  /** @throws PercussError MODEL_UNSUPPORTED naming operators that gradients do not pass. */
  constructor(network: InstrumentedNetwork, asked: Linearisation) {
    const { graph } = network;
    this.#network = network;
    this.logits = logitsBehind(graph, network.output);
    const request = {
      graph,
      output: this.logits,
      wanted: asked.values,
      cotangents: asked.directions,
      written: (program: AdjointProgram) => asked.forms(program, program.intact(this.logits)),
    };
    const program = new AdjointProgram(request, (value, gradient, writer) => {
      this.#read.set(value, summed(writer, value, gradient, asked));
    });
    const outputs = [...this.#read.values()].flatMap(({ own, sum, replaced }) => [
      own,
      ...(sum === undefined ? [] : [sum]),
      ...replaced.values(),
    ]);
    this.#graph = program.build(`${graph.name}, linearised`, [...outputs, this.logits]);
    this.tile = tileOf(graph, asked.directions);
  }

  /**
   * Runs a tile of images. `fed` is what the forms of directions ask for, by the names of feeds; `maps` what replaces sites' maps, by name and
   * value. What is handed in stays the caller's.
   */
  async run(
    images: Tensor,
    fed: ReadonlyMap<ValueId, Tensor>,
    maps: ReadonlyMap<string, ReadonlyMap<ValueId, EngineTensor>>,
    signal?: AbortSignal,
  ): Promise<{ readonly logits: Tensor; readonly sites: ReadonlyMap<ValueId, SiteGradients> }> {
    const { engine, graph } = this.#network;
    this.#program ??= engine.compile(this.#graph, { keepsMemory: true });
    const program = await this.#program;
    const own = new Map<string, EngineTensor>([
      [(graph.inputs[0] as { id: ValueId }).id, engine.upload(images)],
      ...uploaded(engine, fed),
    ]);
    const feeds = new Map(own);
    for (const [name, byValue] of maps)
      for (const [value, tensor] of byValue)
        if (this.#read.get(value)?.replaced.has(name) === true) feeds.set(feedName(name, value), tensor);
    const fetched = await program.run(feeds, signal ? { signal } : {});
    for (const tensor of own.values()) tensor.dispose();
    const host = new Map<string, Tensor>();
    for (const [name, tensor] of fetched) {
      host.set(name, await tensor.read());
      tensor.dispose();
    }
    const floats = (name: ValueId): Float32Array => host.get(name)?.data as Float32Array;
    const sites = new Map(
      [...this.#read].map(([value, read]): [ValueId, SiteGradients] => [
        value,
        {
          own: floats(read.own),
          sum: read.sum === undefined ? undefined : floats(read.sum),
          replaced: new Map([...read.replaced].map(([name, id]) => [name, floats(id)])),
        },
      ]),
    );
    return { logits: host.get(this.logits) as Tensor, sites };
  }

  async close(): Promise<void> {
    await (await this.#program)?.dispose();
    this.#program = undefined;
  }
}
/** Sums over a site's positions of its gradient times its map, of the gradient, and of it times what replaces the map. */
function summed(program: AdjointProgram, value: ValueId, gradient: Term, { sums, replacing }: Linearisation): Read {
  const { write } = program;
  const x = program.intact(value);
  const space = [...gradient.shape.keys()].slice(2);
  const over = (term: Term): ValueId =>
    space.length === 0 ? term.id : write.apply('ReduceSum', [term], { axes: space, keepdims: 0 }).id;
  return {
    own: over(write.multiply(gradient, x)),
    sum: sums ? over(gradient) : undefined,
    replaced: new Map(
      replacing.flatMap((maps): [string, ValueId][] => {
        const map = replacingAt(program, value, x, maps);
        return map ? [[maps.name, over(write.multiply(gradient, map))]] : [];
      }),
    ),
  };
}

function replacingAt(program: AdjointProgram, value: ValueId, own: Term, maps: ReplacingMaps): Term | undefined {
  if ('per' in maps) return program.input(feedName(maps.name, value), maps.per, own.shape);
  const told = maps.told.get(value);
  return told && writeToldMaps(program.write, (id) => program.intact(id), own, told);
}

/** Images of a run. */
function tileOf(graph: Graph, directions: number): number {
  const sizes = graph.nodes.flatMap(({ outputs }) =>
    outputs.map((value) => elementsPerImage(graph.shapes.get(value) as readonly number[])),
  );
  return Math.max(1, Math.min(16, Math.floor(RUN_BYTES / (4 * directions * Math.max(...sizes)))));
}

/** What a softmax at the end makes probabilities of, where there is one; else the output itself. */
export function logitsBehind(graph: Graph, output: ValueId): ValueId {
  const { producer } = wiringOf(graph);
  const size = (value: ValueId): number => elementsPerImage(graph.shapes.get(value) as readonly number[]);
  for (let value = output; ;) {
    const node = producer.get(value);
    const [input] = node?.inputs ?? [];
    if (node === undefined || input === undefined || graph.constants.has(input) || size(input) !== size(value))
      return output;
    if (node.op === 'Softmax') return input;
    if (node.op !== 'Reshape' && node.op !== 'Flatten') return output;
    value = input;
  }
}
