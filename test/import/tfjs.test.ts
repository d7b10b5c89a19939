import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { evaluateGraph } from '../../core/engine/reference.js';
import { DYNAMIC, type Graph } from '../../core/network/graph.js';
import { formatOf, importNetwork } from '../../core/import/import-network.js';
import { importTfjs, weightFiles } from '../../core/import/tfjs/import-layers-model.js';
import { float32, rows, type Tensor } from '../../core/tensor.js';
import { layersModelFiles, randomBatch, randomise, savedFiles } from './fixtures/layers-model.js';

import { conv, functional, networks, of, stack } from './layers-networks.js';
import { sharedNetwork, vectors } from '../builders/real-networks.js';
import { folderFiles, hasSharedData } from '../builders/shared-data.js';

const { layers } = tf;

const hostTensor = (tensor: tf.Tensor): Tensor<'float32'> => float32(tensor.shape, tensor.dataSync<'float32'>());

function run(graph: Graph, input: Tensor): readonly Tensor[] {
  const results = evaluateGraph(graph, new Map([[graph.inputs[0]?.id as string, input]]));
  return graph.outputs.map((output) => results.get(output) as Tensor);
}

const largestDifference = (a: Tensor, b: Tensor): number => {
  expect(a.shape).toEqual(b.shape);
  const [left, right] = [a.data as Float32Array, b.data as Float32Array];
  return left.reduce((worst, value, i) => Math.max(worst, Math.abs(value - (right[i] as number))), 0);
};

beforeAll(() => tf.setBackend('cpu'));

describe('a layers model is imported so that it computes what TensorFlow.js computes', () => {
  for (const [name, build] of Object.entries(networks)) {
    test(name, async () => {
      const model = build();
      randomise(model, 1);
      const input = randomBatch(model, 2);
      const expected = [model.predict(input)].flat().map(hostTensor);
      const actual = run(importTfjs('net', await savedFiles(model)), hostTensor(input));
      expect(actual.length).toBe(expected.length);
      actual.forEach((result, i) => expect(largestDifference(result, expected[i] as Tensor)).toBeLessThan(1e-5));
      expect(expected.some((result) => new Set(result.data).size > 1)).toBe(true);
    });
  }

  test('maps are NCHW inside, and outputs are called after their layers', async () => {
    const model = functional([6, 6, 2], (input) =>
      of(layers.flatten({ name: 'out' }), of(conv(3, { name: 'map' }), input)),
    );
    const graph = importTfjs('net', await savedFiles(model));
    expect(graph.outputs).toEqual(['out']);
    const node = graph.nodes.find(({ path }) => path === 'map');
    expect(graph.shapes.get(node?.outputs[0] as string)).toEqual([DYNAMIC, 3, 6, 6]);
    expect(graph.nodes.map(({ op }) => op)).toEqual(['Transpose', 'Conv', 'Transpose', 'Flatten']);
  });

  test('weights of a layer that is called twice are held once', async () => {
    const model = functional([5, 5, 3], (input) => {
      const shared = conv(3, { useBias: false });
      return of(shared, of(shared, input));
    });
    expect(importTfjs('net', await savedFiles(model)).constants.size).toBe(1);
  });

  test('a pixel of one position needs no Transpose before it is flattened', async () => {
    const model = stack([3, 3, 2], conv(4, { padding: 'valid' }), layers.flatten() as never);
    const ops = importTfjs('net', await savedFiles(model)).nodes.map(({ op }) => op);
    expect(ops).toEqual(['Transpose', 'Conv', 'Flatten']);
  });
});

describe('weights', () => {
  const dense = {
    class_name: 'Sequential',
    config: [{ class_name: 'Dense', config: { name: 'd', units: 2, use_bias: false, batch_input_shape: [null, 2] } }],
  };
  const imported = (weight: object, bytes: Uint8Array, topology: unknown = dense): Tensor => {
    const graph = importTfjs('net', layersModelFiles(topology, [weight], [bytes]));
    return [...graph.constants.values()][0] as Tensor;
  };

  test('quantised to bytes come back as value · scale + min', () => {
    const quantization = { dtype: 'uint8', scale: 0.5, min: -1, original_dtype: 'float32' };
    const weight = { name: 'd/kernel', shape: [2, 2], dtype: 'float32', quantization };
    expect([...imported(weight, Uint8Array.of(0, 1, 4, 255)).data]).toEqual([-1, -0.5, 1, 126.5]);
  });

  test('quantised to 16 bits are read little-endian, halves as IEEE 754 has them', () => {
    const wide = { dtype: 'uint16', scale: 1, min: 0 };
    const weight = { name: 'd/kernel', shape: [2, 2], dtype: 'float32' };
    const bytes = Uint8Array.of(0, 1, 1, 0, 0, 0, 255, 255);
    expect([...imported({ ...weight, quantization: wide }, bytes).data]).toEqual([256, 1, 0, 65535]);
    const halves = new Uint8Array(Uint16Array.of(0x3c00, 0xc000, 0x3555, 0x0001).buffer);
    const [one, minusTwo, third, smallest] = imported({ ...weight, quantization: { dtype: 'float16' } }, halves).data;
    expect([one, minusTwo, smallest]).toEqual([1, -2, 2 ** -24]);
    expect(third).toBe(Math.fround(0.333251953125));
  });

  test('are found under the scopes that Keras puts around their names', () => {
    const bytes = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer);
    for (const name of ['d/kernel', 'd/d/kernel:0', 'model/d/kernel']) {
      expect([...imported({ name, shape: [2, 2], dtype: 'float32' }, bytes).data]).toEqual([1, 2, 3, 4]);
    }
    const other = { name: 'e/kernel', shape: [2, 2], dtype: 'float32' };
    expect(() => imported(other, bytes)).toThrow(/weight "kernel" of layer "d" was expected, but there is none/);
  });

  test('that are missing, cut short or too long are named', () => {
    const weight = { name: 'd/kernel', shape: [2, 2], dtype: 'float32' };
    const files = new Map(layersModelFiles(dense, [weight], [new Uint8Array(16)]));
    expect(weightFiles('net', files.get('model.json') as Uint8Array)).toEqual(['group1-shard1of1.bin']);
    files.delete('group1-shard1of1.bin');
    expect(() => importTfjs('net', files)).toThrow(
      expect.objectContaining({ code: 'FILE_MISSING', message: expect.stringContaining('group1-shard1of1.bin') }),
    );
    expect(() => imported(weight, new Uint8Array(15))).toThrow(/end before the weight "d\/kernel" does/);
    expect(() => imported(weight, new Uint8Array(17))).toThrow(/hold 17 bytes, but the weights 16/);
  });
});

