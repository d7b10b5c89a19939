import { describe, expect, test } from 'vitest';
import type { Html } from '../../core/report/html.js';
import { adaptive } from '../../core/report/sections/adaptive.js';
import { asked } from '../../core/report/sections/asked.js';
import { coverage } from '../../core/report/sections/coverage.js';
import { models } from '../../core/report/sections/models.js';
import { provenance } from '../../core/report/sections/provenance.js';
import { responses } from '../../core/report/sections/responses.js';
import type { ReportInput } from '../../core/report/input.js';
import { rasterUrl } from '../../core/report/raster.js';
import { tablesVersion } from '../../core/tables/columns.js';
import { emptyInput, syntheticInput } from './fixture.js';
import { coverageRow, curveRow, modelRow, stopRow } from './hand-rows.js';
import { contextWith, figures, prose, said, tablesIn, textOf, whole } from './reading.js';

const paragraphs = (block: Html): string[] =>
  [...block.text.matchAll(/<(p|h3)[ >][\s\S]*?<\/\1>/g)].map(([text]) => textOf(text));

describe('coverage', () => {
  const of = (rows: ReturnType<typeof coverageRow>[], own: Partial<ReportInput> = {}) =>
    coverage(contextWith({ coverage: rows }, own));
  const cell =
    'A cell is one condition on one chunk of up to 250 images; a lesion that changed nothing is kept apart as “no-op”, never counted as robust.';

  test('says how many cells are stored, failed and missing', () => {
    const section = of([
      coverageRow({ planned: 8, committed: 4, failed: 2, no_op: 1 }),
      coverageRow({ model: 'b', ablation: 'baseline', kind: 'baseline', planned: 2, committed: 2, images: 1000 }),
    ]);
    expect(paragraphs(whole(section))[0]).toBe(
      `6 of 10 cells are stored (60.0 %); 2 failed after every try and 2 are still missing. ${cell}`,
    );
    expect(tablesIn(whole(section))).toEqual([
      [
        ['network', 'part', 'kind', 'stored', 'cells', 'failed', 'no-op', 'images'],
        ['resnet20', 'each-kernel', 'cells', '', '4 / 8', '2', '1', '500'],
        ['b', 'baseline', 'baseline', '', '2 / 2', '0', '0', '1000'],
      ],
    ]);
    const text = whole(section).text.replace(/\s+/g, ' ');
    expect(text).toContain('aria-label="50.0 % stored"');
    expect(text).toContain('width:50.0%"></span ><span class="bad" style="width:25.0%');
    expect(text).toContain('width:100.0%"></span ><span class="bad" style="width:0.0%');
    expect(textOf(whole(section))).toContain('No warnings.');
  });
  test('says that none failed or is missing, and what this run computed', () => {
    const section = of([coverageRow({ planned: 1, committed: 1 })], { cells: { computed: 12_345, reused: 6 } });
    expect(paragraphs(whole(section))[0]).toBe(
      `1 of 1 cell are stored (100 %); none failed and none is missing. This run computed 12 345 and took 6 from the store. ${cell}`,
    );
    expect(textOf(whole(of([coverageRow({ planned: 3, committed: 1, failed: 2 })])))).toContain(
      '(33.3 %); 2 failed after every try and none is missing.',
    );
  });
  test('of nothing planned is whole, and of no part says so', () => {
    const none = of([coverageRow({ planned: 0, committed: 0 })]);
    expect(textOf(whole(none))).toContain('0 of 0 cells are stored (100 %); none failed and none is missing.');
    expect(whole(none).text).toContain('aria-label="100\u202f% stored"');
    expect(whole(none).text).toContain('width:0.0%');
    expect(textOf(whole(of([])))).toBe(
      'Nothing has been planned or computed yet, so there is nothing to cover. No warnings.',
    );
  });
  test('lists warnings, also where there is nothing else', () => {
    for (const rows of [[], [coverageRow({})]]) {
      expect(textOf(whole(of(rows, { warnings: ['a', 'b'] })))).toContain('2 warnings a b');
    }
    expect(of([]).title + of([coverageRow({})]).title).toBe('CoverageCoverage');
    expect([of([]).id, of([coverageRow({})]).id]).toEqual(['coverage', 'coverage']);
  });
});

