import { describe, expect, test } from 'vitest';
import { anatomyOf } from '../../core/anatomy/anatomy.js';
import { graphCost } from '../../core/network/cost.js';
import { describeNetwork, networkLines } from '../../core/anatomy/describe.js';
import type { Graph } from '../../core/network/graph.js';
import type { Anatomy, Site } from '../../core/anatomy/site.js';
import { importTfjs } from '../../core/import/tfjs/import-layers-model.js';
import { rows, type Tensor } from '../../core/tensor.js';
import { masked } from './fixtures/masked.js';
import { lastOutput, runGraph } from './fixtures/run.js';
import { sharedNetwork, vectors } from '../builders/real-networks.js';
import { folderFiles, hasSharedData } from '../builders/shared-data.js';

const kernels = (anatomy: Anatomy): number => anatomy.layers.reduce((sum, layer) => sum + layer.kernels, 0);
const siteOf = (anatomy: Anatomy, name: string): Site => anatomy.sites.find((site) => site.name === name) as Site;

describe.skipIf(!hasSharedData)('networks of the literature have the anatomy that is published', () => {
  const model = (name: string): Graph => sharedNetwork(`models/${name}.onnx`);
  const structure = (name: string): Graph => sharedNetwork(`structures/light_${name}.onnx`);

  test('ResNet-20 for CIFAR-10: 19 convolutions, 688 kernels, 9 blocks, parameter-free shortcuts', () => {
    const graph = model('cifar10_resnet20');
    const anatomy = anatomyOf(graph);
    expect([anatomy.layers.length, kernels(anatomy), anatomy.blocks.length]).toEqual([19, 688, 9]);
    // He et al. 2015, table 6: 0.27 M parameters, 1×1 projections not among them; 40.55 M products by their table 1.
    expect(graphCost(graph).parameters).toBe(269_722);
    expect(graphCost(graph).macs).toBe(40_551_040);
    expect(anatomy.blocks.map(({ name }) => name)).toEqual(
      [1, 2, 3].flatMap((stage) => [0, 1, 2].map((block) => `layer${stage}.${block}`)),
    );
    expect(anatomy.sites.filter(({ type }) => type === 'signed').map(({ name }) => name)).toEqual(
      anatomy.blocks.map(({ name }) => `${name}.conv2`),
    );
    expect(siteOf(anatomy, 'conv1')).toMatchObject({ value: 'relu_out', normalisedDepth: 0, receptiveField: [3, 3] });
    expect(siteOf(anatomy, 'layer3.2.conv2')).toMatchObject({ normalisedDepth: 1, stride: [4, 4], offset: [0, 0] });
    expect(siteOf(anatomy, 'layer2.0.conv1').aliases).toContain('layer2.0.conv1.weight');
  });

  test.each(['cifar10_resnet20', 'cifar10_resnet20_fused'])(
    '%s: one stream, moved by 8 and then by 16 channels',
    (name) => {
      const { streams } = anatomyOf(model(name));
      expect(streams.map((stream) => [stream.name, stream.channels])).toEqual([['conv1', 64]]);
      const at = (channel: number): string[] =>
        (streams[0]?.writers[channel] ?? []).map((writer) => `${writer.site}:${writer.channel}`);
      expect(at(0)).toEqual([0, 1, 2].map((block) => `layer3.${block}.conv2:0`));
      expect(at(16)).toEqual(
        [2, 3].flatMap((stage) => [0, 1, 2].map((block) => `layer${stage}.${block}.conv2:${stage === 2 ? 0 : 16}`)),
      );
      expect(at(24)[0]).toBe('conv1:0');
      expect(at(39)).toHaveLength(10);
      expect(at(39)).toEqual(
        expect.arrayContaining(['conv1:15', 'layer1.2.conv2:15', 'layer2.1.conv2:23', 'layer3.0.conv2:39']),
      );
    },
  );

  test('folding BatchNorm changes no site: same names, types, shapes and fields', () => {
    const told = (name: string): unknown =>
      anatomyOf(model(name)).sites.map(({ value: _, aliases: __, ...site }) => site);
    expect(told('cifar10_resnet20_fused')).toEqual(told('cifar10_resnet20'));
  });

  test('ResNet-56: 55 convolutions, 27 blocks, 853,018 parameters', () => {
    const graph = model('cifar10_resnet56');
    const anatomy = anatomyOf(graph);
    expect([anatomy.layers.length, kernels(anatomy), anatomy.blocks.length]).toEqual([55, 2032, 27]);
    expect(graphCost(graph).parameters).toBe(853_018);
  });

  test.each(['models/imagenet_squeezenet1.1.onnx', 'structures/light_squeezenet.onnx'])(
    'SqueezeNet 1.1 (%s): 26 convolutions, of which conv10 gives the classes',
    (file) => {
      const graph = sharedNetwork(file);
      const anatomy = anatomyOf(graph);
      expect(anatomy.layers).toHaveLength(25);
      expect(anatomy.layers.map(({ name }) => name)).not.toContain('conv10');
      expect(anatomy.layers.map(({ name }) => name)).toContain('fire9/expand3x3');
      expect(graphCost(graph).parameters).toBe(1_235_496);
      expect([anatomy.blocks, anatomy.streams]).toEqual([[], []]);
      expect(anatomy.sites.every(({ type }) => type === 'rectified')).toBe(true);
    },
  );

  test('MobileNet v1: 27 convolutions; 13 depthwise ones coupled, the last with 1001 channels gives the classes', () => {
    const anatomy = anatomyOf(model('imagenet_mobilenet_v1_0.25_128'));
    expect(anatomy.layers).toHaveLength(14);
    expect(anatomy.layers.filter(({ coupled }) => coupled.length === 2)).toHaveLength(13);
    // Araujo et al. 2019, table of the appendix: MobileNet v1 has receptive field 315 and effective stride 32.
    expect(anatomy.sites.at(-1)).toMatchObject({ receptiveField: [315, 315], stride: [32, 32], channels: 256 });
  });

  test('the same network as ONNX and as a layers model has the same anatomy, but for its values', () => {
    const told = (graph: Graph): unknown => {
      const { sites, layers } = anatomyOf(graph);
      const layer = layers.map(({ name, kernels: count, coupled, macs }) => ({ name, count, coupled, macs }));
      return [layer, sites.map(({ value: _, aliases: __, ...site }) => site)];
    };
    for (const name of ['vww_mobilenet_v1_0.25_96', 'mnist_lenet']) {
      expect(told(importTfjs(name, folderFiles(`models/${name}_tfjs`)))).toEqual(told(model(name)));
    }
  });

  test('a bias that is an Add of its own is part of the convolution', () => {
    const anatomy = anatomyOf(model('mnist_cntk'));
    expect(anatomy.sites.map(({ value, type }) => [value, type])).toEqual([
      ['ReLU32_Output_0', 'rectified'],
      ['ReLU114_Output_0', 'rectified'],
    ]);
    expect(anatomy.layers[0]?.parameters).toBe(8 * 25 + 8);
  });

  test('AlexNet: 5 layers, 60,965,224 parameters, receptive field 163 at conv5', () => {
    const graph = structure('bvlc_alexnet');
    const anatomy = anatomyOf(graph);
    expect(anatomy.layers.map((layer) => layer.kernels)).toEqual([96, 256, 384, 384, 256]);
    expect(graphCost(graph).parameters).toBe(60_965_224);
    expect(siteOf(anatomy, 'conv5')).toMatchObject({ receptiveField: [163, 163], stride: [16, 16] });
  });

  test('ResNet-50: 53 convolutions, 16 blocks, four streams; field 427 with the stride in the 3×3', () => {
    const graph = structure('resnet50');
    const anatomy = anatomyOf(graph);
    expect([anatomy.layers.length, kernels(anatomy), anatomy.blocks.length]).toEqual([53, 26_560, 16]);
    expect(anatomy.streams.map(({ channels }) => channels)).toEqual([256, 512, 1024, 2048]);
    expect(anatomy.blocks.every((block) => block.layers.length === 3 && block.site.endsWith('branch2c'))).toBe(true);
    expect(graphCost(graph).parameters).toBe(25_557_032);
    // By hand: 7, pool 11, then 3·8, 8 + 3·16, 16 + 5·32 and 32 + 2·64. (483 where the 1×1 has the stride.)
    expect(anatomy.sites.at(-1)).toMatchObject({ receptiveField: [427, 427], stride: [32, 32] });
  });

  test('DenseNet-121: 121 convolutions, of which the last gives the classes; field 2071', () => {
    const anatomy = anatomyOf(structure('densenet121'));
    expect(anatomy.layers).toHaveLength(120);
    expect([anatomy.blocks, anatomy.streams]).toEqual([[], []]);
    // By hand: 11, then 6·8, 12·16, 24·32 and 16·64, and 4, 8 and 16 for the pools between.
    expect(anatomy.sites.at(-1)).toMatchObject({ receptiveField: [2071, 2071], stride: [32, 32] });
  });

  test('Inception v1: 57 convolutions, 6,998,552 parameters; field 715 at the last 5×5', () => {
    const graph = structure('inception_v1');
    const anatomy = anatomyOf(graph);
    expect([anatomy.layers.length, graphCost(graph).parameters]).toEqual([57, 6_998_552]);
    expect(siteOf(anatomy, 'inception_5b/5x5')).toMatchObject({ receptiveField: [715, 715], stride: [32, 32] });
  });

  test('descriptions fit 120 columns and say everything there is to select', () => {
    for (const name of ['cifar10_resnet20', 'imagenet_mobilenet_v1_0.25_128']) {
      const graph = model(name);
      const anatomy = anatomyOf(graph);
      const description = describeNetwork(graph, anatomy);
      const lines = networkLines(description);
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(120);
      for (const site of anatomy.sites) expect(lines.some((line) => line.startsWith(`${site.name} `))).toBe(true);
      expect(JSON.parse(JSON.stringify(description))).toEqual(description);
    }
    const graph = model('imagenet_squeezenet1.1');
    expect(describeNetwork(graph, anatomyOf(graph)).leftOut).toEqual(['conv10']);
  });
});

