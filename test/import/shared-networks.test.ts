import { readFileSync, readdirSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { idxFile } from '../../core/data/idx.js';
import type { Engine } from '../../core/engine/engine.js';
import { openOnnxruntime } from '../../core/engine/onnxruntime.js';
import { formatOf, importNetwork, networkFiles } from '../../core/import/import-network.js';
import { DYNAMIC, type Graph } from '../../core/network/graph.js';
import { float32, rows, type Tensor } from '../../core/tensor.js';
import { expectClose, runOnce } from '../engine/agreement.js';
import { testedEngines, tfjsCpu } from '../engine/engines.js';
import { hasNativeTensorFlow } from '../engine/native-tensorflow.js';
import { vectors } from '../builders/real-networks.js';
import { hasSharedData, sharedFile } from '../builders/shared-data.js';

/** Every file of models/ that is a network, by the vectors that belong to it. */
const networks: Readonly<Record<string, string>> = {
  'cifar10_mstutorial.onnx': 'cifar10_mstutorial',
  'cifar10_resnet20.onnx': 'cifar10_resnet20',
  'cifar10_resnet20_fused.onnx': 'cifar10_resnet20',
  'cifar10_resnet56.onnx': 'cifar10_resnet56',
  'imagenet_mobilenet_v1_0.25_128.onnx': 'imagenet_mobilenet_v1_0.25_128',
  'imagenet_squeezenet1.1.onnx': 'imagenet_squeezenet1.1',
  'mnist_cntk.onnx': 'mnist_cntk',
  'mnist_lenet.h5': 'mnist_lenet',
  'mnist_lenet.onnx': 'mnist_lenet',
  'mnist_lenet_tfjs/model.json': 'mnist_lenet',
  'vww_mobilenet_v1_0.25_96.onnx': 'vww_mobilenet_v1_0.25_96',
  'vww_mobilenet_v1_0.25_96_tfjs/model.json': 'vww_mobilenet_v1_0.25_96',
};

async function imported(file: string): Promise<Graph> {
  const format = formatOf(file);
  const read = (name: string): Promise<Uint8Array> => Promise.resolve(new Uint8Array(readFileSync(sharedFile(name))));
  return importNetwork(
    file,
    format,
    await networkFiles(format, `models/${file}`, {
      own: read,
      beside: (own, part) => read(`${own.slice(0, own.lastIndexOf('/') + 1)}${part}`),
    }),
  );
}

/** `structures/` are cases of the ONNX project, which test/engine runs (the suite `light`). */
describe.skipIf(!hasSharedData)('the shared networks', () => {
  test('are all in the table above', () => {
    const listed = readdirSync(sharedFile('models')).filter((file) => !file.endsWith('.npz'));
    expect([...new Set(Object.keys(networks).map((file) => file.split('/')[0]))].sort()).toEqual(listed.sort());
  });

  const engines = testedEngines.filter((engine) => engine !== tfjsCpu || hasNativeTensorFlow);

  describe.each(engines)('on $name', ({ name: engineName, open }) => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await open();
    });
    afterAll(() => engine.close());

    // One image is enough for engines that are slower.
    test.each(Object.entries(networks))('%s gives its recorded outputs', async (file, name) => {
      const { input, output } = vectors(name);
      const images = engineName === 'onnxruntime' ? (input.shape[0] as number) : 1;
      const graph = await imported(file);
      expect(graph.inputs[0]?.shape[0]).toBe(DYNAMIC);
      const got = await runOnce(engine, graph, new Map([[graph.inputs[0]?.id as string, rows(input, 0, images)]]));
      expectClose(got.get(graph.outputs.at(-1) as string) as Tensor, rows(output, 0, images), 1e-4);
    });
  });

  test.each([
    ['mnist_cntk.onnx', [1, 28, 28], 1, 9891],
    ['mnist_lenet.onnx', [28, 28], 255, 9866],
    ['mnist_lenet_tfjs/model.json', [28, 28], 255, 9866],
    ['mnist_lenet.h5', [28, 28], 255, 9866],
  ])(
    '%s is right as often on the 10,000 images of MNIST as was measured elsewhere',
    async (file, shape, divisor, right) => {
      const [images, labels] = ['images-idx3', 'labels-idx1'].map((part) =>
        gunzipSync(readFileSync(sharedFile(`images/mnist/t10k-${part}-ubyte.gz`))),
      ) as [Buffer, Buffer];
      const { labels: classes, images: digits } = idxFile('images', images, 'labels', labels);
      const engine = await openOnnxruntime();
      const graph = await imported(file);
      let correct = 0;
      for (let from = 0; from < digits.count; from += 1000) {
        const pixels = new Float32Array(1000 * 784);
        for (let i = 0; i < 1000; i++) pixels.set(digits.pixels(from + i), 784 * i);
        for (let i = 0; i < pixels.length; i++) pixels[i] = (pixels[i] as number) / divisor;
        const feeds = new Map([[graph.inputs[0]?.id as string, float32([1000, ...shape], pixels)]]);
        const scores = (await runOnce(engine, graph, feeds)).get(graph.outputs.at(-1) as string)?.data as Float32Array;
        for (let i = 0; i < 1000; i++) {
          const own = scores.subarray(10 * i, 10 * i + 10);
          if (own.indexOf(Math.max(...own)) === classes[from + i]) correct += 1;
        }
      }
      await engine.close();
      expect(correct).toBe(right);
    },
  );
});
