import * as tf from '@tensorflow/tfjs';
import { describe, expect, test } from 'vitest';
import type { Graph } from '../../core/network/graph.js';
import { importNetwork } from '../../core/import/import-network.js';
import { savedFiles } from './fixtures/layers-model.js';

type Files = ReadonlyMap<string, Uint8Array>;

const { layers } = tf;
const read = (files: Files, output?: string): Promise<Graph> => importNetwork('net', 'tfjs', files, undefined, output);

/** A model with a head for scores and one beside it whose layer nobody knows. */
async function twoHeads(unknown: string): Promise<Files> {
  const input = tf.input({ shape: [6, 6, 3] });
  const map = layers.conv2d({ filters: 4, kernelSize: 3, name: 'conv' }).apply(input) as tf.SymbolicTensor;
  const scores = layers.globalAveragePooling2d({ name: 'scores' }).apply(map) as tf.SymbolicTensor;
  const boxes = layers.flatten({ name: 'boxes' }).apply(map) as tf.SymbolicTensor;
  const files = await savedFiles(tf.model({ inputs: input, outputs: [boxes, scores] }));
  const text = new TextDecoder().decode(files.get('model.json')).replace('"Flatten"', `"${unknown}"`);
  return new Map([...files, ['model.json', new TextEncoder().encode(text)]]);
}

describe('of a layers model, too, only what leads to the answer must be supported', () => {
  test('a head that cannot be read is left out, unless it is asked for', async () => {
    expect((await read(await twoHeads('BoxDecoder'))).outputs).toEqual(['scores']);
    expect((await read(await twoHeads('Flatten'))).outputs).toEqual(['boxes', 'scores']);
    await expect(read(await twoHeads('BoxDecoder'), 'boxes')).rejects.toMatchObject({
      code: 'MODEL_UNSUPPORTED',
      message: expect.stringContaining('"boxes" is a BoxDecoder') as string,
    });
  });

  test('several inputs, open sizes and several positions are refused with a remedy', async () => {
    const [a, b] = [tf.input({ shape: [6, 6, 3], name: 'left' }), tf.input({ shape: [6, 6, 3], name: 'right' })];
    const sum = layers.add().apply([a, b]) as tf.SymbolicTensor;
    const pooled = layers.globalAveragePooling2d({}).apply(sum) as tf.SymbolicTensor;
    const two = await savedFiles(tf.model({ inputs: [a, b], outputs: pooled }));
    await expect(read(two)).rejects.toThrow(/depends on 2 inputs .*export the network/);

    const open = tf.input({ shape: [null, null, 3] });
    const mean = layers.globalAveragePooling2d({}).apply(open) as tf.SymbolicTensor;
    await expect(read(await savedFiles(tf.model({ inputs: open, outputs: mean })))).rejects.toThrow(
      /only the number of images may be open: build the model for images of one size/,
    );

    const map = tf.sequential({ layers: [layers.conv2d({ filters: 2, kernelSize: 1, inputShape: [4, 4, 3] })] });
    await expect(read(await savedFiles(map))).rejects.toThrow(/more than one position an image/);
  });
});