describe('adaptive ablations', () => {
  const row = (channels: string, own: Parameters<typeof stopRow>[0] = {}) =>
    stopRow({ channels, place: 'rest', images: 50, of: 500, kl: 0.1, kl_low: 0.05, kl_high: 0.2, clipped: 5, ...own });
  const stops = [
    row('a', { place: 'top', images: 400, kl: 0.5, kl_low: 0.4, kl_high: 0.6, clipped: 40 }),
    row('b', { place: 'top', images: 500, kl: 0.7, kl_low: 0.6, kl_high: 0.8 }),
    row('c'),
    row('d', { ablation: 'precise', rule: 'precision', place: 'undecided', images: 0, kl: null, clipped: 0 }),
  ];
  const section = () => adaptive(contextWith({ stops }));

  test('say how many images they took, and what is undecided', () => {
    expect(paragraphs(whole(section()))[0]).toBe(
      'All conditions together rest on 950 images where every condition on every image would have been 2000: 2.11 times as many. What ablations have in common was run once. 1 condition could not be run on what was asked for, and is undecided: neither stopped early nor ranked. Intervals hold however often one has looked, and are of KL clipped at what the spec says; beyond that an image counts no further.',
    );
    const two = adaptive(contextWith({ stops: [...stops, row('e', { place: 'undecided' })] }));
    expect(textOf(whole(two))).toContain('2 conditions could not be run on what was asked for, and are undecided:');
    expect(textOf(whole(adaptive(contextWith({ stops: stops.slice(0, 3) }))))).toContain('Every condition is settled.');
  });
  test('have a row each, and the top ones a table, the most damage first', () => {
    const [all, top, ...more] = tablesIn(whole(section()));
    expect(all).toEqual([
      [
        'network and ablation',
        'stops by',
        'conditions',
        'images seen',
        'of',
        'spared',
        'undecided',
        'images that were clipped',
      ],
      ['resnet20 · top-kernels', 'top', '3', '950', '1500', '36.7 %', '0', '5.3 %'],
      ['resnet20 · precise', 'precision', '1', '0', '500', '100 %', '1', '0.0 %'],
    ]);
    expect(top).toEqual([
      ['removed', 'clipped KL (nat)', 'images', 'clipped'],
      ['b', '0.700 [0.600, 0.800]', '500 of 500', '5'],
      ['a', '0.500 [0.400, 0.600]', '400 of 500', '40'],
    ]);
    expect(more).toEqual([]);
    expect(paragraphs(whole(section())).slice(1)).toEqual([
      'resnet20 · top-kernels: the top 2',
      'The set is settled within the spec’s ε; the order within it is that of the estimates, and settles nothing.',
    ]);
    expect(whole(section()).text).toContain('aria-label="Top of resnet20 · top-kernels"');
    expect(whole(section()).text).toContain('aria-label="Adaptive ablations"');
  });
  test('are not there without a stop', () => {
    const none = adaptive(contextWith({}));
    expect(textOf(whole(none))).toBe('No ablation has a stop: every condition was run on every image.');
    expect([none.id, none.title]).toEqual(['adaptive', 'Adaptive evaluation: how many images it took']);
  });
});

