import { float32, type Tensor } from '../../tensor.js';
import { invalidModel, type JsonObject } from './config.js';
import { readTensors } from './manifest.js';

/** The weights of a layers model by name, as float32. */
export class Weights {
  readonly #model: string;
  readonly #byName: ReadonlyMap<string, Tensor<'float32'>>;

  constructor(model: string, byName: ReadonlyMap<string, Tensor<'float32'>>) {
    this.#model = model;
    this.#byName = byName;
  }

  /**
   * Weight `part` of a layer: `conv2d/kernel`, with the scopes and suffixes that Keras puts around it
   * (`conv2d_1/conv2d/kernel:0`, `model/conv2d/kernel`).
   * @throws PercussError MODEL_INVALID if there is none, or more than one that fits.
   */
  get(layer: string, part: string): { readonly name: string; readonly tensor: Tensor<'float32'> } {
    const exact = this.#byName.get(`${layer}/${part}`);
    if (exact) return { name: `${layer}/${part}`, tensor: exact };
    const fits = this.#fitting(layer, part);
    const [only, ...others] = fits;
    if (!only || others.length > 0) {
      const found = fits.length === 0 ? 'there is none' : `${fits.map(([name]) => name).join(' and ')} fit`;
      throw invalidModel(this.#model, `the weight "${part}" of layer "${layer}" was expected, but ${found}`);
    }
    return { name: only[0], tensor: only[1] };
  }

  has(layer: string, part: string): boolean {
    return this.#byName.has(`${layer}/${part}`) || this.#fitting(layer, part).length > 0;
  }

  #fitting(layer: string, part: string): readonly (readonly [string, Tensor<'float32'>])[] {
    return [...this.#byName].filter(([name]) => {
      const parts = name.replace(/:\d+$/, '').split('/');
      return parts.at(-1) === part && parts.slice(0, -1).includes(layer);
    });
  }
}

/**
 * Reads all weights of a model.json, as float32.
 * @throws PercussError as `readTensors` does.
 */
export function readWeights(model: string, json: JsonObject, files: ReadonlyMap<string, Uint8Array>): Weights {
  const floats = ({ shape, data }: Tensor): Tensor<'float32'> =>
    float32(shape, data instanceof Float32Array ? data : Array.from(data as ArrayLike<number | bigint>, Number));
  return new Weights(model, new Map([...readTensors(model, json, files)].map(([name, t]) => [name, floats(t)])));
}
