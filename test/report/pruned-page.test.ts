import { describe, expect, test } from 'vitest';
import type { Damage } from '../../core/analysis/damage.js';
import { renderPrunedPage, type PrunedPage } from '../../core/report/pruned-page.js';

const damage = (images: number, change: number, kl: number): Damage => ({
  images,
  correct: Math.round(0.9 * images),
  accuracy: { estimate: 0.9, low: 0.85, high: 0.94, level: 0.95 },
  deltaAccuracy: { estimate: change, low: change - 0.02, high: change + 0.02, level: 0.95 },
  kl: { estimate: kl, low: kl / 2, high: 2 * kl },
  deltaLoss: null,
  absDeltaLoss: null,
  flips: 7,
  nonFinite: 0,
});

const pruned = (more: Partial<PrunedPage> = {}): PrunedPage => ({
  study: 'small',
  id: 'abcdef0123456789',
  model: 'net',
  file: 'smaller.onnx',
  fill: 'mean',
  stages: 1,
  goal: '80 % were to stay',
  removed: [
    { layer: 'one', channel: 3, kl: 0 },
    { layer: 'two', channel: 1, kl: 0.25 },
    { layer: 'two', channel: 2, kl: 0.5 },
  ],
  layers: [
    { layer: 'one', kernels: 4, removed: 1 },
    { layer: 'two', kernels: 8, removed: 2 },
  ],
  staying: { unknown: 0, unfit: 0, tied: 0 },
  before: { kernels: 12, parameters: 1000, macs: 50_000, bytes: 4000, milliseconds: 2 },
  after: { kernels: 9, parameters: 600, macs: 35_000, bytes: 2800, milliseconds: 1.5 },
  chosen: damage(250, -0.01, 0.1),
  fresh: damage(251, -0.04, 0.3),
  ...more,
});

const textOf = (page: string): string =>
  page
    .replace(/<(style|script)>[\s\S]*?<\/\1>/g, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');

describe('the page of a smaller network', () => {
  test('says first how many kernels went, what is left, and what images that chose nothing say', async () => {
    const text = textOf(await renderPrunedPage(pruned()));
    const short = text.slice(text.indexOf('In short'), text.indexOf('Every second image'));
    expect(short).toMatch(/3 of 12 kernels were removed: 80 % were to stay/);
    expect(short).toMatch(/multiply-accumulates of an image 70\.0 % are left, of the parameters 60\.0/);
    expect(short).toMatch(/251 images that chose nothing.*a change of −4\.0 \[−6\.0, −2\.0\] points/);
    expect(short).not.toMatch(/250 images|−1\.0/);
  });

  test('has predicted and measured loss in neighbouring rows, with the images of each', async () => {
    const page = await renderPrunedPage(pruned());
    const rows = [...page.matchAll(/<tr>([\s\S]*?)<\/tr>/g)].map(([, row]) => textOf(row as string).trim());
    expect(rows).toContainEqual(
      expect.stringMatching(/^predicted 250 .* −1\.0 \[−3\.0, \+1\.0\] 0\.100 \[0\.0500, 0\.200\] 7$/),
    );
    expect(rows).toContainEqual(
      expect.stringMatching(/^measured 251 .* −4\.0 \[−6\.0, −2\.0\] 0\.300 \[0\.150, 0\.600\] 7$/),
    );
    expect(rows).toContainEqual('two 8 2 25.0 %');
    expect(rows).toContainEqual('two 1 0.250');
    expect(textOf(page)).toMatch(/adds up to 0\.750 nat/);
  });

  test('says of kernels that stay why, and nothing where there are none', async () => {
    expect(textOf(await renderPrunedPage(pruned()))).not.toMatch(/ stay[,: ]/);
    const text = textOf(await renderPrunedPage(pruned({ staying: { unknown: 1, unfit: 2, tied: 3 } })));
    expect(text).toMatch(/3 kernels did less than some that went, but stay/);
    expect(text).toMatch(/2 kernels stay, since what reads them/);
    expect(text).toMatch(/1 kernel stay/);
  });

  test('needs nothing beside itself, lets no name in as markup, and is the same for equal input', async () => {
    const hostile = '<img src=x onerror=alert(1)>';
    const page = await renderPrunedPage(pruned({ study: hostile, model: hostile, file: hostile }));
    expect(page).not.toContain('<img');
    expect(page).not.toMatch(/(src|href)="(?!#|data:)/);
    expect(page).toContain('content="default-src &#39;none&#39;;');
    expect(await renderPrunedPage(pruned({ study: hostile, model: hostile, file: hostile }))).toBe(page);
  });

  test('where no image has a finite KL, there is a dash', async () => {
    const page = await renderPrunedPage(pruned({ fresh: { ...damage(251, -0.9, 1), kl: null } }));
    expect(page).toMatch(/measured<\/th>[\s\S]*?>–</);
    expect(page).not.toContain('NaN');
  });
});
