import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { evaluateGraph } from '../../core/engine/reference.js';
import { anatomyOf } from '../../core/anatomy/anatomy.js';
import { DYNAMIC, type Graph } from '../../core/network/graph.js';
import { importNetwork } from '../../core/import/import-network.js';
import { importOnnx } from '../../core/import/onnx/import-onnx.js';
import { float32 } from '../../core/tensor.js';

/** Written by fixtures/keras_models.py. */
const fixture = (file: string): Buffer =>
  readFileSync(fileURLToPath(new URL(`fixtures/networks/${file}`, import.meta.url)));

interface Recorded {
  readonly keras: string;
  readonly input: readonly number[];
  readonly shape: readonly number[];
  readonly output: readonly (readonly number[])[];
}

const imported = (name: string, bytes: Uint8Array, format: 'h5' | 'keras' = 'h5'): Promise<Graph> =>
  importNetwork(name, format, new Map([[`model.${format}`, bytes]]));

const files = [
  'keras2-adapted.h5',
  'keras2-functional.h5',
  'keras2-sequential.h5',
  'keras3-adapted.h5',
  'keras3-adapted.keras',
  'keras3-functional.h5',
  'keras3-sequential.h5',
  'keras3-sequential.keras',
  'keras3-varied.h5',
  'keras3-varied.keras',
];

describe('a Keras model in a file', () => {
  test.each(files)('computes what Keras computed: %s', async (file) => {
    const [name = '', format] = file.split('.');
    const recorded = JSON.parse(fixture(`${name}.json`).toString()) as Recorded;
    expect(recorded.keras[0]).toBe(name[5]);
    const graph = await imported(name, fixture(file), format as 'h5' | 'keras');
    const [input] = graph.inputs;
    const outputs = evaluateGraph(graph, new Map([[input?.id ?? '', float32(recorded.shape, recorded.input)]]));
    const actual = [...((outputs.values().next().value?.data ?? []) as Float32Array)];
    const expected = recorded.output.flat();
    expect(actual).toHaveLength(expected.length);
    for (const [i, value] of expected.entries()) expect(actual[i]).toBeCloseTo(value, 5);
  });

  test('is the same network in both of Keras 3’s formats', async () => {
    const [old, young] = await Promise.all(
      (['h5', 'keras'] as const).map((format) => imported('varied', fixture(`keras3-varied.${format}`), format)),
    );
    const told = (graph: Graph | undefined): unknown =>
      graph?.nodes.map(({ id, op, attributes }) => [id, op, attributes]);
    expect(told(young)).toEqual(told(old));
  });

  test('has an open number of images, also where the file fixes it', async () => {
    const graph = await imported('varied', fixture('keras3-varied.h5'));
    expect(graph.inputs[0]?.shape).toEqual([DYNAMIC, 8, 8, 3]);
  });

  test('names its layers as Keras does', async () => {
    const graph = await imported('functional', fixture('keras2-functional.h5'));
    expect(anatomyOf(graph).layers.map(({ name }) => name)).toEqual(['stem', 'depthwise', 'pointwise', 'down']);
  });

  test.each([
    ['is no HDF5 file', Buffer.from('not HDF5 at all'), /no HDF5 file, or a damaged one/],
    ['ends early', fixture('keras2-functional.h5').subarray(0, 9000), /damaged|no model_config|no group/],
  ])('that %s is refused with a sentence', async (_, bytes, message) => {
    await expect(imported('broken', bytes)).rejects.toMatchObject({
      code: 'FILE_DAMAGED',
      message: expect.stringMatching(message),
    });
  });

  test.each([
    ['is no archive', Buffer.from('not a zip archive, whatever it is called'), /no zip archive, or a damaged one/],
    ['is an archive cut short', fixture('keras3-sequential.keras').subarray(0, 12_000), /no zip archive/],
  ])('.keras that %s is refused with a sentence', async (_, bytes, message) => {
    await expect(imported('broken', bytes, 'keras')).rejects.toMatchObject({
      code: 'FILE_DAMAGED',
      message: expect.stringMatching(message),
    });
  });
});

describe('ONNX that Keras 3 writes on PyTorch, with channels last between convolutions', () => {
  const graph = (): Graph => importOnnx('functional', fixture('keras3-functional.onnx'));

  test('is NCHW inside: one Transpose behind the input', () => {
    const ops = graph().nodes.map(({ op }) => op);
    expect(ops.filter((op) => op === 'Transpose')).toHaveLength(1);
    expect(ops[0]).toBe('Transpose');
  });

  test('computes what Keras computed', () => {
    const { shape, input, output } = JSON.parse(fixture('keras3-functional.json').toString()) as Recorded;
    const network = graph();
    const feeds = new Map([[network.inputs[0]?.id ?? '', float32(shape, input)]]);
    const [scores] = evaluateGraph(network, feeds).values();
    [...((scores?.data ?? []) as Float32Array)].forEach((value, i) => {
      expect(value).toBeCloseTo(output.flat()[i] as number, 5);
    });
  });

  test('has the anatomy of the same network in .h5', async () => {
    const told = (network: Graph): unknown => {
      const { layers, sites, blocks, streams } = anatomyOf(network);
      return {
        layers: layers.map(({ kernels, macs, coupled }) => [kernels, macs, coupled.length]),
        sites: sites.map(({ type, shape, stride, receptiveField }) => ({ type, shape, stride, receptiveField })),
        blocks: blocks.map((block) => block.layers.length),
        streams: streams.map((stream) => stream.channels),
      };
    };
    expect(told(graph())).toEqual(told(await imported('functional', fixture('keras3-functional.h5'))));
  });
});
