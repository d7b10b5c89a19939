import { describe, expect, test } from 'vitest';
import type { Html } from '../../core/report/html.js';
import { asked } from '../../core/report/sections/asked.js';
import { provenance } from '../../core/report/sections/provenance.js';
import { responses } from '../../core/report/sections/responses.js';
import type { ReportInput } from '../../core/report/input.js';
import { rasterUrl } from '../../core/report/raster.js';
import { tablesVersion } from '../../core/tables/columns.js';
import { emptyInput, syntheticInput } from './fixture.js';
import { contextWith, figures, prose, said, tablesIn, textOf, whole } from './reading.js';

const paragraphs = (block: Html): string[] =>
  [...block.text.matchAll(/<(p|h3)[ >][\s\S]*?<\/\1>/g)].map(([text]) => textOf(text));

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
      {
        ...each!,
        models: ['a', 'b'],
        layers: ['x', 'y'],
        stop: { top: 3, epsilon: 0.1, confidence: 0.9, clip: 2, by: 'images' as const },
      },
      { ...each!, stop: { precision: 0.2, confidence: 0.95, clip: 1, by: 'images' as const } },
      { ...random!, fractions: [0.1, 0.5], trials: 20 },
      { ...random!, name: 'ordered', mode: 'cumulative' as const, order: 'kl' as const, unit: 'layer' as const },
      { ...each!, mode: 'pairs' as const, pairs: { within: ['layer', 'across'] as const, budget: 1200 } },
      { ...each!, mode: 'quadruples' as const, quadruples: { budget: 200 } },
      {
        ...each!,
        mode: 'pairs' as const,
        pairs: { within: ['any'] as const, budget: undefined },
        keep: 'cells' as const,
      },
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
      'pairs within',
      'at most',
      'keeps',
      'order',
    ]);
    expect(column('ablation')).toEqual([
      'each-kernel',
      'each-kernel',
      'across-depth',
      'ordered',
      'each-kernel',
      'each-kernel',
      'each-kernel',
    ]);
    expect(column('networks').slice(0, 2)).toEqual(['a, b', 'resnet20, resnet56']);
    expect(column('removes').slice(0, 4)).toEqual(['kernels of x, y', 'kernels of *', 'kernels of *', 'layers of *']);
    expect(column('mode').slice(0, 4)).toEqual(['each', 'each', 'random', 'cumulative']);
    expect(column('pairs within').slice(3)).toEqual(['–', 'layer, across', '–', 'any']);
    expect(column('at most').slice(3)).toEqual(['–', '1200', '200', '–']);
    expect(column('keeps').slice(3)).toEqual(['cells', 'logits', 'logits', 'cells']);
    expect(column('filled with').slice(1, 3)).toEqual(['zero, mean', 'zero']);
    expect(column('fractions').slice(1, 3)).toEqual(['–', '10.0 %, 50.0 %']);
    expect(column('trials').slice(1, 3)).toEqual(['–', '20']);
    expect(column('spread').slice(1, 4)).toEqual(['–', 'one-layer, all-depths', '–']);
    expect(column('stops at').slice(0, 3)).toEqual([
      'top 3 within 0.1 nat, 90.0 %, clipped at 2',
      '± 0.2 nat, 95.0 %, clipped at 1',
      '–',
    ]);
    expect(column('order').slice(2, 4)).toEqual(['–', 'kl']);
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
        resolve: { r2: 0.1, sr: 0.05, budget: { images: 64, positions: 2 } },
      },
      { ...images!, bases: { images: 1 }, positions: { phases: 3 } },
    ];
    const table = tablesIn(whole(of({ impulses })))[3] ?? [];
    expect(table[0]).toEqual([
      'impulses',
      'networks',
      'given at',
      'positions',
      'amplitudes',
      'on',
      'resolves',
      'recorded at',
    ]);
    expect(table[1]).toEqual([
      'plain',
      'a, b',
      'input',
      'center',
      '1, −1 input units',
      'normalised-zero, mean-image',
      '–',
      '*',
    ]);
    expect(table[2]?.slice(2)).toEqual([
      'x, y',
      '(1, 2), (3, 4)',
      '0.1, −0.1, 1, −1 channel deviations',
      '16 reference images',
      'R² within 0.1, SR within 0.05, at most 64 images × 2 positions',
      'u, v',
    ]);
    expect(table[3]?.slice(3, 6)).toEqual([
      '3 phases a base',
      '0.1, −0.1, 1, −1 channel deviations',
      '1 reference image',
    ]);
  });
  test('what was not asked for is said, and the spec stands as it was written', () => {
    const none = of({ data: [], models: [], ablations: [], impulses: [] }, 'a: <b>');
    expect(paragraphs(whole(none))[0]).toContain('compares 0 networks with 0 ablations and 0 sets of unit');
    expect(paragraphs(whole(none)).slice(1)).toEqual(['No image set was given.', 'No network was given.']);
    expect(textOf(whole(none)).endsWith('The spec as written a: <b>')).toBe(true);
    expect(whole(of({})).text).not.toContain('<details');
    expect([none.id, none.title]).toEqual(['asked', 'What was asked']);
  });
});