test('the table across networks has every number of a row, and a dash for what is not known', () => {
  const rows = [
    modelRow({
      model: 'resnet20',
      parameters: 269_722,
      macs: 40_813_184,
      layers: 19,
      kernels: 688,
      images: 500,
      accuracy: 0.8,
      accuracy_low: 0.75,
      accuracy_high: 0.85,
      robustness_area: 0.5,
      robustness_low: 0.4,
      robustness_high: 0.6,
      sr: 0.41,
      sr_low: 0.38,
      sr_high: 0.44,
      sr_null: 0.24,
      sr_excess: 0.17,
      sr_excess_low: 0.14,
      sr_excess_high: 0.2,
      r2_same_low: 0.82,
      r2_same_high: 0.87,
      r2_same_null: 0.6,
      r2_far_low: 0.55,
      r2_far_high: 0.55,
      r2_far_null: 0.42,
      reliability_kl: 0.91,
      dead_kernels: 1,
      silent_kernels: 2,
    }),
    modelRow({
      model: 'other',
      robustness_area: null,
      sr: null,
      sr_null: null,
      sr_excess: null,
      sr_excess_low: null,
      r2_same_low: null,
      r2_same_high: null,
      r2_same_null: null,
      r2_far_low: null,
      r2_far_high: null,
      r2_far_null: null,
      reliability_kl: null,
      dead_kernels: null,
      silent_kernels: null,
      robustness_low: null,
      sr_low: null,
      accuracy: 1,
      accuracy_low: 0.9,
      accuracy_high: 1,
      parameters: 1,
      macs: 2,
      layers: 3,
      kernels: 4,
      images: 5,
    }),
  ];
  const curves = [curveRow({ model: 'resnet20', fraction: 0.2, accuracy: 0, accuracy_low: 0, accuracy_high: 0 })];
  const section = models(contextWith({ models: rows, curves }));
  expect(tablesIn(whole(section))).toEqual([
    [
      [
        'network,parameters,MACs / image,layers,kernels,images,accuracy,robustness area,accuracy halves at,SR',
        'SR, null|SR, excess|R², same site|null|R², far sites|null|reliability of KL|dead|silent',
      ].flatMap((heads, i) => heads.split(i === 0 ? ',' : '|')),
      [
        'resnet20',
        '269 722',
        '40 813 184',
        '19',
        '688',
        '500',
        '80.0 % [75.0, 85.0]',
        '0.500 [0.400, 0.600]',
        'at most 20.0 %',
        '0.410 [0.380, 0.440]',
        '0.240',
        '0.170 [0.140, 0.200]',
        '0.820 to 0.870',
        '0.600',
        '0.550',
        '0.420',
        '0.910',
        '1',
        '2',
      ],
      ['other', '1', '2', '3', '4', '5', '100 % [90.0, 100]', ...Array.from({ length: 12 }, () => '–')],
    ],
  ]);
  expect(paragraphs(whole(section))).toEqual([
    'One row a network; brackets hold 95 % intervals, but for R², where “a to b” is from what the fit knows of other bases to what it knows of its own: the value lies between. “Null” is the same network with weights shuffled within its layers.',
    'Robustness area: mean of accuracy over intact accuracy along the removed fractions measured. SR: systemic redundancy. R²: how well other kernels predict a kernel’s signature. Dead: no change on any image when removed; silent: no answer to any impulse.',
  ]);
  const none = models(contextWith({}));
  expect(textOf(whole(none))).toBe('No network has results yet.');
  expect([none.id, none.title]).toEqual(['models', 'Across networks']);
});

describe('provenance', () => {
  const input = syntheticInput();
  test('has what is needed to get the same numbers again', () => {
    const section = provenance(
      contextWith({}, { provenance: { ...input.provenance, choice: ['measured', 'chosen'] } }),
    );
    const facts = [...whole(section).text.matchAll(/<dt>([^<]*)<\/dt>\s*<dd>([^<]*)<\/dd>/g)].map(([, name, value]) => [
      name,
      value,
    ]);
    expect(facts).toEqual([
      ['Study', 'cifar-resnets'],
      ['Identity (SHA-256 of the resolved spec)', input.id],
      ['Seed', '7'],
      ['Semantics', '1'],
      ['Numeric mode', 'onnxruntime-float32-cpu'],
      ['Version of the tables', String(tablesVersion)],
      ['Version of percuss', '0.1.0'],
      ['Version of node', '20.20.2'],
      ['Version of onnxruntime-node', '1.30.0'],
      ['Version of duckdb', '1.5.5'],
      ['Time: submitted', '2026-03-01 09:00 UTC'],
      ['Time: finished', '2026-03-01 09:41 UTC'],
    ]);
    expect(paragraphs(whole(section))).toEqual(['measured chosen', 'Computed by:']);
    expect(textOf(whole(section))).toContain('onnxruntime 1.30.0, x64, avx512, 1 thread: 50 000 cells');
    const [contents, objects] = tablesIn(whole(section));
    const { models: own, data } = input.study;
    expect(contents).toEqual([
      ['what', 'name', 'SHA-256'],
      ...own.map(({ name, content }) => ['network', name, content]),
      ...own.map(({ name, files: [file] }) => [`file of ${name}`, `${name}.onnx`, file?.blob]),
      ['chunk 0 of test', '250 images', data[0]?.chunks[0]?.digest],
      ['chunk 1 of test', '250 images', data[0]?.chunks[1]?.digest],
      ['chunk 0 of train', '250 images', data[1]?.chunks[0]?.digest],
    ]);
    const [object] = input.provenance.objects;
    expect(objects).toEqual([
      ['object', 'key', 'SHA-256'],
      ['analysis', object?.key, object?.sha256],
    ]);
    expect([section.id, section.title]).toEqual(['provenance', 'Provenance']);
  });
  test('says what is not known', () => {
    expect(paragraphs(whole(provenance(contextWith({}))))).toEqual([
      'Nothing is known about the machines that computed the cells.',
      'This report pins no stored objects.',
    ]);
  });
});

