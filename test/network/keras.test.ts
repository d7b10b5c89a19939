import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { evaluateGraph } from '../../core/engine/reference.js';
import { anatomyOf } from '../../core/network/anatomy.js';
import { importNetwork } from '../../core/network/import.js';
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

const imported = (name: string, bytes: Uint8Array) => importNetwork(name, 'h5', new Map([['model.h5', bytes]]));

describe('a Keras model saved as .h5', () => {
  test.each(['keras2-functional', 'keras2-sequential', 'keras3-functional', 'keras3-sequential'])(
    'computes what Keras computed: %s',
    async (name) => {
      const recorded = JSON.parse(fixture(`${name}.json`).toString()) as Recorded;
      expect(recorded.keras[0]).toBe(name[5]);
      const graph = await imported(name, fixture(`${name}.h5`));
      const [input] = graph.inputs;
      const outputs = evaluateGraph(graph, new Map([[input?.id ?? '', float32(recorded.shape, recorded.input)]]));
      const actual = [...((outputs.values().next().value?.data ?? []) as Float32Array)];
      const expected = recorded.output.flat();
      expect(actual).toHaveLength(expected.length);
      for (const [i, value] of expected.entries()) expect(actual[i]).toBeCloseTo(value, 5);
    },
  );

  test('names its layers as Keras does', async () => {
    const graph = await imported('functional', fixture('keras2-functional.h5'));
    expect(anatomyOf(graph).layers.map(({ name }) => name)).toEqual(['stem', 'depthwise', 'pointwise', 'down']);
  });

  test.each([
    ['is no HDF5 file', Buffer.from('not HDF5 at all'), /no HDF5 file, or a damaged one/],
    ['ends early', fixture('keras2-functional.h5').subarray(0, 9000), /damaged|no model_config|no group/],
  ])('that %s is refused with a sentence', async (_, bytes, message) => {
    await expect(imported('broken', bytes)).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringMatching(message),
    });
  });
});