describe('what cannot be imported is refused', () => {
  const layer = (name: string, className: string, config: object = {}): object => ({
    class_name: className,
    config: { name, batch_input_shape: [null, 4, 4, 1], ...config },
  });
  const sequential = (list: readonly object[]): ReadonlyMap<string, Uint8Array> =>
    layersModelFiles({ class_name: 'Sequential', config: { layers: list } }, [], []);

  test('every unsupported layer is named with its class, in one message', () => {
    const list = [
      layer('up', 'UpSampling2D'),
      layer('act', 'Activation', { activation: 'gelu_new' }),
      { class_name: 'Sequential', config: { name: 'inner', layers: [layer('turned', 'Conv2DTranspose')] } },
    ];
    for (const part of [/"up" is a UpSampling2D/, /"act" \(Activation\) .* gelu_new/, /"inner\/turned" is a Conv2DT/]) {
      expect(() => importTfjs('net', sequential(list))).toThrow(part);
    }
  });

  test('open rows and columns, channels first, broken JSON', () => {
    const bytes = (text: string): ReadonlyMap<string, Uint8Array> =>
      new Map([['model.json', new TextEncoder().encode(text)]]);
    const open = [layer('c', 'Flatten', { batch_input_shape: [null, null, 4, 1] })];
    expect(() => importTfjs('net', sequential(open))).toThrow(/only the number of images may be open/);
    const first = [layer('p', 'MaxPooling2D', { data_format: 'channels_first' })];
    expect(() => importTfjs('net', sequential(first))).toThrow(/"p" .* uses data_format channels_first/);
    expect(() => importTfjs('net', bytes('{'))).toThrow(/not valid JSON/);
    expect(() => importTfjs('net', bytes('{"modelTopology":{"class_name":"Model"}}'))).toThrow(/no layers/);
    expect(() => importTfjs('net', new Map())).toThrow(expect.objectContaining({ code: 'FILE_MISSING' }));
  });

  test('file names that stand for no format', () => {
    expect(formatOf('a/b.ONNX')).toBe('onnx');
    expect(formatOf('net/model.json')).toBe('tfjs');
    expect(formatOf('net.keras')).toBe('keras');
    expect(() => formatOf('weights.tflite')).toThrow(/"weights.tflite" is none of the files that are read.*convert it/);
  });
});

describe.skipIf(!hasSharedData)('the shared layers models equal their ONNX forms', () => {
  test.each([
    ['mnist_lenet', 'models/mnist_lenet_tfjs', 2],
    ['vww_mobilenet_v1_0.25_96', 'models/vww_mobilenet_v1_0.25_96_tfjs', 1],
  ])('%s', async (name, folder, images) => {
    const graph = await importNetwork(name, 'tfjs', folderFiles(folder));
    const { input, output } = vectors(name);
    const actual = run(graph, rows(input, 0, images)).at(-1) as Tensor;
    expect(largestDifference(actual, rows(output, 0, images))).toBeLessThan(1e-5);
    const [other] = run(sharedNetwork(`models/${name}.onnx`), rows(input, 0, images));
    expect(largestDifference(actual, other as Tensor)).toBeLessThan(1e-6);
  });

  test('TensorFlow.js agrees on all seven outputs of mnist_lenet', async () => {
    const files = folderFiles('models/mnist_lenet_tfjs');
    const json = JSON.parse(new TextDecoder().decode(files.get('model.json')));
    const model = await tf.loadLayersModel(
      tf.io.fromMemory({
        modelTopology: json.modelTopology,
        weightSpecs: json.weightsManifest[0].weights,
        weightData: Uint8Array.from(files.get('group1-shard1of1') as Uint8Array).buffer,
      }),
    );
    const input = rows(vectors('mnist_lenet').input, 0, 2);
    const expected = (model.predict(tf.tensor(input.data as Float32Array, [...input.shape])) as tf.Tensor[]).map(
      hostTensor,
    );
    const graph = importTfjs('mnist_lenet', files);
    expect(graph.outputs).toEqual([
      'Conv2D_1',
      'MaxPooling2D_1',
      'Conv2D_2',
      'MaxPooling2D_2',
      'Dense_1',
      'Dense_2',
      'Softmax',
    ]);
    run(graph, input).forEach((result, i) =>
      expect(largestDifference(result, expected[i] as Tensor)).toBeLessThan(1e-4),
    );
  });
});
