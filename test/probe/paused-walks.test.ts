import { describe, expect, test } from 'vitest';
import type { EngineTensor } from '../../core/engine/engine.js';
import { PausedWalks, type Paused } from '../../core/probe/paused-walks.js';

/** Tensors of so many bytes, which note when they are disposed of. */
function paused(cut: number, ...sizes: readonly number[]): { readonly walk: Paused; gone(): number } {
  let gone = 0;
  const tensor = (bytes: number): EngineTensor => ({
    shape: [bytes],
    bytes,
    read: () => Promise.reject(new Error('nobody reads it')),
    dispose: () => void gone++,
  });
  const live = new Map(sizes.map((bytes, i) => [`value${i}`, tensor(bytes)]));
  return { walk: { segment: cut, cut, live }, gone: () => gone };
}

const at = (tile: number, from = 9, chunk = 'chunk') => ({ chunk, tile, from });

describe('walks that ended early', () => {
  test('go on once, for who wants nothing before them', () => {
    const walks = new PausedWalks(100);
    const { walk } = paused(4, 10);
    expect(walks.keep(at(0), walk)).toBe(true);
    expect(walks.take(at(0, 3))).toBeUndefined();
    expect(walks.take(at(1))).toBeUndefined();
    expect(walks.take(at(0, 4))).toBe(walk);
    expect(walks.take(at(0, 4))).toBeUndefined();
  });

  test('are held up to a budget over all of their values and tiles; who comes first stays', () => {
    const walks = new PausedWalks(100);
    const [first, second, third] = [paused(0, 20, 30), paused(0, 25, 25), paused(0, 1)];
    expect(walks.keep(at(0), first.walk)).toBe(true);
    expect(walks.keep(at(1), second.walk)).toBe(true);
    expect(walks.keep(at(2), third.walk)).toBe(false);
    expect([first, second, third].map(({ gone }) => gone())).toEqual([0, 0, 0]);
    expect(walks.take(at(2))).toBeUndefined();
    expect(walks.take(at(0))).toBe(first.walk);
    expect(walks.keep(at(2), third.walk)).toBe(true);
    expect(new PausedWalks(49).keep(at(0), paused(0, 20, 30).walk)).toBe(false);
  });

  test('make room for a later one of their own tile', () => {
    const walks = new PausedWalks(100);
    const [before, after, other] = [paused(0, 60, 30), paused(5, 100), paused(5, 101)];
    walks.keep(at(0), before.walk);
    expect(walks.keep(at(0), after.walk)).toBe(true);
    expect([before.gone(), after.gone()]).toEqual([2, 0]);
    // What is too large takes nobody's place for long: the earlier one is gone all the same.
    expect(walks.keep(at(0), other.walk)).toBe(false);
    expect([after.gone(), other.gone()]).toEqual([1, 0]);
    expect(walks.take(at(0))).toBeUndefined();
  });

  test('are of one chunk: those of another are disposed of, and none is taken for it', () => {
    const walks = new PausedWalks(100);
    const [mine, yours] = [paused(0, 60), paused(0, 60)];
    walks.keep(at(0), mine.walk);
    expect(walks.take(at(0, 9, 'other'))).toBeUndefined();
    expect(walks.keep(at(1, 9, 'other'), yours.walk)).toBe(true);
    expect([mine.gone(), yours.gone()]).toEqual([1, 0]);
    expect(walks.take(at(0))).toBeUndefined();
    expect(walks.take(at(1, 9, 'other'))).toBe(yours.walk);
  });

  test('are forgotten with all that they hold', () => {
    const walks = new PausedWalks(100);
    const [one, two] = [paused(0, 1, 2), paused(0, 3)];
    walks.keep(at(0), one.walk);
    walks.keep(at(1), two.walk);
    walks.forget();
    walks.forget();
    expect([one.gone(), two.gone()]).toEqual([2, 1]);
    expect(walks.take(at(0))).toBeUndefined();
  });
});
