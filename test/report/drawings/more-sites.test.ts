import { describe, expect, test } from 'vitest';
import type { Figure } from '../../../core/report/figure.js';
import type { Html } from '../../../core/report/html.js';
import { rasterUrl } from '../../../core/report/raster.js';
import { longRange } from '../../../core/report/sections/long-range.js';
import { predictors } from '../../../core/report/sections/predictors.js';
import { kernelRow, predictorRow, similarityRow } from '../hand-rows.js';
import { contextWith, drawingOf, figures, said, tablesIn } from '../reading.js';

const [a, b] = ['resnet20', 'resnet56'];
const marksOf = (figure: Figure | undefined): readonly string[] => drawingOf(figure?.panels[0]?.body as Html).marks;

describe('long-range', () => {
  const row = (i: number, j: number, r2: number, excess: number | null) =>
    similarityRow({
      model: a,
      site_a: `s${i}`,
      site_b: `s${j}`,
      depth_a: i,
      depth_b: j,
      r2,
      r2_null: excess === null ? null : r2 - excess,
      excess,
    });

  test('R² is drawn from 0 to 1, excess on a scale of its own where R² is above 0, faint where it is not discovered; the largest is named', async () => {
    const similarity = [
      row(0, 0, 1, 0.9),
      row(0, 1, -0.5, -0.75),
      row(1, 0, 0.5, 0.25),
      row(1, 1, 1, null),
      row(0, 2, 0.5, 0.4),
      { ...row(2, 0, 0.25, 0.1), r2_discovered: false },
    ];
    const [figure] = figures(await longRange(contextWith({ similarity })));
    const none = Number.NaN;
    const [r2, excess] = figure?.panels.map(({ body }) => body.text) ?? [];
    expect(r2).toContain(rasterUrl([1, 0, 0.5, 0.5, 1, none, 0.25, none, none], 3, 3, 1));
    expect(excess).toContain(
      rasterUrl([0.9, none, 0.4, 0.25, none, none, 0.1, none, none], 3, 3, 0.9, (at) => at === 6),
    );
    expect(tablesIn(figure?.numbers as Html)[0]?.[1]).toEqual([
      'resnet20',
      '6',
      '3 of 4',
      '0.400',
      's0',
      's2',
      '0.500',
      '0.100',
      '0.0200',
    ]);
  });

  test('has at most 18 names on a side', async () => {
    const of = async (count: number) => {
      const similarity = Array.from({ length: count }, (_, i) => row(i, 0, 0.5, 0.1));
      const [figure] = figures(await longRange(contextWith({ similarity })));
      return drawingOf(figure?.panels[0]?.body as Html).y;
    };
    expect(await of(18)).toEqual(Array.from({ length: 18 }, (_, i) => `s${i}`));
    expect(await of(19)).toEqual(Array.from({ length: 10 }, (_, i) => `s${2 * i}`));
  });

  test('says where no null network was run', async () => {
    const [figure] = figures(await longRange(contextWith({ similarity: [row(0, 1, 0.5, null)] })));
    expect(figure?.panels[1]?.body.text).toContain('No shuffled network was run');
  });
});

describe('predictors', () => {
  const main = predictorRow({ model: a, predictor: 'activation-std', target: 'kl', spearman: 0.5 });
  const kernel = (channel: number, x: number | null, kl: number, own = {}) =>
    kernelRow({ model: a, site: 's', channel, activation_std: x, kl, non_finite: 0, ...own });

  test('kernels of equal rank share its place, those without the measure, and small sites, have none', async () => {
    const kernels = [
      kernel(0, 1, 5),
      kernel(1, 1, 5),
      kernel(2, 2, 5),
      kernel(3, 9, 5),
      kernel(4, null, 1),
      ...[0, 1, 2].map((channel) => kernel(channel, 1, 1, { site: 'small' })),
    ];
    const [figure] = figures(await predictors(contextWith({ kernels, predictors: [main] })));
    expect(said(figure).panels).toEqual([expect.stringMatching(/n = 4$/)]);
    // Ranks 0.5, 0.5, 2, 3 against 1.5 throughout, with multiples of 0.7549 and 0.5698 less whole numbers, of 4.
    const places = [0.5, 0.5, 2, 3].map((rank, i) => {
      const [dx, dy] = [((i + 1) * 0.7548776662466927) % 1, ((i + 1) * 0.5698402909980532) % 1];
      return `circle m0 ${[(rank + dx) / 4, (1.5 + dy) / 4].map((value) => Number(value.toFixed(2))).join()}`;
    });
    expect(marksOf(figure).filter((mark) => mark.startsWith('circle'))).toEqual(places);
  });

  test('more than 1200 kernels are thinned evenly, and that is said', async () => {
    const of = async (count: number) => {
      const kernels = Array.from({ length: count }, (_, i) => kernel(i, i, 1 + i));
      const [figure] = figures(await predictors(contextWith({ kernels, predictors: [main] })));
      const { note, panels } = said(figure);
      return [/evenly spaced/.test(note), marksOf(figure).length - 1, panels?.[0]?.split(', ').at(-1)];
    };
    expect(await of(1200)).toEqual([false, 1200, 'n = 1200']);
    expect(await of(1201)).toEqual([true, 601, 'n = 1201']);
  });

  test('stand from the largest mean correlation to the least, equals by name; the scatter is left out without kernels', async () => {
    const rows = [
      ['z', a, 0.2],
      ['y', a, 0.2],
      ['x', a, -0.5],
      ['x', b, 0.3],
      ['w', b, 0.9],
    ].map(([predictor, model, spearman]) =>
      predictorRow({
        predictor: predictor as string,
        model: model as string,
        spearman: spearman as number,
        target: 'kl',
      }),
    );
    const drawn = figures(await predictors(contextWith({ predictors: rows })));
    expect(drawn.map(({ title }) => title)).toEqual(['All predictors.']);
    expect(drawingOf(drawn[0]?.panels[0]?.body as Html).y).toEqual(['w', 'y', 'z', 'x']);
    const two = [0, 1].map((channel) => kernel(channel, 1, 1, { non_finite: 3 }));
    const [scatter] = figures(
      await predictors(
        contextWith({ kernels: [...[1, 2, 3, 4].map((k) => kernel(k, k, k)), ...two], predictors: [main] }),
      ),
    );
    expect(said(scatter).note).toContain('2 kernels whose removal leaves outputs that are not finite have no point');
  });
});
