import { expect, test } from 'vitest';
import type { Html } from '../../../core/report/html.js';
import { learning } from '../../../core/report/sections/learning.js';
import type { LearningRow, ResolutionRow } from '../../../core/tables/schema.js';
import { modelRow } from '../hand-rows.js';
import { contextWith, drawingOf, figures, said, tablesIn } from '../reading.js';

const row = (own: Partial<LearningRow>): LearningRow => ({
  model: 'resnet20',
  site: 's',
  pool: 'same',
  pool_size: 15,
  bases: 4,
  kernels: 1,
  r2_low: 0,
  r2_high: 1,
  r2_resolved: false,
  ...own,
});

test('R² stands by the number of base images, its ends averaged over all kernels, a panel a kind of pool', async () => {
  const rows = [
    // Three kernels of one site and one of another: (3 · 0.25 + 0.65) / 4, (3 · 0.75 + 0.95) / 4.
    row({ kernels: 3, r2_low: 0.25, r2_high: 0.75 }),
    row({ site: 't', r2_low: 0.65, r2_high: 0.95 }),
    row({ bases: 16, r2_low: 0.5, r2_high: 0.6 }),
    row({ pool: 'far', r2_low: 0, r2_high: 0.25 }),
    row({ pool: 'far', bases: 16, r2_low: 0.1, r2_high: 0.125 }),
  ];
  const section = await learning(contextWith({ learning: rows }));
  expect([section.id, section.title]).toEqual(['learning', 'How many base images R² needs']);
  const [figure] = figures(section);
  expect([figure?.kind, figure?.id]).toEqual(['figure', 'fig-learning']);
  expect(said(figure)).toEqual({
    title: 'R² of kernels by the number of base images.',
    panels: ['From kernels of the same site', 'From kernels of far sites'],
    legend: ['resnet20', 'from the lower end (marked) to the upper'],
    note: 'Mean over the kernels that have a value at every number of base images (fewer than in other sections, where some have none), from pools of one size. The lower end is scored on base images that were not fitted to, the upper end on those that were.',
    reading:
      'The value for endless base images lies between the ends, as far as the lower one still rises: where a band is wider than 0.1 at its right end, R² is not resolved.',
  });
  const [same, far] = (figure?.panels ?? []).map(({ body }) => drawingOf(body));
  expect(same?.titles).toEqual(['Base images (number)', 'Mean R² of kernels (share of variance)']);
  expect(same?.x).toEqual(['4', '16']);
  expect(same?.label).toBe('R² of kernels by base images, From kernels of the same site');
  expect(same?.marks).toEqual([
    'area m0 4,0.35 16,0.5 16,0.6 4,0.8',
    'line m0 4,0.35 16,0.5',
    'line m0 4,0.8 16,0.6',
    'circle m0 4,0.35',
    'circle m0 16,0.5',
  ]);
  expect(far?.marks.filter((mark) => mark.startsWith('circle'))).toEqual(['circle m0 4,0', 'circle m0 16,0.1']);
  expect(tablesIn(figure?.numbers as Html)).toEqual([
    [
      ['network', 'predicted from', 'base images', 'R²', 'resolved', 'kernels'],
      ['resnet20', 'From kernels of the same site', '4', '0.350 to 0.800', 'no', '4'],
      ['resnet20', 'From kernels of the same site', '16', '0.500 to 0.600', 'yes', '1'],
      ['resnet20', 'From kernels of far sites', '4', '0 to 0.250', 'no', '1'],
      ['resnet20', 'From kernels of far sites', '16', '0.100 to 0.125', 'yes', '1'],
    ],
  ]);
});

test('impulses that were resolved stand below it: how each network ended, with how many base images', async () => {
  const resolution: ResolutionRow = {
    model: 'resnet20',
    impulse: 'images',
    state: 'resolved',
    images: 128,
    positions: 1,
    most_images: 250,
    most_positions: 2,
    r2_wish: 0.1,
    sr_wish: null,
    r2_same_low: 0.5,
    r2_same_high: 0.575,
    r2_far_low: 0.25,
    r2_far_high: 0.3,
    sr: 0.0625,
    sr_plugin: 0.125,
  };
  const other = {
    ...resolution,
    model: 'resnet56',
    state: 'budget',
    images: 250,
    positions: 2,
    r2_wish: null,
    sr_wish: 0.05,
  };
  const failed = {
    ...other,
    model: 'failed',
    state: 'undecided',
    sr: null,
    sr_plugin: null,
    r2_same_low: null,
    r2_same_high: null,
  };
  const { blocks } = await learning(contextWith({ learning: [row({})], resolutions: [resolution, other, failed] }));
  expect(tablesIn(blocks.at(-1) as Html)).toEqual([
    [
      [
        'network',
        'impulses',
        'ended',
        'base images',
        'positions',
        'R², same site',
        'R², far sites',
        'wished',
        'SR to plug-in',
        'wished',
      ],
      [
        'resnet20',
        'images',
        'resolved',
        '128 of 250',
        '1 of 2',
        '0.500 to 0.575',
        '0.250 to 0.300',
        '0.100',
        '0.0625 to 0.125',
        '–',
      ],
      [
        'resnet56',
        'images',
        'not resolved: the budget is spent',
        '250 of 250',
        '2 of 2',
        '0.500 to 0.575',
        '0.250 to 0.300',
        '–',
        '0.0625 to 0.125',
        '0.0500',
      ],
      [
        'failed',
        'images',
        'undecided: a response failed',
        '250 of 250',
        '2 of 2',
        '–',
        '0.250 to 0.300',
        '–',
        '–',
        '0.0500',
      ],
    ],
  ]);
});

test('a pool that nothing was predicted from has no panel, and networks keep their colour, dash and shape', async () => {
  const rows = ['resnet20', 'resnet56'].flatMap((model) => [row({ model }), row({ model, bases: 16, r2_low: 0.5 })]);
  const models = [modelRow({ model: 'resnet20' }), modelRow({ model: 'resnet56' })];
  const [figure] = figures(await learning(contextWith({ learning: rows, models })));
  expect(said(figure).panels).toEqual(['From kernels of the same site']);
  const marks = drawingOf(figure?.panels[0]?.body as Html).marks.map((mark) =>
    mark.replace(/ [-\d.,]+(?=[ d]|$)/g, ''),
  );
  expect(marks).toEqual([
    'area m0',
    'area m1',
    'line m0',
    'line m1 dashed',
    'line m0',
    'line m1 dashed',
    'square m1',
    'square m1',
    'circle m0',
    'circle m0',
  ]);
});
