import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dataflowOf } from '../../core/anatomy/dataflow.js';
import { fieldCentre, fieldSize, receptiveFields, type Field } from '../../core/anatomy/receptive-field.js';
import { float32 } from '../../core/tensor.js';
import { lastOutput } from '../import/fixtures/run.js';
import { SmallNetwork } from '../import/fixtures/small-network.js';

// So large that no border of an inner map comes near the middle.
const [height, width] = [64, 60] as const;

const step = fc.record({
  kind: fc.constantFrom('conv', 'pool', 'parallel'),
  size: fc.integer({ min: 1, max: 3 }),
  stride: fc.integer({ min: 1, max: 2 }),
  pad: fc.integer({ min: 0, max: 1 }),
  dilation: fc.integer({ min: 1, max: 2 }),
});

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** A network of one channel without negative numbers, so that nothing that reaches an element can cancel out. */
function network(steps: readonly Step[]): { readonly net: SmallNetwork; readonly last: string } {
  const net = new SmallNetwork(1, height, width);
  let last: string = net.input;
  steps.forEach(({ kind, size, stride, pad, dilation }, i) => {
    if (kind === 'conv') last = net.conv(`c${i}`, last, 1, { size, stride, pad, dilation, weight: 1 });
    if (kind === 'pool') last = net.maxPool(`p${i}`, last, size, stride, Math.min(pad, size - 1));
    if (kind === 'parallel') {
      const narrow = net.conv(`n${i}`, last, 1, { size: 1, weight: 1, stride });
      last = net.add(`a${i}`, narrow, net.conv(`w${i}`, last, 1, { size: 3, dilation, weight: 1, stride }));
    }
  });
  return { net, last };
}

/** First and last row, or column, that changes element (y, x) of the map when it is lit. */
async function seen(steps: readonly Step[], axis: 0 | 1, y: number, x: number): Promise<readonly number[]> {
  const { net, last } = network(steps);
  const [lines, pixels] = [axis === 0 ? height : width, height * width];
  const lit = Float32Array.from({ length: lines * pixels }, (_, i) => {
    const [line, pixel] = [Math.floor(i / pixels), i % pixels];
    return (axis === 0 ? Math.floor(pixel / width) : pixel % width) === line ? 1 : 0;
  });
  const map = await lastOutput(net.graph(last), float32([lines, 1, height, width], lit));
  const [, , rows, columns] = map.shape as [number, number, number, number];
  const hits = Array.from({ length: lines }, (_, line) => line).filter(
    (line) => (map.data[(line * rows + y) * columns + x] as number) > 0,
  );
  return [Math.min(...hits), Math.max(...hits)];
}

test('an element sees exactly the rows and columns that change it when they are lit', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 3 }), async (steps) => {
      const { net, last } = network(steps);
      const graph = net.graph(last);
      const field = receptiveFields(dataflowOf(graph)).get(last) as Field;
      const [, , rows, columns] = graph.shapes.get(last) as readonly [number, number, number, number];
      const [y, x] = [Math.floor(rows / 2), Math.floor(columns / 2)];
      for (const axis of [0, 1] as const) {
        const shift = field.stride[axis] * (axis === 0 ? y : x);
        expect(await seen(steps, axis, y, x)).toEqual([field.first[axis] + shift, field.last[axis] + shift]);
      }
    }),
    { seed: 11, numRuns: 20 },
  );
});

test('centre and size: a 2×2 window of stride 2 looks between four pixels', () => {
  const net = new SmallNetwork(1);
  const fields = receptiveFields(dataflowOf(net.graph(net.maxPool('p', net.conv('c', net.input, 1), 2))));
  expect(fieldCentre(fields.get('p') as Field)).toEqual([0.5, 0.5]);
  expect(fieldSize(fields.get('p') as Field)).toEqual([4, 4]);
  expect(fields.get('p')?.stride).toEqual([2, 2]);
});

test('whatever looks at a whole map sees the whole image', () => {
  const net = new SmallNetwork(1, 8, 6);
  const graph = net.graph(net.head(net.conv('c', net.input, 2, { stride: 2 })));
  const fields = receptiveFields(dataflowOf(graph));
  for (const value of ['pool', 'flat', 'fc']) expect(fieldSize(fields.get(value) as Field)).toEqual([8, 6]);
});
