import { describe, expect, test } from 'vitest';
import { sha256 } from '../../core/digest.js';
import { CellIndex, mergeRuns, type IndexRun } from '../../core/ledger/cell-index.js';
import { readAhead } from '../../core/ledger/read-ahead.js';

/** Keys whose order can be read: 32 bytes, nearly all of them alike. */
const key = (text: string): string => text.padEnd(64, '0');
const [a, b, c, d] = [key('01'), key('02'), key(`02${'0'.repeat(60)}01`), key('ff')] as const;

const run = (...entries: readonly (readonly [cell: string, object: string])[]): IndexRun => ({
  keys: Uint8Array.from(Buffer.from(entries.map(([cell]) => cell).join(''), 'hex')),
  objectOf: (entry) => entries[entry]?.[1] ?? '',
});
const indexOf = (runs: readonly IndexRun[], ...objects: readonly string[]): CellIndex =>
  new CellIndex(mergeRuns(runs, new Set(objects)));

describe('an index of cells', () => {
  test('has each cell once, ascending, with the smallest of its objects; all of them on demand', () => {
    const index = indexOf([run([c, 'y'], [b, 'z'], [a, 'x']), run([b, 'y'], [d, 'x'], [b, 'z'])], 'z', 'x', 'y');
    expect([...index]).toEqual([
      [a, 'x'],
      [b, 'y'],
      [c, 'y'],
      [d, 'x'],
    ]);
    expect(index.size).toBe(4);
    expect([...index.keys()]).toEqual([a, b, c, d]);
    expect([...index.values()]).toEqual(['x', 'y', 'y', 'x']);
    expect([...index.entries()]).toEqual([...index]);
    expect([a, b, c, d].map((cell) => index.get(cell))).toEqual(['x', 'y', 'y', 'x']);
    expect([a, b, c, d].map((cell) => index.all(cell))).toEqual([['x'], ['y', 'z'], ['y'], ['x']]);
    const seen: unknown[] = [];
    index.forEach((object, cell, map) => seen.push([cell, object, map === index]));
    expect(seen).toEqual([...index].map(([cell, object]) => [cell, object, true]));
  });

  test('knows nothing of other cells: before, between and behind its own, and of what is no key', () => {
    const index = indexOf([run([a, 'x'], [c, 'x'])], 'x');
    for (const other of [key('00'), b, key('03'), d, '', '01', `${a}00`, 'no key'.repeat(12)]) {
      expect([index.has(other), index.get(other), index.all(other)]).toEqual([false, undefined, []]);
    }
    expect([a, c].map((cell) => index.has(cell))).toEqual([true, true]);
  });

  test('leaves out cells of objects that are not there', () => {
    const index = indexOf([run([a, 'gone'], [b, 'x']), run([b, 'gone'], [c, 'gone'])], 'x');
    expect([...index]).toEqual([[b, 'x']]);
    expect(index.packed.keys.length).toBe(32);
    expect(index.packed.places.length).toBe(1);
    expect([...indexOf([], 'x')]).toEqual([]);
    expect(indexOf([run([a, 'gone'])]).size).toBe(0);
  });

  test('is the same in whichever order it is put together', () => {
    const runs = [run([b, 'y'], [a, 'y']), run([d, 'x']), run([b, 'x'], [c, 'x'])];
    expect(indexOf([...runs].reverse(), 'y', 'x').packed).toEqual(indexOf(runs, 'x', 'y').packed);
  });

  test('orders cells by all 32 bytes', () => {
    const cells = Array.from({ length: 60 }, (_, i) => sha256(`cell ${i}`));
    // And some that differ at one byte each.
    for (let byte = 0; byte < 32; byte++) cells.push(`${'5a'.repeat(byte)}5b${'5a'.repeat(31 - byte)}`);
    const index = indexOf([run(...cells.map((cell) => [cell, 'x'] as const))], 'x');
    expect([...index.keys()]).toEqual([...cells].sort());
    expect(cells.every((cell) => index.has(cell))).toBe(true);
  });
});

describe('reading ahead', () => {
  /** What was begun and what was over, in order. */
  const watched = () => {
    const log: string[] = [];
    const read = async (item: number): Promise<number> => {
      log.push(`begin ${item}`);
      // The first takes longest.
      for (let turn = item; turn < 10; turn++) await Promise.resolve();
      return item * item;
    };
    return { log, read };
  };

  test('gives everything in order, however many are read at a time', async () => {
    for (const width of [1, 2, 3, 4, 9]) {
      const found: number[] = [];
      for await (const square of readAhead([1, 2, 3, 4], width, watched().read)) found.push(square);
      expect(found).toEqual([1, 4, 9, 16]);
    }
  });

  test('begins as many as are read at a time before the first is handed out, and another for each', async () => {
    const { log, read } = watched();
    for await (const square of readAhead([1, 2, 3, 4, 5], 3, read)) log.push(`got ${square}`);
    expect(log).toEqual([
      'begin 1',
      'begin 2',
      'begin 3',
      'got 1',
      'begin 4',
      'got 4',
      'begin 5',
      'got 9',
      'got 16',
      'got 25',
    ]);
  });

  test('ends with the error of the first that fails, when its turn comes', async () => {
    const found: number[] = [];
    const reading = async (): Promise<void> => {
      for await (const item of readAhead([1, 2, 3, 4], 4, async (item) => {
        if (item > 2) throw new Error(`no ${item}`);
        return item;
      }))
        found.push(item);
    };
    await expect(reading()).rejects.toThrow('no 3');
    expect(found).toEqual([1, 2]);
  });
});
