import { readFileSync } from 'node:fs';
import { tensor, type Tensor } from '../../core/tensor.js';

interface Packed {
  readonly name: string;
  readonly dtype: 'float32' | 'bool';
  readonly shape: readonly number[];
  readonly data: string;
}

/** One case of the ONNX project's own: a model of one operator, inputs, and the answers that the standard gives. */
export interface NodeCase {
  readonly name: string;
  readonly model: Uint8Array;
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly outputs: ReadonlyMap<string, Tensor>;
}

function unpacked(packed: readonly Packed[]): ReadonlyMap<string, Tensor> {
  return new Map(
    packed.map(({ name, dtype, shape, data }) => {
      const bytes = new Uint8Array(Buffer.from(data, 'base64'));
      return [name, tensor(dtype, shape, dtype === 'bool' ? bytes : new Float32Array(bytes.buffer))];
    }),
  );
}

/** The cases of fixtures/onnx-node-cases.json. */
export function nodeCases(): readonly NodeCase[] {
  const file = new URL('fixtures/onnx-node-cases.json', import.meta.url);
  const cases = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly name: string;
    readonly model: string;
    readonly inputs: readonly Packed[];
    readonly outputs: readonly Packed[];
  }[];
  return cases.map(({ name, model, inputs, outputs }) => ({
    name,
    model: new Uint8Array(Buffer.from(model, 'base64')),
    inputs: unpacked(inputs),
    outputs: unpacked(outputs),
  }));
}

/** Cases of things that percuss refuses, with what its refusal must mention. */
export const refusedCases: Readonly<Record<string, RegExp>> = {
  averagepool_1d_default: /two dimensions/,
  averagepool_2d_dilations: /dilated/,
  averagepool_3d_dilations_small: /two dimensions/,
  maxpool_1d_default: /two dimensions/,
  maxpool_3d_dilations: /two dimensions/,
  maxpool_3d_dilations_use_ref_impl: /two dimensions/,
  reshape_allowzero_reordered: /allowzero/,
  matmul_1d_1d: /cannot multiply/,
  matmul_1d_3d: /cannot multiply/,
  matmul_4d_1d: /cannot multiply/,
  batchnorm_example_training_mode: /training mode/,
  batchnorm_epsilon_training_mode: /training mode/,
  training_dropout_default: /training mode/,
  training_dropout: /training mode/,
  training_dropout_zero_ratio: /training mode/,
};

/** Cases whose answers are printed with few digits, and the tolerance that this asks for. */
export const roundedCases: Readonly<Record<string, number>> = { averagepool_2d_ceil_last_window_starts_on_pad: 2e-4 };
