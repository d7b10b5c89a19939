import { beforeAll, describe, expect, test } from 'vitest';
import * as tf from '@tensorflow/tfjs';
import { evaluateGraph } from '../../core/engine/reference.js';
import { anatomyOf } from '../../core/anatomy/anatomy.js';
import type { Node } from '../../core/network/graph.js';
import type { Site } from '../../core/anatomy/site.js';
import { importTfjs } from '../../core/import/tfjs/import-layers-model.js';
import { sizeOf, type Tensor } from '../../core/tensor.js';
import { executed } from '../import/fixtures/graph-model.js';
import { masked } from '../import/fixtures/masked.js';

import { converted, expectNear, images, type Files } from '../import/graph-model-runs.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('a lesion equals the file with that kernel’s weights and bias set to 0, as TensorFlow.js runs it', () => {
  test.each([
    ['mobile', []],
    ['preactivated', []],
    // A Sigmoid makes 1/2 of 0.
    ['mixed', ['expand']],
  ])('%s', async (name, skipped) => {
    const files = converted(name);
    const graph = importTfjs(name, files);
    const { layers, sites } = anatomyOf(graph);
    const input = images(graph, 1);
    const left = layers.filter((layer) => !skipped.includes(layer.name));
    expect(left).toHaveLength(layers.length - skipped.length);
    for (const layer of left) {
      const site = sites.find((candidate) => candidate.name === layer.site) as Site;
      const conv = graph.nodes.find((node) => node.id === layer.node) as Node;
      const added = graph.nodes.flatMap((node) => (node.inputs[0] === conv.outputs[0] ? node.inputs.slice(1) : []));
      const biases = added.filter((id) => graph.constants.get(id)?.data.length === layer.kernels);
      const own = [...conv.inputs.slice(1), ...biases];
      for (const kernel of [0, layer.kernels - 1]) {
        const [expected] = await executed(emptied(files, own, kernel, layer.kernels), input);
        const cut = masked(graph, [{ value: site.value, channels: [kernel] }]);
        const feeds = new Map([[graph.inputs[0]?.id as string, input]]);
        expectNear([...evaluateGraph(cut, feeds).values()][0] as Tensor, expected as Tensor<'float32'>);
      }
    }
  });
});

/** The files with kernel number `kernel` of some weights 0: TensorFlow's kernels are the last axes of their weights. */
function emptied(files: Files, weights: readonly string[], kernel: number, kernels: number): Files {
  const json = JSON.parse(new TextDecoder().decode(files.get('model.json'))) as tf.io.ModelJSON;
  const [group] = json.weightsManifest;
  const bytes = (files.get('group1-shard1of1.bin') as Uint8Array).slice();
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const { name, shape } of group?.weights ?? []) {
    for (let i = 0; i < sizeOf(shape); i++, at += 4) {
      if (weights.includes(name) && i % kernels === kernel) view.setFloat32(at, 0, true);
    }
  }
  expect(at).toBe(bytes.length);
  return new Map([...files, ['group1-shard1of1.bin', bytes]]);
}
