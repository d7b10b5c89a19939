import { fromBinary } from '@bufbuild/protobuf';
import { existsSync, readFileSync } from 'node:fs';
import { TensorProtoSchema } from 'onnx-buf';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readNpy } from '../../core/data/npy.js';
import type { Engine } from '../../core/engine/engine.js';
import { openOnnxruntime } from '../../core/engine/onnxruntime.js';
import { openReference } from '../../core/engine/reference.js';
import { graphCost } from '../../core/network/cost.js';
import { DYNAMIC, type Graph } from '../../core/network/graph.js';
import { decodeTensor } from '../../core/import/onnx/decode.js';
import { importOnnx } from '../../core/import/onnx/import-onnx.js';
import { float32, rows, sizeOf } from '../../core/tensor.js';
import { expectClose, runOnce } from './agreement.js';
import { tfjsCpu, tfjsJs, tfjsWasm } from './engines.js';
import { hasNativeTensorFlow } from './native-tensorflow.js';

const data = '../shared/data';
const here = existsSync(`${data}/models`);
if (!here) console.warn('skipped: ../shared/data is not here, so no trained network is run');

const network = (file: string): Graph => importOnnx(file, readFileSync(`${data}/${file}`));
const vector = (name: string, which: 'input' | 'output') => {
  const file = `${data}/vectors/${name}/${which}.npy`;
  return readNpy(file, readFileSync(file));
};

const recorded = [
  ['cifar10_mstutorial', 'cifar10_mstutorial', 2],
  ['cifar10_resnet20', 'cifar10_resnet20', 1],
  ['cifar10_resnet20_fused', 'cifar10_resnet20', 1],
  ['cifar10_resnet56', 'cifar10_resnet56', 0],
  ['imagenet_mobilenet_v1_0.25_128', 'imagenet_mobilenet_v1_0.25_128', 1],
  ['imagenet_squeezenet1.1', 'imagenet_squeezenet1.1', 0],
  ['mnist_cntk', 'mnist_cntk', 8],
  ['mnist_lenet', 'mnist_lenet', 8],
  ['vww_mobilenet_v1_0.25_96', 'vww_mobilenet_v1_0.25_96', 1],
] as const;

describe.skipIf(!here)('trained networks give their recorded outputs, to 1e-4 of the largest', () => {
  let fast: Engine;
  let exact: Engine;
  let wasm: Engine;
  beforeAll(async () => {
    [fast, exact, wasm] = await Promise.all([openOnnxruntime(), openReference(), tfjsWasm.open()]);
  });
  afterAll(async () => {
    await Promise.all([fast, exact, wasm].map((engine) => engine.close()));
  });

  const compare = async (engine: Engine, model: string, vectors: string, images?: number): Promise<void> => {
    const graph = network(`models/${model}.onnx`);
    const [x, y] = [vector(vectors, 'input'), vector(vectors, 'output')];
    const count = images ?? x.shape[0] ?? 0;
    const feeds = new Map([[graph.inputs[0]?.id ?? '', rows(x, 0, count)]]);
    const got = await runOnce(engine, graph, feeds);
    const [output] = [...got.values()];
    if (output === undefined) expect.fail('no output');
    expectClose(output, rows(y, 0, count), 1e-4);
  };

  test.each(recorded)('%s on onnxruntime', (model, vectors) => compare(fast, model, vectors));
  test.each(recorded.filter(([, , images]) => images > 0))('%s on the reference', (model, vectors, images) =>
    compare(exact, model, vectors, images),
  );

  test.each(recorded)('%s on tfjs, wasm', (model, vectors) => compare(wasm, model, vectors));
  test.skipIf(!hasNativeTensorFlow).each(recorded)('%s on tfjs, cpu', async (model, vectors) =>
    compare(await tfjsCpu.open(), model, vectors),
  );
  test.each(recorded.filter(([, , images]) => images > 0))('%s on tfjs, js', async (model, vectors, images) =>
    compare(await tfjsJs.open(), model, vectors, images),
  );

  test('mnist_cntk, whose file fixes one image, takes three at once', async () => {
    const graph = network('models/mnist_cntk.onnx');
    expect(graph.inputs).toEqual([{ id: 'Input3', shape: [DYNAMIC, 1, 28, 28], dtype: 'float32' }]);
    const got = await runOnce(fast, graph, new Map([['Input3', rows(vector('mnist_cntk', 'input'), 2, 5)]]));
    const output = got.get('Plus214_Output_0');
    if (output === undefined) expect.fail('no output');
    expectClose(output, rows(vector('mnist_cntk', 'output'), 2, 5), 1e-4);
  });
});

// Parameters as published (He et al. 2015; the papers and model zoos of the others); multiply-accumulates counted from the
// shapes that the onnx package's own shape inference finds.
const known = [
  ['models/cifar10_resnet20.onnx', 19, 0.27e6, 40_551_040],
  ['models/cifar10_resnet56.onnx', 55, 0.85e6, 125_485_696],
  ['structures/light_resnet50.onnx', 53, 25.56e6, 4_089_184_256],
  ['structures/light_densenet121.onnx', 121, 7.98e6, 2_834_161_664],
  ['structures/light_inception_v1.onnx', 57, 7.0e6, 1_431_556_352],
  ['structures/light_squeezenet.onnx', 26, 1.248e6, 349_151_936],
  ['structures/light_bvlc_alexnet.onnx', 5, 60.97e6, 654_560_384],
] as const;

describe.skipIf(!here)('parameters and multiply-accumulates are those that are known', () => {
  test.each(known)('%s', (file, convolutions, parameters, macs) => {
    const graph = network(file);
    expect(graph.nodes.filter((node) => node.op === 'Conv')).toHaveLength(convolutions);
    expect(graph.shapes.get(graph.outputs[0] as string)?.slice(0, 2)).toEqual([
      DYNAMIC,
      file.includes('cifar10') ? 10 : 1000,
    ]);
    const cost = graphCost(graph);
    expect(Math.abs(cost.parameters / parameters - 1)).toBeLessThan(0.02);
    expect(cost.macs).toBe(macs);
  });
});

describe.skipIf(!here)('structures of well-known networks give the outputs recorded by the ONNX project', () => {
  test.each(['squeezenet', 'densenet121', 'inception_v1'])('light_%s on onnxruntime', async (name) => {
    const graph = network(`structures/light_${name}.onnx`);
    const proto = fromBinary(TensorProtoSchema, readFileSync(`${data}/structures/light_${name}_output_0.pb`));
    const expected = decodeTensor(name, proto);
    const input = graph.inputs[0];
    if (input === undefined) expect.fail('no input');
    const shape = input.shape.map((dim) => (dim === DYNAMIC ? 1 : dim));
    const count = sizeOf(shape);
    const x = float32(
      shape,
      Float32Array.from({ length: count }, (_, i) => i / count),
    );
    const got = await runOnce(await openOnnxruntime(), graph, new Map([[input.id, x]]));
    const output = got.get(graph.outputs[0] as string);
    if (output === undefined) expect.fail('no output');
    expectClose(output, expected, 1e-4);
  });
});
