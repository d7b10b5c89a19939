import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openReference } from '../../core/engine/reference.js';
import { AdjointProgram } from '../../core/network/adjoint.js';
import { buildGraph } from '../../core/network/build.js';
import { signsOf, writeForms, type AskedForms } from '../../core/probe/direction-forms.js';
import { directionCount, directionsOf } from '../../core/probe/logit-directions.js';
import { randomStream } from '../../core/random.js';
import { float32 } from '../../core/tensor.js';

const logsOf = (logits: readonly number[]): Float64Array => {
  const whole = Math.log(logits.reduce((sum, z) => sum + Math.exp(z), 0));
  return Float64Array.from(logits, (z) => z - whole);
};

/** KL(p ‖ softmax(z + Δ)), as it is written. */
function damageOf(logs: Float64Array, change: readonly number[]): number {
  const moved = logsOf([...logs].map((z, c) => z + change[c]!));
  return logs.reduce((sum, log, c) => sum + Math.exp(log) * (log - moved[c]!), 0);
}

/** The forms of an image with these outputs, as the program that runs backwards chooses them: [directions × outputs]. */
async function formsOf(
  outputs: readonly number[],
  of: AskedForms['of'],
  seed: number,
  own?: number,
): Promise<Float32Array> {
  const size = outputs.length;
  const classed = of !== 'values';
  const graph = buildGraph({
    name: 'outputs',
    inputs: [{ id: 'z', dtype: 'float32', shape: [-1, size] }],
    outputs: ['out'],
    nodes: [{ id: 'out', op: 'Neg', inputs: ['z'], outputs: ['out'], attributes: {} }],
    constants: new Map(),
  });
  const draws = randomStream(seed, 'test');
  const several = signsOf(size, classed);
  const directions = directionCount(size, classed) + (own === undefined ? 0 : 1);
  let found = '';
  const program = new AdjointProgram(
    {
      graph,
      output: 'out',
      wanted: ['out'],
      cotangents: directions,
      written: (adjoint) =>
        writeForms(adjoint.write, {
          outputs: adjoint.intact('out'),
          size,
          of,
          signs: () => adjoint.input('signs', 'image', [1, several, size]),
          classes: own === undefined ? undefined : adjoint.input('class', 'image', [1, 1, size]),
        }),
    },
    (_, gradient) => void (found = gradient.id),
  );
  const engine = await openReference();
  const compiled = await engine.compile(program.build('forms', [found]));
  const feeds = new Map([
    [
      'z',
      engine.upload(
        float32(
          [1, size],
          outputs.map((z) => -z),
        ),
      ),
    ],
  ]);
  if (several > 0) {
    const signs = Float32Array.from({ length: several * size }, () => (draws.uint32() & 1 ? 1 : -1));
    feeds.set('signs', engine.upload(float32([1, several, size], signs)));
  }
  if (own !== undefined) {
    feeds.set(
      'class',
      engine.upload(
        float32(
          [1, 1, size],
          outputs.map((_, c) => (c === own ? 1 : 0)),
        ),
      ),
    );
  }
  return (await (await compiled.run(feeds)).get(found)?.read())?.data as Float32Array;
}

/** What the directions of an image make of a change of its outputs. */
async function seen(logs: Float64Array, change: readonly number[], classed: boolean, seed = 1): Promise<number> {
  const count = directionCount(logs.length, classed);
  const forms = await formsOf([...logs], classed ? 'logits' : 'values', seed);
  const changes = Array.from({ length: count }, (_, j) =>
    change.reduce((sum, value, c) => sum + forms[j * logs.length + c]! * value, 0),
  );
  return directionsOf(logs, classed).damage(changes);
}

const number = fc.double({ min: -4, max: 4, noNaN: true });
const manyClasses = 200;
const random = randomStream(5, 'logits');
const many = logsOf(Array.from({ length: manyClasses }, () => 2 * random.normal()));

describe('directions in the outputs', () => {
  test('of few classes give the damage of any change exactly, and one class is spared', async () => {
    expect(directionCount(6, true)).toBe(5);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(number, number), { minLength: 2, maxLength: 6 }), async (pairs) => {
        const logs = logsOf(pairs.map(([z]) => z));
        const change = pairs.map(([, by]) => by);
        expect(await seen(logs, change, true)).toBeCloseTo(damageOf(logs, change), 5);
      }),
    );
  });

  test('of values that are no classes give half the squared distance', async () => {
    expect(await seen(Float64Array.of(3, 1, 2), [1, -2, 0.5], false)).toBeCloseTo(0.5 * (1 + 4 + 0.25), 6);
  });

  test('of many classes are exact where only the likeliest change, and all others alike', async () => {
    const order = [...many.keys()].sort((a, b) => many[b]! - many[a]!);
    const change = Array.from({ length: manyClasses }, () => -0.7);
    order.slice(0, 3).forEach((c, i) => (change[c] = i - 1.2));
    expect(directionCount(manyClasses, true)).toBe(5);
    expect(await seen(many, change, true)).toBeCloseTo(damageOf(many, change), 5);
  });

  test('of many classes are right on average where all change', async () => {
    const change = Array.from({ length: manyClasses }, (_, c) => 0.6 * Math.sin(7 * c) + 0.3 * Math.cos(c * c));
    const exact = damageOf(many, change);
    const draws = await Promise.all(Array.from({ length: 400 }, (_, seed) => seen(many, change, true, seed)));
    const mean = draws.reduce((sum, value) => sum + value, 0) / draws.length;
    expect(Math.abs(mean / exact - 1)).toBeLessThan(0.05);
    expect(new Set(draws).size).toBeGreaterThan(390);
  });

  test('do not see a constant that is added to all logits', async () => {
    expect(await seen(many, new Array<number>(manyClasses).fill(3), true)).toBeCloseTo(0, 6);
  });

  test('of equal outputs take the first, as the order on the host does', async () => {
    const forms = await formsOf([0, 2, 2, 2, 1, 1, 0, 0], 'logits', 1);
    const line = (j: number): number[] => [...forms.subarray(8 * j, 8 * (j + 1))];
    expect([line(0), line(1)]).toEqual([
      [0, -1, 1, 0, 0, 0, 0, 0],
      [0, -1, 0, 1, 0, 0, 0, 0],
    ]);
    expect(line(2).reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(0, 6);
  });

  test('of a loss are what softmax gives less one at the class', async () => {
    const logits = [1, -1, 0.5];
    const forms = await formsOf(logits, 'logits', 1, 2);
    const whole = logits.reduce((sum, z) => sum + Math.exp(z), 0);
    expect([...forms.subarray(6)]).toEqual(
      logits.map((z, c) => expect.closeTo(Math.exp(z) / whole - (c === 2 ? 1 : 0), 6) as number),
    );
  });

  test('of probabilities are of their logarithms', async () => {
    const probabilities = [0.5, 0.25, 0.25];
    const [plain, behind] = [
      await formsOf(probabilities.map(Math.log), 'logits', 1),
      await formsOf(probabilities, 'probabilities', 1),
    ];
    expect([...behind]).toEqual(
      [...plain].map((weight, at) => expect.closeTo(weight / probabilities[at % 3]!, 5) as number),
    );
  });
});
