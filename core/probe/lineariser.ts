import { signsOf, writeForms } from './direction-forms.js';
import { directionCount, directionsOf, type LogitDirections } from './logit-directions.js';
import type { Digest } from '../digest.js';
import type { EngineTensor } from '../engine/engine.js';
import type { AdjointProgram } from '../network/adjoint.js';
import type { ValueId } from '../network/graph.js';
import type { Term } from '../network/operators/term.js';
import { randomStream, type RandomStream } from '../random.js';
import type { Fill } from '../spec/words/fills.js';
import { outputKinds, type OutputKind } from '../spec/words/output-kinds.js';
import { float32, rows, type Tensor } from '../tensor.js';
import type { InstrumentedNetwork } from './instrumented-network.js';
import { donorImages, replacementsOf, type Replacement } from './linearised-fill.js';
import { Gathered, type LinearisedChanges, type LinearisedTile } from './linearised-changes.js';
import { LinearisedNetwork, type ReplacingMaps, type SiteGradients } from './linearised-network.js';
import { uploaded } from './live.js';
import { logProbabilities } from './output-reading.js';
import type { ReferenceSet } from './reference-set.js';
import type { AskedMoments } from './told-maps.js';

/** Feeds of the forms of directions: signs of random ones, and of each image its class. */
const SIGNS = 'signs of directions';
const CLASSES = 'class of the image';

export interface LineariserOptions {
  readonly kind: OutputKind;
  /** Sites' values at which channels are removed. */
  readonly values: readonly ValueId[];
  /** What is put in their place, each once. */
  readonly fills: readonly Fill[];
  readonly reference: ReferenceSet;
  readonly seed: number;
  /** What substitutes are told by; where nothing is given none are asked for. */
  readonly moments?: AskedMoments;
  /** Whether the gradient of the loss is asked for, too; outputs must be classes. */
  readonly loss?: boolean;
}

/** The images of one chunk. */
export interface LinearisedImages {
  readonly digest: Digest;
  readonly images: Tensor;
  /** Of each image the output that is its class; asked for with `loss`. */
  readonly classes?: Uint16Array;
}

/** Removes each channel of some sites to first order: Δz = J·(what the fill puts there − what is there), for all of them from one way back. */
export class Lineariser {
  readonly #network: InstrumentedNetwork;
  readonly #options: LineariserOptions;
  readonly #replacements: readonly Replacement[];
  readonly #linearised: LinearisedNetwork;
  readonly #outputs: number;
  readonly #classed: boolean;
  /** Directions of an image. */
  readonly count: number;

