import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sha256 } from '../../core/digest.js';
import { logProbabilities } from '../../core/probe/output-reading.js';
import { numbersOf, outputKeeping } from '../../core/probe/output-sketch.js';
import { randomStream } from '../../core/random.js';
import type { OutputKind } from '../../core/spec/words/output-kinds.js';

const classes = 120;
const chunk = sha256('a chunk');
const keepingOf = (intact: Float32Array, more: { chunk?: string; kind?: OutputKind; classes?: number } = {}) => {
  const { kind = 'logits' } = more;
  const count = more.classes ?? classes;
  const baseline = logProbabilities(intact, count, kind);
  return outputKeeping({ chunk: more.chunk ?? chunk, classes: count, kind, baseline });
};
const random = randomStream(3, 'sketch test');
const logits = (spread: number): number[] => Array.from({ length: classes }, () => spread * random.normal());
const rows = (row: readonly number[], images: number): Float32Array =>
  Float32Array.from({ length: images * row.length }, (_, i) => row[i % row.length]!);
const plus = (a: Float32Array, b: Float32Array): Float32Array => a.map((value, i) => value + b[i]!);
const squares = (sketch: Float32Array): number[] =>
  Array.from({ length: sketch.length / 16 }, (_, i) =>
    sketch.subarray(16 * i, 16 * i + 16).reduce((sum, value) => sum + value * value, 0),
  );

/** Δz' (diag p − p p') Δz. */
function fisher(z: readonly number[], change: readonly number[]): number {
  const weights = z.map(Math.exp);
  const total = weights.reduce((sum, w) => sum + w, 0);
  const mean = weights.reduce((sum, w, c) => sum + (w / total) * change[c]!, 0);
  return weights.reduce((sum, w, c) => sum + (w / total) * (change[c]! - mean) ** 2, 0);
}