describe('response pictures', () => {
  const picture = (own: Partial<ReportInput['pictures'][number]>) => ({
    model: 'a',
    impulse: 'plain',
    site: 's',
    channel: 0,
    depth: 0,
    height: 1,
    width: 2,
    values: Float32Array.of(0.5, -2),
    ...own,
  });
  test('stand by network and impulse, then by depth and channel, each with its own scale', () => {
    const pictures = [
      picture({ depth: 1, channel: 3 }),
      picture({ depth: 1, channel: 2 }),
      picture({ depth: 0, channel: 9 }),
      picture({ impulse: 'other', site: 't' }),
    ];
    const [figure] = figures(responses(contextWith({}, { pictures })));
    expect(figure?.panels.map(({ title }) => title)).toEqual(['a · plain', 'a · other']);
    expect(figure?.panels.map(({ body }) => textOf(body))).toEqual([
      'depth 0 s ch. 9 1 × 2 max |r| 2.0 depth 1 s ch. 2 1 × 2 max |r| 2.0 depth 1 s ch. 3 1 × 2 max |r| 2.0',
      'depth 0 t ch. 0 1 × 2 max |r| 2.0',
    ]);
    const text = figure?.panels[1]?.body.text ?? '';
    expect(text).toContain(`src="${rasterUrl([0.5, -2], 1, 2, 2)}" width="2" height="1"`);
    expect(text).toContain('alt="response of t, channel 0, 1 by 2 positions"');
    expect(textOf(figure?.key as Html)).toBe('Response r(a, c, p), in activation units −max |r| 0 +max |r|');
    expect(figure?.key?.text).toContain('diverging');
    expect(said(figure)).toMatchObject({
      title: 'How one impulse travels through a network.',
      legend: [],
      note: 'The change that one impulse at the input makes in one channel of a site, over its whole map, from the first sites to the last; axes are rows and columns of the map. Each picture has its own scale, written beneath it as max |r|.',
      reading:
        'From picture to picture the patch grows with the receptive field while the map becomes coarser: patches that look alike at different depths are what the long-range matrix counts.',
    });
    expect([figure?.kind, figure?.id]).toEqual(['figure', 'fig-responses']);
  });
  test.each([
    [[0, 0], 'max |r| 0: silent'],
    [[0, Number.NaN], 'max |r| 0, elsewhere not finite'],
    [[Number.POSITIVE_INFINITY, 0.25], 'max |r| 0.25, elsewhere not finite'],
  ])('of %j say %s', (values, text) => {
    const [figure] = figures(
      responses(contextWith({}, { pictures: [picture({ values: Float32Array.from(values) })] })),
    );
    expect(textOf(figure?.panels[0]?.body as Html).endsWith(text)).toBe(true);
  });
  test('are not there without a response', () => {
    const none = responses(contextWith({}));
    expect(textOf(whole(none))).toBe(
      'No responses were kept, so there are no pictures: keep: responses keeps them, as do impulses on a flat base.',
    );
    expect([none.id, none.title]).toEqual(['responses', 'Responses to a unit impulse']);
  });
});