  private constructor(network: InstrumentedNetwork, options: LineariserOptions, replacements: readonly Replacement[]) {
    this.#network = network;
    this.#options = options;
    this.#replacements = replacements;
    this.#outputs = network.classes;
    this.#classed = outputKinds[options.kind].classes;
    this.count = directionCount(this.#outputs, this.#classed);
    this.#linearised = new LinearisedNetwork(network, {
      values: options.values,
      directions: this.#rows,
      forms: (program, outputs) => this.#forms(program, outputs),
      sums: this.#replacements.some(({ kind }) => kind === 'constant'),
      replacing: this.#replacements.flatMap((own, i) => replacingMaps(own, `${i}`)),
    });
  }

  /** @throws PercussError MODEL_UNSUPPORTED, SPEC_INVALID for a fill whose change is not known beforehand. */
  static async open(network: InstrumentedNetwork, options: LineariserOptions): Promise<Lineariser> {
    const replacements = await replacementsOf(
      options.fills,
      network,
      options.values,
      options.reference,
      options.moments ?? (() => undefined),
    );
    return new Lineariser(network, options, replacements);
  }

  get #rows(): number {
    return this.count + (this.#options.loss === true ? 1 : 0);
  }

  /** Of the images of one chunk, kept. */
  async changes(
    chunk: LinearisedImages,
    options: { readonly signal?: AbortSignal; readonly onDone?: (images: number) => void } = {},
  ): Promise<LinearisedChanges> {
    const images = chunk.images.shape[0] as number;
    const gathered = new Gathered(this.#network, this.#options, images, this.count);
    for await (const tile of this.tiles(chunk, options.signal)) {
      gathered.add(tile);
      options.onDone?.(tile.from + tile.directions.length);
    }
    return gathered;
  }

  /** Of the images of one chunk, a few at a time. */
  async *tiles(chunk: LinearisedImages, signal?: AbortSignal): AsyncGenerator<LinearisedTile> {
    const images = chunk.images.shape[0] as number;
    const donors = this.#replacements.map((own) => (own.kind === 'donors' ? own.of(chunk.digest, images) : undefined));
    const random = randomStream(this.#options.seed, 'linearised', chunk.digest);
    for (let from = 0; from < images; from += this.#linearised.tile) {
      signal?.throwIfAborted();
      const to = Math.min(images, from + this.#linearised.tile);
      const tile = rows(chunk.images, from, to);
      const classes = chunk.classes?.subarray(from, to);
      const maps = await this.#maps(
        donors.map((own) => own?.subarray(from, to)),
        signal,
      );
      const { logits, sites } = await this.#linearised.run(tile, this.#fed(to - from, classes, random), maps, signal);
      for (const byValue of maps.values()) for (const tensor of byValue.values()) tensor.dispose();
      yield {
        from,
        directions: this.#directions(logits),
        rows: this.#rows,
        changes: new Map([...sites].map(([value, site]) => [value, this.#change(value, site)])),
      };
    }
  }

  close(): Promise<void> {
    return this.#linearised.close();
  }

  /** Whether what stands before the probabilities is known. */
  get #behind(): boolean {
    return this.#linearised.logits !== this.#network.output;
  }

  #forms(program: AdjointProgram, outputs: Term): Term {
    const { kind, loss } = this.#options;
    const size = this.#outputs;
    return writeForms(program.write, {
      outputs,
      size,
      of: !this.#classed
        ? 'values'
        : kind === 'probabilities' && outputs.id === this.#network.output
          ? 'probabilities'
          : 'logits',
      signs: () => program.input(SIGNS, 'image', [1, signsOf(size, this.#classed), size]),
      classes: loss === true ? program.input(CLASSES, 'image', [1, 1, size]) : undefined,
    });
  }

  /** What the forms of some images are fed with. */
  #fed(images: number, classes: Uint16Array | undefined, random: RandomStream): Map<ValueId, Tensor> {
    const size = this.#outputs;
    const fed = new Map<ValueId, Tensor>();
    const several = signsOf(size, this.#classed);
    if (several > 0) {
      const data = new Float32Array(images * several * size);
      for (let i = 0; i < images; i++) {
        for (let c = 0; c < size; c++) {
          const bits = random.uint32() >>> 16;
          for (let j = 0; j < several; j++) data[(i * several + j) * size + c] = (bits >>> j) & 1 ? 1 : -1;
        }
      }
      fed.set(SIGNS, float32([images, several, size], data));
    }
    if (this.#options.loss === true && classes) {
      const data = new Float32Array(images * size);
      classes.forEach((own, i) => void (data[i * size + own] = 1));
      fed.set(CLASSES, float32([images, 1, size], data));
    }
    return fed;
  }

  #directions({ data }: Tensor): readonly LogitDirections[] {
    const logs = logProbabilities(data as Float32Array, this.#outputs, this.#behind ? 'logits' : this.#options.kind);
    return Array.from({ length: logs.length / this.#outputs }, (_, i) =>
      directionsOf(logs.slice(i * this.#outputs, (i + 1) * this.#outputs), this.#classed),
    );
  }

  /** What is put in place of the sites' maps of a tile, by the fill's place. */
  async #maps(
    donors: readonly (Uint32Array | undefined)[],
    signal: AbortSignal | undefined,
  ): Promise<ReadonlyMap<string, ReadonlyMap<ValueId, EngineTensor>>> {
    const { engine, graph } = this.#network;
    const maps = new Map<string, ReadonlyMap<ValueId, EngineTensor>>();
    for (const [i, replacement] of this.#replacements.entries()) {
      if (replacement.kind === 'map') {
        const host = [...replacement.at].map(([value, data]): [ValueId, Tensor] => {
          const shape = [1, ...(graph.shapes.get(value) as readonly number[]).slice(1)];
          return [value, { dtype: 'float32', shape, data }];
        });
        maps.set(`${i}`, uploaded(engine, new Map(host)));
      }
      const own = donors[i];
      if (own) maps.set(`${i}`, await this.#valuesOn(donorImages(this.#options.reference, own), signal));
    }
    return maps;
  }

  /** Maps of all sites on other images. */
  async #valuesOn(images: Tensor, signal: AbortSignal | undefined): Promise<ReadonlyMap<ValueId, EngineTensor>> {
    const { engine } = this.#network;
    const wanted = new Set(this.#options.values);
    const found = new Map<ValueId, EngineTensor>();
    const visit = async (cut: number, live: ReadonlyMap<ValueId, EngineTensor>): Promise<void> => {
      const value = this.#network.cuts[cut]?.value as ValueId;
      const host = wanted.has(value) ? await live.get(value)?.read() : undefined;
      if (host) found.set(value, engine.upload({ ...host, data: host.data.slice() }));
    };
    await this.#network.walk(images, visit, signal ? { signal } : {});
    return found;
  }

  /** Of each fill, [images × rows, channels]. */
  #change(value: ValueId, { own, sum, replaced }: SiteGradients): readonly Float32Array[] {
    return this.#replacements.map((replacement, i) => {
      if (replacement.kind === 'constant') {
        const constants = replacement.at.get(value) as Float32Array;
        return own.map((x, at) => (sum?.[at] as number) * (constants[at % constants.length] as number) - x);
      }
      const instead = replaced.get(`${i}`);
      // Where it is not asked for, it is not known what would be told.
      if (!instead && replacement.kind === 'told') return own.map(() => Number.NaN);
      return own.map((x, at) => (instead?.[at] ?? 0) - x);
    });
  }
}

function replacingMaps(replacement: Replacement, name: string): ReplacingMaps[] {
  switch (replacement.kind) {
    case 'nothing':
    case 'constant':
      return [];
    case 'map':
      return [{ name, per: 'all' }];
    case 'donors':
      return [{ name, per: 'image' }];
    case 'told':
      return [{ name, told: replacement.at }];
  }
}