describe('a sketch of more than 100 outputs', () => {
  test('is 16 numbers an image, all 0 where nothing changed, and changes added to all outputs are none', () => {
    const intact = rows(logits(2), 3);
    const keeping = keepingOf(intact);
    expect(keeping.kept(intact)).toEqual(new Float32Array(48));
    for (const value of keeping.kept(intact.map((z) => z + 4))) expect(Math.abs(value)).toBeLessThan(1e-5);
  });

  test('adds up where changes add up, so that sketches of single lesions make that of their sum', () => {
    const unit = fc.array(fc.integer({ min: -30, max: 30 }), { minLength: classes, maxLength: classes });
    const intact = rows(logits(2), 2);
    const keeping = keepingOf(intact);
    fc.assert(
      fc.property(unit, unit, (one, other) => {
        const [a, b] = [one, other].map((change) =>
          rows(
            change.map((tenths) => tenths / 10),
            2,
          ),
        ) as [Float32Array, Float32Array];
        const both = keeping.kept(plus(plus(intact, a), b));
        const sum = plus(keeping.kept(plus(intact, a)), keeping.kept(plus(intact, b)));
        for (const [i, value] of both.entries()) expect(value).toBeCloseTo(sum[i]!, 4);
      }),
      { seed: 7, numRuns: 30 },
    );
  });

  test.each([
    ['many classes', () => logits(1), () => logits(1)],
    ['few classes', () => [9, 8, 7, ...Array.from({ length: classes - 3 }, () => -5)], () => logits(0.5)],
  ])('has the squared length Δz’ (diag p − p p’) Δz on average, over %s', (_, intactOf, changeOf) => {
    const images = 4000;
    const [z, change] = [intactOf(), changeOf()];
    const intact = rows(z, images);
    const found = squares(keepingOf(intact).kept(plus(intact, rows(change, images))));
    const expected = fisher(z, change);
    const mean = found.reduce((sum, value) => sum + value, 0) / images;
    // One image's relative error is at most √(2/16).
    expect(Math.abs(mean / expected - 1)).toBeLessThan((4 * Math.sqrt(2 / 16)) / Math.sqrt(images));
    const spread = Math.sqrt(found.reduce((sum, value) => sum + (value / expected - 1) ** 2, 0) / images);
    expect(spread).toBeLessThan(1.1 * Math.sqrt(2 / 16));
  });

  test('has directions of its own for each image and chunk, and the same for all lesions', () => {
    const intact = rows(logits(2), 2);
    const change = plus(intact, rows(logits(1), 2));
    const here = keepingOf(intact).kept(change);
    expect(keepingOf(intact).kept(change)).toEqual(here);
    expect(here.subarray(0, 16)).not.toEqual(here.subarray(16));
    expect(keepingOf(intact, { chunk: sha256('another') }).kept(change)).not.toEqual(here);
  });

  test('is, entry by entry, a sum with the signs of the stream of its chunk', () => {
    const [z, change] = [logits(1), logits(1)];
    const intact = rows(z, 1);
    const sketch = keepingOf(intact).kept(plus(intact, rows(change, 1)));
    const stream = randomStream(0, 'sketch', chunk);
    const words = Array.from({ length: classes / 2 }, () => stream.uint32());
    const weights = z.map(Math.exp);
    const total = weights.reduce((sum, w) => sum + w, 0);
    const mean = weights.reduce((sum, w, c) => sum + (w / total) * change[c]!, 0);
    for (const [j, value] of sketch.entries()) {
      const expected = change.reduce((sum, dz, c) => {
        const word = words[Math.floor(c / 2)]!;
        const bits = c % 2 === 0 ? word >>> 16 : word & 0xffff;
        return sum + ((bits >>> j) & 1 ? 1 : -1) * Math.sqrt(weights[c]! / total) * (dz - mean);
      }, 0);
      expect(value).toBeCloseTo(expected / 4, 4);
    }
  });

  test('of probabilities is that of their logarithms, and of values their change itself', () => {
    const z = logits(1);
    const changed = z.map((value, c) => value + (c % 3) / 4);
    const softmax = (row: readonly number[]): Float32Array => {
      const total = row.reduce((sum, value) => sum + Math.exp(value), 0);
      return Float32Array.from(row, (value) => Math.exp(value) / total);
    };
    const logit = keepingOf(Float32Array.from(z)).kept(Float32Array.from(changed));
    const probability = keepingOf(softmax(z), { kind: 'probabilities' }).kept(softmax(changed));
    for (const [j, value] of probability.entries()) expect(value).toBeCloseTo(logit[j]!, 4);
    const images = 2000;
    const intact = rows(z, images);
    const found = squares(keepingOf(intact, { kind: 'values' }).kept(rows(changed, images)));
    const distance = z.reduce((sum, value, c) => sum + (changed[c]! - value) ** 2, 0);
    expect(found.reduce((sum, value) => sum + value, 0) / images / distance).toBeCloseTo(1, 1);
  });

  test.each([Number.NaN, Infinity, -Infinity])(
    'is no number on an image with an output of %s, and there alone',
    (bad) => {
      const intact = rows(logits(2), 3);
      const changed = plus(intact, rows(logits(1), 3));
      const sound = keepingOf(intact).kept(changed);
      changed[classes + 5] = bad;
      const sketch = keepingOf(intact).kept(changed);
      expect(sketch.subarray(16, 32).every(Number.isNaN)).toBe(true);
      expect(sketch.subarray(0, 16)).toEqual(sound.subarray(0, 16));
      expect(sketch.subarray(32)).toEqual(sound.subarray(32));
    },
  );
});

describe('up to 100 outputs', () => {
  test('are kept themselves, in memory of their own', () => {
    const outputs = Float32Array.from({ length: 200 }, (_, i) => i / 7);
    const kept = keepingOf(outputs, { classes: 100 }).kept(outputs);
    expect(kept).toEqual(outputs);
    expect(kept.buffer).not.toBe(outputs.buffer);
  });

  test('that are no numbers are the same one, so that equal outputs are equal bytes', () => {
    const bits = new Uint32Array([0x7fc00000, 0x7fc00001, 0xffc00000, 0x7f800000, 0x80000000]);
    const kept = new Uint32Array(numbersOf(new Float32Array(bits.buffer)).buffer);
    expect([...kept]).toEqual([0x7fc00000, 0x7fc00000, 0x7fc00000, 0x7f800000, 0x80000000]);
  });
});
