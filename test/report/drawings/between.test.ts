import { describe, expect, test } from 'vitest';
import type { Html } from '../../../core/report/html.js';
import { rasterUrl } from '../../../core/report/raster.js';
import { between } from '../../../core/report/sections/between.js';
import { betweenRow } from '../hand-rows.js';
import { contextWith, drawingOf, figures, said, tablesIn } from '../reading.js';

describe('networks site by site', () => {
  const row = (i: number, j: number, rarefied: number | null, discovered: boolean | null, own = {}) =>
    betweenRow({
      model_a: 'a',
      model_b: 'b',
      site_a: `s${i}`,
      site_b: `t${j}`,
      depth_a: i,
      depth_b: j / 2,
      rarefied_kernels: 8,
      rarefied,
      rarefied_excess: rarefied === null ? null : rarefied - 0.125,
      rarefied_discovered: discovered,
      ...own,
    });
  const pair = [
    row(1, 2, 0.5, true),
    row(0, 0, 1, true),
    row(0, 1, 0.25, false),
    row(0, 2, -0.5, false),
    row(1, 0, null, null),
    row(1, 1, 0.75, null),
  ];

  test('a row a site of the one and a column a site of the other, in order of depth, faint where nothing is discovered', async () => {
    const map = figures(await between(contextWith({ between: pair }))).at(-1);
    expect(said(map)).toMatchObject({
      title: 'Which site of one network another one holds.',
      panels: ['a from b'],
    });
    const [panel] = map?.panels ?? [];
    const none = Number.NaN;
    expect(panel?.body.text).toContain(
      rasterUrl([1, 0.25, 0, none, 0.75, 0.5], 2, 3, 1, (at) => [1, 2, 3, 4].includes(at)),
    );
    expect(drawingOf(panel?.body as Html)).toMatchObject({
      titles: ['Site of the second one (by depth)', 'Site of the first network (by depth)'],
      y: ['s0', 's1'],
    });
    expect(tablesIn(map?.numbers as Html)[0]?.[1]).toEqual(['a', 'b', '8', '5', '2', '0.875', 's0', 't0', '1.00']);
  });

  test('are drawn for twelve ordered pairs, and stand in the table for all', async () => {
    const many = Array.from({ length: 14 }, (_, i) => pair.map((one) => ({ ...one, model_b: `b${i}` }))).flat();
    const map = figures(await between(contextWith({ between: many }))).at(-1);
    expect(map?.panels).toHaveLength(12);
    expect(said(map).note).toContain('2 more pairs of networks stand in the table between.');
    expect(tablesIn(map?.numbers as Html)[0]).toHaveLength(15);
  });

  test('have no picture where they got no impulses in common', async () => {
    const apart = pair.map((one) => ({ ...one, rarefied: null, cka: 0.5 }));
    expect(figures(await between(contextWith({ between: apart }))).map(({ id }) => id)).toEqual(['fig-between']);
  });
});
