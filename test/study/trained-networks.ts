import { emitOnnx } from '../../core/network/emit-onnx.js';
import { randomStream } from '../../core/random.js';
import { float32 } from '../../core/tensor.js';
import { SmallNetwork } from '../import/fixtures/small-network.js';

/** Of 4 × 4 pixels: three layers of six kernels, and four classes; weights by the training's number, as far apart as `spread` says. */
export function trainedNetwork(training: number, { spread = 0.3, kernels = 6 } = {}): Uint8Array {
  const net = new SmallNetwork(1, 4);
  const last = ['conv1', 'conv2', 'conv3'].reduce(
    (from, name) => net.relu(`${name}.relu`, net.conv(name, from, kernels)),
    net.input,
  );
  const graph = net.graph(net.head(last, 4));
  const constants = [...graph.constants].map(([id, { shape, data }]) => {
    const random = randomStream(training, 'trained network', id);
    const moved = Float32Array.from(data as Float32Array, (value) => value / 2 + spread * random.normal());
    return [id, float32(shape, moved)] as const;
  });
  return emitOnnx({ ...graph, constants: new Map(constants) });
}
