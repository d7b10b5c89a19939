import type { Site } from '../network/site.js';
import { sizeOf, type Tensor } from '../tensor.js';
import { cropped, type Crop } from './crop.js';
import type { Impulse } from './impulse.js';

/** One impulse as the tables show it. */
export interface ImpulseRecord extends Impulse {
  /** Index of the pair (+a, −a) it belongs to, or −1 where it has no partner. */
  readonly pair: number;
}

/** Points of the coarsest recorded map, in input pixels: what all signatures are sampled at. */
export interface Grid {
  readonly rows: readonly number[];
  readonly columns: readonly number[];
}

/** The grid of a group's signatures. */
export function gridOf(sites: readonly Site[]): Grid {
  let coarsest = sites[0];
  for (const site of sites)
    if (coarsest && site.stride[0] * site.stride[1] > coarsest.stride[0] * coarsest.stride[1]) coarsest = site;
  if (!coarsest) return { rows: [], columns: [] };
  const [, height = 1, width = 1] = coarsest.shape as [number, number?, number?];
  const points = (count: number, axis: 0 | 1): number[] =>
    Array.from({ length: count }, (_, i) => coarsest.offset[axis] + coarsest.stride[axis] * i);
  return { rows: points(height, 0), columns: points(width, 1) };
}

/** The map element nearest to a point of the input: exact where the finer map contains the coarser one. */
function nearest(point: number, offset: number, stride: number, length: number): number {
  return Math.max(0, Math.min(length - 1, Math.round((point - offset) / stride)));
}

/** Gathers what is stored of responses, as they come: impulses in order, sites by depth. */
export class Gathering {
  readonly #impulses: readonly ImpulseRecord[];
  readonly #grid: Grid;
  readonly #keep: boolean;
  readonly #tensors = new Map<string, Tensor>();
  readonly #pending = new Map<string, { response: Tensor<'float32'>; impulse: number }>();
  readonly #pairs: number;
  readonly #smallest: readonly number[];

  constructor(impulses: readonly ImpulseRecord[], sites: readonly Site[], grid: Grid, keep: boolean) {
    this.#impulses = impulses;
    this.#grid = grid;
    this.#keep = keep;
    this.#pairs = Math.max(-1, ...impulses.map((impulse) => impulse.pair)) + 1;
    this.#smallest = smallestPairs(impulses);
    const count = impulses.length;
    for (const site of sites) {
      const kernels = site.channels;
      const features = this.#smallest.length * grid.rows.length * grid.columns.length;
      const float = (name: string, shape: number[]): void =>
        void this.#tensors.set(`${name}/${site.name}`, {
          dtype: 'float32',
          shape,
          data: new Float32Array(sizeOf(shape)),
        });
      float('norm', [count, kernels]);
      this.#tensors.set(`crop/${site.name}`, { dtype: 'int32', shape: [count, 4], data: new Int32Array(count * 4) });
      if (this.#pairs === 0) continue;
      float('odd', [this.#pairs, kernels]);
      float('even', [this.#pairs, kernels]);
      float('oddness', [this.#pairs]);
      float('signature', [kernels, features]);
    }
  }

  #array(name: string, site: Site): Float32Array {
    return (this.#tensors.get(`${name}/${site.name}`) as Tensor<'float32'>).data;
  }

  add(i: number, site: Site, response: Tensor<'float32'>, crop: Crop): void {
    const positions = sizeOf(response.shape.slice(1));
    const norms = this.#array('norm', site);
    for (let k = 0; k < site.channels; k++)
      norms[i * site.channels + k] = norm(response.data, k * positions, positions);
    const crops = (this.#tensors.get(`crop/${site.name}`) as Tensor<'int32'>).data;
    crops.set([crop.top, crop.left, crop.height, crop.width], i * 4);
    if (this.#keep) this.#tensors.set(`response/${site.name}/${i}`, cropped(response, crop));
    const { pair } = this.#impulses[i] as ImpulseRecord;
    if (pair < 0) return;
    const waiting = this.#pending.get(`${pair}/${site.name}`);
    if (!waiting) {
      this.#pending.set(`${pair}/${site.name}`, { response, impulse: i });
      return;
    }
    this.#pending.delete(`${pair}/${site.name}`);
    const own = (this.#impulses[i] as ImpulseRecord).amplitude > 0;
    this.#addPair(pair, site, own ? response : waiting.response, own ? waiting.response : response);
  }

  #addPair(pair: number, site: Site, plus: Tensor<'float32'>, minus: Tensor<'float32'>): void {
    const positions = sizeOf(plus.shape.slice(1));
    const odd = this.#array('odd', site);
    const even = this.#array('even', site);
    let [dot, plusSquares, minusSquares] = [0, 0, 0];
    for (let k = 0; k < site.channels; k++) {
      let [oddSquares, evenSquares] = [0, 0];
      for (let j = k * positions; j < (k + 1) * positions; j++) {
        const p = plus.data[j] as number;
        const m = minus.data[j] as number;
        oddSquares += ((p - m) / 2) ** 2;
        evenSquares += ((p + m) / 2) ** 2;
        dot -= p * m;
        plusSquares += p * p;
        minusSquares += m * m;
      }
      odd[pair * site.channels + k] = Math.sqrt(oddSquares);
      even[pair * site.channels + k] = Math.sqrt(evenSquares);
    }
    const product = Math.sqrt(plusSquares * minusSquares);
    this.#array('oddness', site)[pair] = product > 0 ? dot / product : 0;
    const place = this.#smallest.indexOf(pair);
    if (place >= 0) this.#addSignature(place, site, plus, minus);
  }

  #addSignature(place: number, site: Site, plus: Tensor<'float32'>, minus: Tensor<'float32'>): void {
    const [, height, width] = plus.shape as [number, number, number];
    const signature = this.#tensors.get(`signature/${site.name}`) as Tensor<'float32'>;
    const features = signature.shape[1] as number;
    const points = this.#grid.rows.length * this.#grid.columns.length;
    for (let k = 0; k < site.channels; k++) {
      let at = k * features + place * points;
      for (const row of this.#grid.rows) {
        const y = nearest(row, site.offset[0], site.stride[0], height);
        for (const column of this.#grid.columns) {
          const j = (k * height + y) * width + nearest(column, site.offset[1], site.stride[1], width);
          signature.data[at++] = ((plus.data[j] as number) - (minus.data[j] as number)) / 2;
        }
      }
    }
  }

  finish(): ReadonlyMap<string, Tensor> {
    return this.#tensors;
  }
}

function norm(data: Float32Array, start: number, count: number): number {
  let squares = 0;
  for (let j = start; j < start + count; j++) squares += (data[j] as number) ** 2;
  return Math.sqrt(squares);
}

/** The pair of smallest amplitude at each place, in order. */
function smallestPairs(impulses: readonly ImpulseRecord[]): readonly number[] {
  const best = new Map<string, ImpulseRecord>();
  for (const impulse of impulses) {
    if (impulse.pair < 0) continue;
    const place = `${impulse.channel},${impulse.row},${impulse.column}`;
    const known = best.get(place);
    if (!known || Math.abs(impulse.amplitude) < Math.abs(known.amplitude)) best.set(place, impulse);
  }
  return [...best.values()].map((impulse) => impulse.pair);
}
