import type { Digest } from '../digest.js';
import type { ValueId } from '../network/graph.js';
import type { FillDraw } from '../plan/conditions.js';
import { outputKinds, type OutputKind } from '../spec/words/output-kinds.js';
import { sizeOf, type Tensor } from '../tensor.js';
import { linearisedFill } from './fill.js';
import type { InstrumentedNetwork } from './instrumented-network.js';
import type { LinearisedTile } from './linearised-changes.js';
import { Lineariser } from './lineariser.js';
import type { ReferenceSet } from './reference-set.js';
import type { AskedMoments } from './told-maps.js';

/** Images with the outputs that are their classes. */
export interface LabelledImages {
  readonly digest: Digest;
  readonly images: Tensor;
  readonly classes: Uint16Array;
}

export interface KernelGradientsOptions {
  readonly kind: OutputKind;
  /** Names of the sites whose kernels are asked about. */
  readonly sites: readonly string[];
  /** What takes a kernel's place; fills that can't be linearised are left out. The first is zero. */
  readonly fills: readonly FillDraw[];
  readonly reference: ReferenceSet;
  readonly seed: number;
  /** What substitutes are told by; where nothing is given none are asked for. */
  readonly moments?: AskedMoments;
  readonly signal?: AbortSignal;
}

/** Names of the tensors that hold a measure of a site's kernels, float64 [channels]. */
export const gradientTensors = {
  /** Mean over images of |Σ g·x| by position, g the gradient of the loss. */
  activation: (site: string): string => `gradient-activation/${site}`,
  /** Half the mean over images of (Σ g·x)². */
  fisher: (site: string): string => `fisher/${site}`,
  /** Mean over chunks of the square of the chunk's mean Σ g·x. */
  taylor: (site: string): string => `taylor/${site}`,
  /** Mean over images, and draws, of the damage that the linearised removal is predicted to do. */
  linearised: (fill: string, site: string): string => `linearised/${fill}/${site}`,
} as const;

/**
 * What one way back over some images says about removing each kernel of some sites: measures of gradients of the loss, where outputs are
 * classes, and the damage of the linearised removal, by fill.
 *
 * @throws PercussError MODEL_UNSUPPORTED naming operators that gradients do not pass.
 */
export async function kernelGradients(
  network: InstrumentedNetwork,
  chunks: readonly LabelledImages[],
  options: KernelGradientsOptions,
): Promise<ReadonlyMap<string, Tensor>> {
  const loss = outputKinds[options.kind].classes;
  const fills = options.fills.filter(({ fill }) => {
    const how = linearisedFill(fill);
    return typeof how !== 'object' || !('refused' in how);
  });
  const values = [...new Set(options.sites.map((site) => network.site(site).value))];
  const lineariser = await Lineariser.open(network, {
    kind: options.kind,
    values,
    fills: fills.map(({ fill }) => fill),
    reference: options.reference,
    ...(options.moments ? { moments: options.moments } : {}),
    seed: options.seed,
    loss,
  });
  const sums = new Map(values.map((value) => [value, new SiteSums(network, value, fills, loss)]));
  try {
    for (const { classes, ...chunk } of chunks) {
      for await (const tile of lineariser.tiles(loss ? { ...chunk, classes } : chunk, options.signal))
        for (const [value, own] of sums) own.add(tile, tile.changes.get(value) ?? [], lineariser.count);
      for (const own of sums.values()) own.endChunk();
    }
  } finally {
    await lineariser.close();
  }
  const named = options.sites.flatMap((site) => sums.get(network.site(site).value)?.tensors(site) ?? []);
  return new Map(named);
}

/** Sums over images of what the loss changes by, Σ g·x: of its size, its square, and of itself over the chunk in hand. */
interface LossSums {
  readonly absolute: Float64Array;
  readonly squared: Float64Array;
  readonly own: Float64Array;
}

/** Sums of one site over images. */
class SiteSums {
  readonly #channels: number;
  readonly #positions: number;
  readonly #fills: readonly FillDraw[];
  readonly #damage: readonly Float64Array[];
  /** Undefined where there is no loss. */
  readonly #loss: LossSums | undefined;
  readonly #taylor: Float64Array;
  #images = 0;
  #inChunk = 0;
  #chunks = 0;

  constructor(network: InstrumentedNetwork, value: ValueId, fills: readonly FillDraw[], loss: boolean) {
    const [, channels = 1, ...space] = network.graph.shapes.get(value) ?? [];
    this.#channels = channels;
    this.#positions = sizeOf(space);
    this.#fills = fills;
    const sums = (): Float64Array => new Float64Array(channels);
    this.#damage = fills.map(sums);
    this.#loss = loss ? { absolute: sums(), squared: sums(), own: sums() } : undefined;
    this.#taylor = sums();
  }

  /** @param changes by fill, see `LinearisedTile` */
  add({ directions, rows }: LinearisedTile, changes: readonly Float32Array[], count: number): void {
    const change = new Float64Array(count);
    directions.forEach((direction, image) => {
      this.#damage.forEach((into, fill) => {
        const from = changes[fill] as Float32Array;
        for (let c = 0; c < this.#channels; c++) {
          for (let j = 0; j < count; j++) change[j] = from[(image * rows + j) * this.#channels + c] as number;
          into[c] = (into[c] as number) + direction.damage(change);
        }
      });
      if (this.#loss) this.#addLoss(this.#loss, changes[0] as Float32Array, image * rows + count);
    });
    this.#images += directions.length;
    this.#inChunk += directions.length;
  }

  /** By how much the loss changes, to first order, where nothing stands in a kernel's place: −Σ g·x. */
  #addLoss(sums: LossSums, changes: Float32Array, row: number): void {
    for (let c = 0; c < this.#channels; c++) {
      const change = changes[row * this.#channels + c] as number;
      sums.absolute[c] = (sums.absolute[c] as number) + Math.abs(change);
      sums.squared[c] = (sums.squared[c] as number) + change * change;
      sums.own[c] = (sums.own[c] as number) + change;
    }
  }

  endChunk(): void {
    this.#loss?.own.forEach((sum, c) => {
      this.#taylor[c] = (this.#taylor[c] as number) + (sum / this.#inChunk) ** 2;
    });
    this.#loss?.own.fill(0);
    this.#inChunk = 0;
    this.#chunks++;
  }

  tensors(site: string): [string, Tensor][] {
    const floats = (data: Float64Array): Tensor => ({ dtype: 'float64', shape: [data.length], data });
    const loss: [string, Tensor][] = this.#loss
      ? [
          [
            gradientTensors.activation(site),
            floats(this.#loss.absolute.map((sum) => sum / this.#images / this.#positions)),
          ],
          [gradientTensors.fisher(site), floats(this.#loss.squared.map((sum) => sum / this.#images / 2))],
          [gradientTensors.taylor(site), floats(this.#taylor.map((sum) => sum / this.#chunks))],
        ]
      : [];
    return [
      ...loss,
      ...this.#linearised().map(([fill, data]): [string, Tensor] => [
        gradientTensors.linearised(fill, site),
        floats(data),
      ]),
    ];
  }

  /** Mean over images by the fill's name, draws averaged. */
  #linearised(): [string, Float64Array][] {
    const names = new Set(this.#fills.map(({ name }) => name));
    return [...names].map((name) => {
      const own = this.#damage.filter((_, i) => this.#fills[i]?.name === name);
      const total = new Float64Array(this.#channels);
      for (const damage of own) damage.forEach((sum, c) => void (total[c] = (total[c] as number) + sum));
      return [name, total.map((sum) => sum / (this.#images * own.length))];
    });
  }
}
