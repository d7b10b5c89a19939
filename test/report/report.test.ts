import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { renderReport } from '../../core/report/report.js';
import { emptyInput, syntheticInput } from './fixture.js';
import { shown, type ShownInput } from './shown.js';

const hostile = [
  `<script>alert(1)</script>`,
  `" onmouseover="alert(1)`,
  `x'"],alert(1),["\\`,
  '网络 🧠, ß; </style></svg><img src=x onerror=alert(1)>',
];

/** Text of the document: no markup, style or script. */
function textOf(html: string): string {
  return html
    .replace(/<(style|script)>[\s\S]*?<\/\1>/g, ' ')
    .replace(/<svg[\s\S]*?<\/svg>/g, (svg) => svg.replace(/<[^>]*>/g, ' '))
    .replace(/<[^>]*>/g, ' ');
}

/** Every number that may be missing is. */
function withoutOptionalNumbers(input: ShownInput): ShownInput {
  const optional =
    /^(accuracy_expected|robustness_|sr|r2_|reliability|dead|silent|kernel_kl|layer_|linearity|activation_|kl|delta_loss|flips|excess|spearman|low$|high$|p$|p_adjusted|partial|ceiling)/;
  const strip = <R extends object>(rows: readonly R[]): R[] =>
    rows.map(
      (row) =>
        Object.fromEntries(
          Object.entries(row).map(([key, value]) => [key, optional.test(key) ? null : (value as unknown)]),
        ) as R,
    );
  const { tables } = input;
  return {
    ...input,
    ...shown({
      ...tables,
      models: strip(tables.models),
      layers: strip(tables.layers),
      kernels: strip(tables.kernels),
      similarity: tables.similarity.map((row) => ({ ...row, r2_null: null, excess: null })),
      predictors: strip(tables.predictors),
    }),
  };
}

