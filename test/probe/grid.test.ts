import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gridOf, type Grid, type Placed } from '../../core/probe/grid.js';

let depth = 0;
/** A square map of `side` elements: element i stands at pixel offset + stride · i of either axis. */
const map = (name: string, stride: number, offset: number, side: number): Placed => ({
  name,
  depth: depth++,
  shape: [1, side, side],
  stride: [stride, stride],
  offset: [offset, offset],
});
const rowsOf = (grid: Grid, name: string): readonly number[] | undefined => grid.elements.get(name)?.rows;
const every = (count: number, step: number, from = 0): number[] =>
  Array.from({ length: count }, (_, i) => from + step * i);

describe('the grid of signatures', () => {
  test('is the coarsest map; a finer one is read at every stride-th element', () => {
    const grid = gridOf([map('fine', 1, 0, 16), map('coarse', 2, 0, 8)]);
    expect(grid).toMatchObject({ rows: 8, columns: 8 });
    expect(rowsOf(grid, 'fine')).toEqual(every(8, 2));
    expect(rowsOf(grid, 'coarse')).toEqual(every(8, 1));
  });

  test('takes the earlier of two elements half-way, as behind 2 × 2 pooling', () => {
    const grid = (stride: number, offset: number, side: number): Grid =>
      gridOf([map('image', 1, 0, 32), map('pooled', stride, offset, side)]);
    expect(rowsOf(grid(2, 0.5, 16), 'image')).toEqual(every(16, 2));
    expect(rowsOf(grid(4, 1.5, 8), 'image')).toEqual(every(8, 4, 1));
  });

  test('leaves its points where they are behind a stride that is no multiple: the finest map is read at them', () => {
    const grid = gridOf([map('fine', 1, 0, 16), map('between', 3, 0, 6), map('coarse', 4, 0, 4)]);
    expect(rowsOf(grid, 'coarse')).toEqual([0, 1, 2, 3]);
    // Points 0, 4, 8, 12: nearest to 0, 3, 9 and 12.
    expect(rowsOf(grid, 'between')).toEqual([0, 1, 3, 4]);
    expect(rowsOf(grid, 'fine')).toEqual([0, 4, 8, 12]);
  });

  test('reads finer maps where the map between took its point, so that a copy of a copy is read as such', () => {
    // Windows of 2 × 2 and stride 2, twice. A kernel that hands on one corner copies elements 2i, and 4i of the first.
    const grid = gridOf([map('first', 1, 0, 32), map('second', 2, 0.5, 16), map('third', 4, 1.5, 8)]);
    expect(rowsOf(grid, 'third')).toEqual(every(8, 1));
    expect(rowsOf(grid, 'second')).toEqual(every(8, 2));
    expect(rowsOf(grid, 'first')).toEqual(every(8, 4));
  });

  test('leaves out points outside the smaller map instead of reading its edge', () => {
    // A convolution without padding: 14 of 16 elements, the first one at pixel 1.
    const grid = gridOf([map('padded', 1, 0, 16), map('unpadded', 1, 1, 14)]);
    expect(grid).toMatchObject({ rows: 14, columns: 14 });
    expect(rowsOf(grid, 'padded')).toEqual(every(14, 1, 1));
    expect(rowsOf(grid, 'unpadded')).toEqual(every(14, 1));
    // Of the coarse map's pixels 0, 4, 8, 12 the small one, of pixels 3 to 11, holds two.
    const inner = gridOf([map('coarse', 4, 0, 4), map('small', 1, 3, 9)]);
    expect(rowsOf(inner, 'coarse')).toEqual([1, 2]);
    expect(rowsOf(inner, 'small')).toEqual([1, 5]);
  });

  test('of equal strides the later map gives the points: a copy behind a window of two begins where its window does', () => {
    const image: Placed = { name: 'image', depth: 0, shape: [3, 16, 16], stride: [1, 1], offset: [0, 0] };
    const copy: Placed = { name: 'copy', depth: 1, shape: [3, 15, 15], stride: [1, 1], offset: [0.5, 0.5] };
    for (const sites of [
      [image, copy],
      [copy, image],
    ]) {
      const grid = gridOf(sites);
      expect(rowsOf(grid, 'copy')).toEqual(every(15, 1));
      expect(rowsOf(grid, 'image')).toEqual(every(15, 1));
    }
  });

  test('has no points where maps have none in common', () => {
    expect(gridOf([map('left', 1, 0, 4), map('right', 1, 9, 4)])).toMatchObject({ rows: 0, columns: 0 });
    const places = { rows: [], columns: [] };
    expect(gridOf([])).toEqual({ rows: 0, columns: 0, elements: new Map(), places });
  });

  test('takes the nearest element, point by point, where strides are no multiples', () => {
    const grid = gridOf([map('two', 2, 0, 16), map('three', 3, 0, 11)]);
    expect(rowsOf(grid, 'three')).toEqual(every(11, 1));
    expect(rowsOf(grid, 'two')).toEqual([0, 1, 3, 4, 6, 7, 9, 10, 12, 13, 15]);
  });

  test('rows and columns are apart', () => {
    const wide: Placed = { name: 'wide', depth: 0, shape: [3, 4, 9], stride: [1, 1], offset: [0, 0] };
    const flat: Placed = { name: 'flat', depth: 1, shape: [3, 4, 3], stride: [1, 3], offset: [0, 1] };
    const grid = gridOf([wide, flat]);
    expect(grid).toMatchObject({ rows: 4, columns: 3 });
    expect(grid.elements.get('wide')).toEqual({ rows: every(4, 1), columns: every(3, 3, 1) });
  });

  test('a single element without a place of its own is read at every point; one that is coarser is the grid', () => {
    const gate: Placed = { name: 'gate', depth: 9, shape: [8], stride: [2, 2], offset: [7.5, 7.5] };
    const grid = gridOf([map('fine', 1, 0, 16), map('coarse', 2, 0, 8), gate]);
    expect(grid).toMatchObject({ rows: 8, columns: 8 });
    expect(rowsOf(grid, 'gate')).toEqual(every(8, 0));
    const last = gridOf([map('fine', 1, 0, 16), map('last', 16, 0, 1)]);
    expect(last).toMatchObject({ rows: 1, columns: 1 });
    expect(rowsOf(last, 'fine')).toEqual([0]);
    expect(gridOf([gate])).toMatchObject({ rows: 1, columns: 1 });
  });

  test('is the same in whatever order sites are listed, and never leaves a map', () => {
    const sites = fc
      .array(
        fc.record({ log: fc.nat(3), half: fc.integer({ min: -4, max: 9 }), side: fc.integer({ min: 1, max: 12 }) }),
        { minLength: 1, maxLength: 5 },
      )
      .map((list) => list.map(({ log, half, side }, i) => map(`site${i}`, 2 ** log, half / 2, side)));
    fc.assert(
      fc.property(sites, (list) => {
        const grid = gridOf(list);
        expect(gridOf([...list].reverse())).toEqual({ ...grid, elements: new Map([...grid.elements].reverse()) });
        for (const { name, shape } of list) {
          const rows = rowsOf(grid, name) as readonly number[];
          expect(rows).toHaveLength(grid.rows);
          for (const row of rows) expect(row >= 0 && row < (shape[1] as number)).toBe(true);
        }
      }),
    );
  });
});
