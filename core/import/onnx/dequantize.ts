import { float32, type Tensor } from '../../tensor.js';
import { broadcastIndices } from '../../network/operators/broadcast.js';
import { UnsupportedNode } from '../unsupported.js';
import { invalidModel, type Translation } from './translation.js';

/**
 * Weights that a file keeps as integers: (x − zero point) · scale, with one scale for all or one for each entry of an axis,
 * as ONNX defines DequantizeLinear. Undefined for activations, which stay what they are: unsupported.
 */
export function dequantize(t: Translation): Tensor | undefined {
  const [x, scale, zero] = [t.constant(0), t.constant(1), t.constant(2)];
  const hasZero = (t.inputs[2] ?? '') !== '';
  if (x === undefined || scale === undefined || (hasZero && zero === undefined)) {
    throw new UnsupportedNode('activations that are quantised; weights alone may be');
  }
  if (t.attributes.int('block_size', 0) !== 0) throw new UnsupportedNode('scales for blocks of an axis');
  const along = scale.data.length === 1 ? [] : axisShape(t, x, scale);
  if (zero !== undefined && zero.data.length !== scale.data.length) {
    throw invalidModel(t.model, `DequantizeLinear has ${scale.data.length} scales and ${zero.data.length} zero points`);
  }
  const at = broadcastIndices(along, x.shape);
  const result = new Float32Array(x.data.length);
  for (let i = 0; i < result.length; i++) {
    const place = at[i] as number;
    // Both are integers of at most 32 bits: their difference is exact, and rounded once as float32 arithmetic rounds it.
    const level = Math.fround(Number(x.data[i]) - Number(zero?.data[place] ?? 0));
    result[i] = level * Number(scale.data[place]);
  }
  return float32(x.shape, result);
}

function axisShape(t: Translation, x: Tensor, scale: Tensor): readonly number[] {
  const axis = t.attributes.int('axis', 1);
  const own = axis < 0 ? axis + x.shape.length : axis;
  if (scale.shape.length !== 1 || x.shape[own] !== scale.data.length) {
    throw invalidModel(
      t.model,
      `DequantizeLinear has ${scale.data.length} scales for axis ${axis} of [${x.shape.join(', ')}]`,
    );
  }
  return [scale.data.length, ...x.shape.slice(own + 1).map(() => 1)];
}