describe('a report of four networks', () => {
  let html: string;
  let figures: string[];
  beforeAll(async () => {
    html = await renderReport(syntheticInput());
    figures = html.match(/<figure [\s\S]*?<\/figure>/g) ?? [];
  });

  test('is the same, byte for byte, for equal input, whatever was rendered between', async () => {
    await renderReport({ ...syntheticInput({ names: ['a', 'b', 'c', 'd'] }), pictures: [] });
    expect((await renderReport(syntheticInput())) === html).toBe(true);
  });

  test('has its sections in the agreed order', () => {
    expect([...html.matchAll(/<section id="([^"]+)"/g)].map((match) => match[1])).toEqual([
      'models',
      'replaceability',
      'interactions',
      'quadruples',
      'compensation',
      'long-range',
      'between',
      'robustness',
      'kernels',
      'sensitivity',
      'responses',
      'predictors',
      'preview',
      'absent',
      'asked',
      'baselines',
      'fills',
      'adaptive',
      'learning',
      'coverage',
      'provenance',
    ]);
  });

  test('numbers its figures from 1 and says under each how to read it, in one sentence', () => {
    expect(figures.length).toBeGreaterThanOrEqual(17);
    figures.forEach((figure, i) => {
      expect(figure).toContain(`Figure ${i + 1}. `);
      const reading = /How to read\.<\/b>\s*([\s\S]*?)<\/p>/.exec(figure)?.[1]?.trim() ?? '';
      expect(reading).toMatch(/^[A-Z0-9].{60,}\.$/s);
      expect(reading.slice(0, -1)).not.toMatch(/[.!?]\s/);
    });
  });

  test('titles both axes of every plot, with the unit of each quantity', () => {
    const plots = html.match(/<svg class="plot"[\s\S]*?<\/svg>/g) ?? [];
    expect(plots.length).toBeGreaterThan(25);
    for (const plot of plots) {
      const titles = [...plot.matchAll(/<text[^>]*font-weight="500"[^>]*>([^<]*)<\/text>/g)].map(
        (match) => match[1] ?? '',
      );
      expect(titles.length).toBe(2);
      for (const title of titles) expect(title).toMatch(/^(Network|Predictor)$|\(.+\)$/);
    }
  });

  test('gives every figure a legend or a colour scale', () => {
    for (const figure of figures) expect(figure).toMatch(/<ul class="legend">[\s\S]*?<li>[\s\S]*?<li>|class="key"/);
  });

  test('draws a network in the same colour and shape everywhere', () => {
    const swatches = [...html.matchAll(/<li>\s*<svg class="swatch"[\s\S]*?<\/svg>\s*<span>(.*?)<\/span>/g)];
    const looks = new Map<string, Set<string>>();
    for (const [swatch, label = ''] of swatches) looks.set(label, (looks.get(label) ?? new Set()).add(swatch));
    expect(looks.get('resnet20')?.size).toBe(1);
    expect(looks.get('mstutorial')?.size).toBe(1);
    expect([...(looks.get('resnet20') ?? [])][0]).not.toEqual([...(looks.get('resnet56') ?? [])][0]);
  });

  test('uses each id once, and refers only to ids it has', () => {
    const ids = [...html.matchAll(/\sid="([^"]+)"/g)].map((match) => match[1]);
    expect(new Set(ids).size).toBe(ids.length);
    const references = [...html.matchAll(/(?:href="#|url\(#)([^")]+)/g)].map((match) => match[1]);
    for (const reference of references) expect(ids).toContain(reference);
  });

  test('asks for nothing beside itself', () => {
    for (const [, target] of html.matchAll(/(?:src|href|xlink:href|srcset|action|poster)\s*=\s*"([^"]*)"/g)) {
      expect(target).toMatch(/^(#|data:image\/png;base64,)/);
    }
    expect(html).not.toMatch(/@import|<link|<iframe|url\((?!#)/);
    expect(html).not.toMatch(/https?:\/\/(?!www\.w3\.org\/)/);
  });

  test('answers in the first lines, with numbers', () => {
    const abstract = /In short[\s\S]*?<section/.exec(html)?.[0] ?? '';
    const sentences = abstract.match(/<p>/g) ?? [];
    expect(sentences.length).toBeGreaterThanOrEqual(2);
    expect(sentences.length).toBeLessThanOrEqual(9);
    expect(textOf(abstract)).toMatch(/Warning: mstutorial: 2 kernels have the same weights/);
    expect(textOf(abstract)).toMatch(/mstutorial keeps the largest share of its accuracy/);
    expect(textOf(abstract)).toMatch(/two kernels of different layers back each other up more than .* in plain20/);
    expect(textOf(abstract)).toMatch(
      /best predictor of damage \(kl, filled with zero\) within a layer is activation-std/,
    );
  });

  test('holds no broken number', () => {
    expect(/.{0,40}\b(NaN|undefined|Infinity)\b/.exec(textOf(html))).toBeNull();
    expect(html).not.toMatch(/>\s*null\s*<\/(td|p|li|dd|text)>/);
  });
});

describe('a report', () => {
  test('of an empty study draws nothing', async () => {
    const html = await renderReport(emptyInput());
    expect(html).not.toMatch(/<figure|<svg class="plot"/);
    expect(html).toContain('This study has no results yet.');
    expect(
      /.{0,40}\b(NaN|undefined|Infinity|null)\b/.exec(textOf(html).replace('shuffled within layers', '')),
    ).toBeNull();
  });

  test('without any of the numbers that may be missing is whole', async () => {
    const html = await renderReport(withoutOptionalNumbers(syntheticInput()));
    expect(html.match(/<section /g)?.length).toBe(19);
    expect(/.{0,40}\b(NaN|undefined|Infinity)\b/.exec(textOf(html))).toBeNull();
    expect(html).not.toMatch(/>\s*null\s*<\/(td|p|li|dd|text)>/);
  });

  test('of one network draws every figure', async () => {
    const input = syntheticInput();
    const keep = <R extends { readonly model: string }>(rows: readonly R[]): R[] =>
      rows.filter((row) => row.model === 'mstutorial');
    const { tables } = input;
    const html = await renderReport({
      ...input,
      ...shown({
        models: keep(tables.models),
        architectures: [],
        architecture_differences: [],
        layers: keep(tables.layers),
        kernels: keep(tables.kernels),
        stops: keep(tables.stops),
        ablations: keep(tables.ablations),
        curves: keep(tables.curves),
        pairs: keep(tables.pairs),
        interactions: keep(tables.interactions),
        screens: keep(tables.screens),
        quadruples: keep(tables.quadruples),
        contrasts: keep(tables.contrasts),
        compensation: keep(tables.compensation),
        responses: [],
        nulls: keep(tables.nulls),
        excess: keep(tables.excess),
        similarity: keep(tables.similarity),
        between: [],
        learning: keep(tables.learning),
        resolutions: keep(tables.resolutions),
        predictors: keep(tables.predictors),
        preview: keep(tables.preview),
        preview_checks: keep(tables.preview_checks),
        coverage: keep(tables.coverage),
      }),
    });
    expect(html.match(/<figure /g)?.length).toBe(17);
  });

  test('escapes whatever names, specs and warnings hold', async () => {
    const input = syntheticInput({ names: hostile });
    const [first = ''] = hostile;
    const html = await renderReport({
      ...input,
      study: { ...input.study, study: hostile.join(' ') },
      yaml: hostile.join('\n'),
      warnings: hostile,
      pictures: input.pictures.map((picture) => ({ ...picture, site: first, impulse: hostile[3] ?? '' })),
      tables: {
        ...input.tables,
        similarity: input.tables.similarity.map((row) => ({
          ...row,
          site_a: `${first}${row.site_a}`,
          site_b: `${first}${row.site_b}`,
        })),
        predictors: input.tables.predictors.map((row) => ({ ...row, predictor: `${row.predictor}</text><script>` })),
      },
    });
    // The script, and the kernels that it shows, which are data and hold no markup.
    expect(html.match(/<script/g)?.length).toBe(2);
    expect(html.match(/<script type="application\/json">[^<]*<\/script>/g)?.length).toBe(1);
    expect(html).not.toMatch(/<img src=x|<script>alert/);
    expect(html.match(/<\/style>/g)?.length).toBe(1);
    // Outside quoted values no tag may carry a handler.
    for (const [tag] of html.matchAll(/<[a-z][^<>]*>/gi))
      expect(tag.replace(/"[^"]*"/g, '""')).not.toMatch(/\son\w+\s*=/i);
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(html).toContain('网络 🧠');
  });

  test('lets a browser do no more than it needs: no network, no script but its own, by its hash', async () => {
    const html = await renderReport(syntheticInput());
    const policy = /<meta http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1] ?? '';
    const own = /<script>([\s\S]*?)<\/script>/.exec(html)?.[1] ?? '';
    expect(policy.replaceAll('&#39;', "'").split('; ')).toEqual([
      "default-src 'none'",
      "style-src 'unsafe-inline'",
      'img-src data:',
      `script-src 'sha256-${createHash('sha256').update(own).digest('base64')}'`,
      "base-uri 'none'",
      "form-action 'none'",
    ]);
    // It holds for what stands behind it.
    expect(html.indexOf('Content-Security-Policy')).toBeLessThan(html.indexOf('<style'));
  });

  test('shows characters that would hide or turn round what stands beside them', async () => {
    const input = syntheticInput();
    const html = await renderReport({
      ...input,
      warnings: ['\u202egnp.exe \u2066x \u200b \u001b[31m'],
      yaml: 'a: \u202e1',
    });
    expect(html).not.toMatch(/(?![\t\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(html).toContain('\\u{202e}gnp.exe');
  });
});
