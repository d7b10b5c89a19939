import type { Site } from '../anatomy/site.js';
import { sizeOf, type Tensor } from '../tensor.js';
import { cropped, unionOf, type Crop } from './crop.js';
import type { Grid, GridElements } from './grid.js';
import type { Impulse } from './impulse.js';

/** One impulse as the tables show it. */
export interface ImpulseRecord extends Impulse {
  /** Index of the pair (+a, −a) it belongs to, or −1 where it has no partner. */
  readonly pair: number;
}

/** Gathers what is stored of responses, as they come: impulses in order, sites by depth. */
export class Gathering {
  readonly #impulses: readonly ImpulseRecord[];
  readonly #grid: Grid;
  readonly #keep: boolean;
  readonly #tensors = new Map<string, Tensor>();
  readonly #pending = new Map<string, Cropped>();
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
      const features = this.#smallest.length * grid.rows * grid.columns;
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
    const norms = this.#array('norm', site);
    for (let k = 0; k < site.channels; k++) norms[i * site.channels + k] = norm(response, k, crop);
    const crops = (this.#tensors.get(`crop/${site.name}`) as Tensor<'int32'>).data;
    crops.set([crop.top, crop.left, crop.height, crop.width], i * 4);
    if (this.#keep) this.#tensors.set(`response/${site.name}/${i}`, cropped(response, crop));
    const { pair } = this.#impulses[i] as ImpulseRecord;
    if (pair < 0) return;
    const waiting = this.#pending.get(`${pair}/${site.name}`);
    if (!waiting) {
      this.#pending.set(`${pair}/${site.name}`, { response, crop });
      return;
    }
    this.#pending.delete(`${pair}/${site.name}`);
    const own = (this.#impulses[i] as ImpulseRecord).amplitude > 0;
    const both = unionOf(crop, waiting.crop);
    this.#addPair(pair, site, both, own ? response : waiting.response, own ? waiting.response : response);
  }

  /** Outside of `crop` both are zero, which adds nothing to any of the sums. */
  #addPair(pair: number, site: Site, crop: Crop, plus: Tensor<'float32'>, minus: Tensor<'float32'>): void {
    const [, height, width] = plus.shape as [number, number, number];
    const odd = this.#array('odd', site);
    const even = this.#array('even', site);
    let [dot, plusSquares, minusSquares] = [0, 0, 0];
    for (let k = 0; k < site.channels; k++) {
      let [oddSquares, evenSquares] = [0, 0];
      for (let y = crop.top; y < crop.top + crop.height; y++) {
        const from = (k * height + y) * width + crop.left;
        for (let j = from; j < from + crop.width; j++) {
          const p = plus.data[j] as number;
          const m = minus.data[j] as number;
          const [difference, sum] = [(p - m) / 2, (p + m) / 2];
          oddSquares += difference * difference;
          evenSquares += sum * sum;
          dot -= p * m;
          plusSquares += p * p;
          minusSquares += m * m;
        }
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
    const points = this.#grid.rows * this.#grid.columns;
    const { rows, columns } = this.#grid.elements.get(site.name) as GridElements;
    for (let k = 0; k < site.channels; k++) {
      let at = k * features + place * points;
      for (const row of rows) {
        const from = (k * height + row) * width;
        for (const column of columns) {
          const j = from + column;
          signature.data[at++] = ((plus.data[j] as number) - (minus.data[j] as number)) / 2;
        }
      }
    }
  }

  finish(): ReadonlyMap<string, Tensor> {
    return this.#tensors;
  }
}

interface Cropped {
  readonly response: Tensor<'float32'>;
  readonly crop: Crop;
}

/** Of one kernel's response, which is zero outside of the crop. */
function norm({ shape, data }: Tensor<'float32'>, kernel: number, crop: Crop): number {
  const [, height, width] = shape as [number, number, number];
  let squares = 0;
  for (let y = crop.top; y < crop.top + crop.height; y++) {
    const from = (kernel * height + y) * width + crop.left;
    for (let j = from; j < from + crop.width; j++) squares += (data[j] as number) * (data[j] as number);
  }
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