describe.skipIf(!hasSharedData)('a lesion equals an independent copy without the kernel', () => {
  const input = (): Tensor => rows(vectors('cifar10_resnet20').input, 0, 1);
  const differences = (a: Tensor, b: Tensor): Float32Array =>
    (a.data as Float32Array).map((value, i) => Math.abs(value - (b.data[i] as number)));
  const close = (a: Tensor, b: Tensor): void => expect(Math.max(...differences(a, b))).toBeLessThan(1e-5);
  /** Sets one entry (row) of some constants to zero in a copy of the graph. */
  const without = (graph: Graph, constants: readonly string[], kernel: number): Graph => {
    const copy = new Map(graph.constants);
    for (const id of constants) {
      const { shape, data } = copy.get(id) as Tensor;
      const size = data.length / (shape[0] as number);
      const emptied = Float32Array.from(data as Float32Array, (value, i) =>
        Math.floor(i / size) === kernel ? 0 : value,
      );
      copy.set(id, { dtype: 'float32', shape, data: emptied });
    }
    return { ...graph, constants: copy };
  };

  test.each([
    ['conv1', 5],
    ['layer2.0.conv1', 17],
    ['layer3.2.conv2', 40],
  ])('%s, kernel %i, through BatchNorm kept and folded', async (name, kernel) => {
    const kept = sharedNetwork('models/cifar10_resnet20.onnx');
    const folded = sharedNetwork('models/cifar10_resnet20_fused.onnx');
    const cut = (graph: Graph): Promise<Tensor> => {
      const { value } = siteOf(anatomyOf(graph), name);
      return lastOutput(masked(graph, [{ value, channels: [kernel] }]), input());
    };
    const lesion = await cut(kept);
    const norm = name.replace('conv', 'bn');
    close(lesion, await lastOutput(without(kept, [`${norm}.weight`, `${norm}.bias`], kernel), input()));
    close(lesion, await cut(folded));
    const node = folded.nodes.find(
      ({ id }) => id === anatomyOf(folded).layers.find((layer) => layer.name === name)?.node,
    );
    close(lesion, await lastOutput(without(folded, node?.inputs.slice(1) ?? [], kernel), input()));
    const intact = await lastOutput(kept, input());
    expect(Math.max(...differences(intact, lesion))).toBeGreaterThan(1e-3);
  });

  test('cutting a stream channel at all its writers empties it wherever the stream is read', async () => {
    const graph = sharedNetwork('models/cifar10_resnet20.onnx');
    const anatomy = anatomyOf(graph);
    const writers = anatomy.streams[0]?.writers[30] ?? [];
    const removals = writers.map(({ site, channel }) => ({ value: siteOf(anatomy, site).value, channels: [channel] }));
    const sums = graph.nodes.filter((node) => node.op === 'Add').map((node) => node.outputs[0] as string);
    const cut = masked(graph, removals, sums);
    const values = await runGraph(cut, input());
    const channels = [6, 6, 6, 14, 14, 14, 30, 30, 30];
    sums.forEach((sum, i) => {
      const { shape, data } = values.get(sum) as Tensor;
      const plane = (shape[2] as number) * (shape[3] as number);
      const own = data.subarray((channels[i] as number) * plane, ((channels[i] as number) + 1) * plane);
      expect([...own].every((value) => Number(value) === 0)).toBe(true);
      expect([...data].some((value) => Number(value) !== 0)).toBe(true);
    });
  });

  test('cutting a block leaves its shortcut', async () => {
    const graph = sharedNetwork('models/cifar10_resnet20.onnx');
    const anatomy = anatomyOf(graph);
    const { site } = anatomy.blocks[1] as { site: string };
    const all = Array.from({ length: 16 }, (_, c) => c);
    const cut = masked(graph, [{ value: siteOf(anatomy, site).value, channels: all }], ['layer1.1.add_out']);
    const values = await runGraph(cut, input());
    const before = await lastOutput({ ...graph, outputs: ['layer1.0.relu2_out'] }, input());
    expect(values.get('layer1.1.add_out')?.data).toEqual(before.data);
  });
});