describe('what was asked', () => {
  const { study } = emptyInput();
  const [each, random] = study.ablations;
  const of = (own: Partial<ReportInput['study']>, yaml: string | null = null) =>
    asked(contextWith({}, { study: { ...study, ...own }, yaml }));
  test('stands in a sentence', () => {
    expect(paragraphs(prose(of({}))[0] as Html)).toEqual([
      'The study cifar-resnets compares 4 networks (resnet20, resnet56, plain20 and mstutorial) with 3 ablations and 2 sets of unit impulses. Intervals are at 95.0 %, false discoveries are held at 5.0 %, bootstraps draw 1000 times, sites count as far apart from a normalised depth of 0.3. All chance follows from seed 7.',
    ]);
  });
  test('names the nulls where there are any', () => {
    const nulls = { ...study.analysis.nulls, shuffled: 19, unrelated: ['resnet20', 'plain20'] };
    const input = { study: { ...study, analysis: { ...study.analysis, nulls } } };
    const section = asked(contextWith({ nulls: syntheticInput().tables.nulls }, input));
    expect(paragraphs(prose(section)[0] as Html)[0]).toContain(
      ', and measures of redundancy stand against 19 networks with weights shuffled within layers and the other networks among resnet20 and plain20. All',
    );
  });
  test('image sets and networks stand in tables', () => {
    const [data, networks] = tablesIn(whole(of({ models: study.models.slice(0, 1) })));
    expect(data).toEqual([
      ['image set', 'images', 'one image', 'classes'],
      ['test', '500', '3 × 32 × 32 (channels × height × width)', '10'],
      ['train', '250', '3 × 32 × 32 (channels × height × width)', '–'],
    ]);
    const content = study.models[0]?.content.slice(0, 12);
    expect(networks).toEqual([
      ['network', 'format', 'evaluated on', 'reference images', 'kernels cut after', 'output', 'content'],
      ['resnet20', 'onnx', 'test', 'train', 'activation', 'logits', content],
    ]);
  });
  test('so do ablations, each with what its mode has', () => {
    const ablations = [
      { ...each!, models: ['a', 'b'], layers: ['x', 'y'], stop: { top: 3, epsilon: 0.1, confidence: 0.9, clip: 2 } },
      { ...each!, stop: { precision: 0.2, confidence: 0.95, clip: 1 } },
      { ...random!, fractions: [0.1, 0.5], trials: 20 },
      { ...random!, name: 'ordered', mode: 'cumulative' as const, order: 'kl' as const, unit: 'layer' as const },
    ].map((one) => ({ ...one, models: one.models.slice(0, 2) }));
    const table = tablesIn(whole(of({ ablations })))[2] ?? [];
    const column = (head: string) => table.slice(1).map((row) => row[table[0]?.indexOf(head) ?? -1]);
    expect(table[0]).toEqual([
      'ablation',
      'networks',
      'removes',
      'mode',
      'filled with',
      'fractions',
      'trials',
      'spread',
      'stops at',
      'order',
    ]);
    expect(column('ablation')).toEqual(['each-kernel', 'each-kernel', 'across-depth', 'ordered']);
    expect(column('networks').slice(0, 2)).toEqual(['a, b', 'resnet20, resnet56']);
    expect(column('removes')).toEqual(['kernels of x, y', 'kernels of *', 'kernels of *', 'layers of *']);
    expect(column('mode')).toEqual(['each', 'each', 'random', 'cumulative']);
    expect(column('filled with').slice(1, 3)).toEqual(['zero, mean', 'zero']);
    expect(column('fractions').slice(1, 3)).toEqual(['–', '10.0 %, 50.0 %']);
    expect(column('trials').slice(1, 3)).toEqual(['–', '20']);
    expect(column('spread').slice(1)).toEqual(['–', 'one-layer, all-depths', '–']);
    expect(column('stops at').slice(0, 3)).toEqual([
      'top 3 within 0.1 nat, 90.0 %, clipped at 2',
      '± 0.2 nat, 95.0 %, clipped at 1',
      '–',
    ]);
    expect(column('order').slice(2)).toEqual(['–', 'kl']);
  });
  test('and impulses', () => {
    const [plain, images] = study.impulses;
    const impulses = [
      { ...plain!, models: ['a', 'b'] },
      {
        ...images!,
        at: ['x', 'y'],
        positions: [
          [1, 2],
          [3, 4],
        ] as const,
        record: ['u', 'v'],
      },
      { ...images!, bases: { images: 1 } },
    ];
    const table = tablesIn(whole(of({ impulses })))[3] ?? [];
    expect(table[0]).toEqual(['impulses', 'networks', 'given at', 'positions', 'amplitudes', 'on', 'recorded at']);
    expect(table[1]).toEqual([
      'plain',
      'a, b',
      'input',
      'center',
      '1, −1 input units',
      'normalised-zero, mean-image',
      '*',
    ]);
    expect(table[2]?.slice(2)).toEqual([
      'x, y',
      '(1, 2), (3, 4)',
      '0.1, −0.1, 1, −1 channel deviations',
      '16 reference images',
      'u, v',
    ]);
    expect(table[3]?.slice(3, 6)).toEqual(['phases', '0.1, −0.1, 1, −1 channel deviations', '1 reference image']);
  });
  test('what was not asked for is said, and the spec stands as it was written', () => {
    const none = of({ data: [], models: [], ablations: [], impulses: [] }, 'a: <b>');
    expect(paragraphs(whole(none))[0]).toContain('compares 0 networks with 0 ablations and 0 sets of unit');
    expect(paragraphs(whole(none)).slice(1)).toEqual([
      'No image set was given.',
      'No network was given.',
      'No ablation was asked for.',
      'No impulses were asked for.',
    ]);
    expect(textOf(whole(none)).endsWith('The spec as written a: <b>')).toBe(true);
    expect(whole(of({})).text).not.toContain('<details');
    expect([none.id, none.title]).toEqual(['asked', 'What was asked']);
  });
});
