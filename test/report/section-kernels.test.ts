import { expect, test } from 'vitest';
import { kernels } from '../../core/report/sections/kernels.js';
import { kernelRow } from './hand-rows.js';
import { contextWith, tablesIn, textOf, whole } from './reading.js';

const row = (channel: number, kl: number | null, own: Parameters<typeof kernelRow>[0] = {}) =>
  kernelRow({
    model: 'net',
    layer: 'conv1',
    channel,
    kl,
    kl_low: kl === null ? null : kl / 2,
    kl_high: kl === null ? null : 2 * kl,
    flips: 0.25,
    state: 'ok',
    linearised: null,
    replaceability_same: null,
    ...own,
  });

test('every kernel stands by its damage, the greatest first, what is not finite before all, and what was not removed not at all', () => {
  const rows = [
    row(0, 0.1),
    row(1, 0.4),
    row(2, 0, { state: 'no-op', kl_low: 0, kl_high: 0, flips: 0 }),
    row(3, null, { non_finite: 3, flips: 1 }),
    row(4, null, { state: 'missing', flips: null }),
  ];
  const section = kernels(contextWith({ kernels: rows }));
  expect(tablesIn(whole(section))[0]).toEqual([
    ['network', 'layer', 'channel', 'damage (nat)', 'flips (share)', 'state'],
    ['net', 'conv1', '3', '–', '1.00', 'ok'],
    ['net', 'conv1', '1', '0.400 [0.200, 0.800]', '0.250', 'ok'],
    ['net', 'conv1', '0', '0.100 [0.0500, 0.200]', '0.250', 'ok'],
    ['net', 'conv1', '2', '0 [0, 0]', '0', 'no-op'],
  ]);
  expect(textOf(whole(section))).toContain(
    '1 kernel of 4 that were removed alone changes nothing on any of these images (no-op), and can go at no price on them.',
  );
  expect(section.id).toBe('kernels');
});

test('without script the first 200 rows stand there; the data of the script has all, as columns, and ends in no markup', () => {
  const many = Array.from({ length: 1000 }, (_, i) =>
    row(i, (i + 1) / 1000, { layer: i % 2 === 0 ? '</script><b>' : 'x', linearised: i }),
  );
  const { text } = whole(kernels(contextWith({ kernels: many })));
  expect(text.match(/<tr>/g)).toHaveLength(201);
  const [, json = ''] = /<script type="application\/json">([\s\S]*?)<\/script>/.exec(text) ?? [];
  expect(json).not.toContain('<');
  const columns = JSON.parse(json) as { head: string; texts?: string[]; values: unknown[] }[];
  expect(columns.map(({ head }) => head)).toEqual([
    'network',
    'layer',
    'channel',
    'damage (nat)',
    'flips (share)',
    'predicted damage (nat)',
  ]);
  expect(columns[1]).toMatchObject({ texts: ['x', '</script><b>'] });
  expect(columns[3]?.values.slice(0, 2)).toEqual([
    [1, 0.5, 2],
    [0.999, 0.4995, 1.998],
  ]);
  expect(columns.every(({ values }) => values.length === 1000)).toBe(true);
  expect(text).toContain('Without script the first 200 of 1000 rows stand here');
});

test('a hundred thousand kernels take less than ten megabytes', () => {
  const many = Array.from({ length: 100_001 }, (_, i) =>
    row(i % 512, Math.abs(Math.sin(i)), {
      model: `net${i % 3}`,
      layer: `layer${Math.floor(i / 512)}.conv`,
      linearised: Math.abs(Math.cos(i)),
      replaceability_same: Math.sin(i),
      replaceability_same_low: Math.sin(i) - 0.1,
      replaceability_same_high: Math.sin(i) + 0.1,
    }),
  );
  const { text } = whole(kernels(contextWith({ kernels: many })));
  expect(Buffer.byteLength(text)).toBeLessThan(10e6);
  expect(text).toContain('with the most damage stand here');
});
