import * as tf from '@tensorflow/tfjs-core';
import { PercussError } from '../../errors.js';
import type { Tensor } from '../../tensor.js';
import type { EngineTensor } from '../engine.js';
import type { Backend } from './backend.js';
import { inNaturalOrder, natural, shapeOf, type Laid } from './laid.js';

const elementBytes: Readonly<Record<string, number>> = { float32: 4, int32: 4, bool: 1 };

/** A tensor on the device of a backend, in whatever order a program left it. */
export class DeviceTensor implements EngineTensor {
  readonly shape: readonly number[];

  constructor(
    readonly laid: Laid,
    readonly backend: Backend,
  ) {
    this.shape = shapeOf(laid);
  }

  get bytes(): number {
    return this.laid.tensor.size * (elementBytes[this.laid.tensor.dtype] ?? 4);
  }

  async read(): Promise<Tensor> {
    this.backend.use();
    const ordered = inNaturalOrder(this.laid);
    const own = ordered !== this.laid.tensor;
    try {
      const data = await ordered.data();
      const shape = [...this.shape];
      if (data instanceof Float32Array) return { dtype: 'float32', shape, data };
      if (data instanceof Uint8Array) return { dtype: 'bool', shape, data };
      throw new PercussError('ENGINE_FAILED', `tfjs gave a tensor of ${ordered.dtype}; float32 and bool are read`);
    } finally {
      if (own) ordered.dispose();
    }
  }

  dispose(): void {
    this.laid.tensor.dispose();
  }
}

/** Takes numbers over to the device of the backend in use. @throws PercussError ENGINE_FAILED for other element types. */
export function onDevice({ dtype, shape, data }: Tensor): tf.Tensor {
  if (dtype === 'float32' || dtype === 'bool') return tf.tensor(data as Float32Array | Uint8Array, [...shape], dtype);
  throw new PercussError('ENGINE_FAILED', `tfjs is fed float32 and bool, not ${dtype}`);
}

/** As `onDevice`, for the caller to dispose of. */
export function uploaded(tensor: Tensor, backend: Backend): DeviceTensor {
  backend.use();
  return new DeviceTensor(natural(onDevice(tensor)), backend);
}
