import { expect } from 'vitest';
import type { Engine } from '../../core/engine/engine.js';
import { DYNAMIC } from '../../core/network/graph.js';
import { importOnnx } from '../../core/import/onnx/import-onnx.js';
import { float32, sizeOf, type Tensor } from '../../core/tensor.js';
import { expectClose, runOnce } from './agreement.js';
import type { NodeCase } from './node-cases.js';

/** x[i] = i / n, the input that the ONNX project's `light` networks are answered for. */
function ramp(shape: readonly number[]): Tensor {
  const count = sizeOf(shape);
  return float32(
    shape,
    Float32Array.from({ length: count }, (_, i) => i / count),
  );
}

/** Runs a network of the suite `light` and compares, to 1e-4 of the largest output. */
export async function expectLightAgrees(engine: Engine, { name, model, outputs }: NodeCase): Promise<void> {
  const graph = importOnnx(name, model);
  const [input] = graph.inputs;
  if (input === undefined) expect.fail('no input');
  const x = ramp(input.shape.map((dim) => (dim === DYNAMIC ? 1 : dim)));
  const got = await runOnce(engine, graph, new Map([[input.id, x]]));
  expectClose(got.get(graph.outputs[0] as string) as Tensor, [...outputs.values()][0] as Tensor, 1e-4);
}

/** Those with weights of hundreds of MB. */
export const isLarge = ({ name }: NodeCase): boolean => /alexnet|vgg19|zfnet512/.test(name);
