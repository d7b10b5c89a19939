import { describe, expect, test } from 'vitest';
import { absentSection } from '../../core/report/absent.js';
import type { ReportContext } from '../../core/report/context.js';
import type { Section } from '../../core/report/figure.js';
import { html } from '../../core/report/html.js';
import { renderReport } from '../../core/report/report.js';
import { adaptive } from '../../core/report/sections/adaptive.js';
import { architectures } from '../../core/report/sections/architectures.js';
import { baselines } from '../../core/report/sections/baselines.js';
import { between } from '../../core/report/sections/between.js';
import { compensation } from '../../core/report/sections/compensation.js';
import { fills } from '../../core/report/sections/fills.js';
import { interactions } from '../../core/report/sections/interactions.js';
import { kernels } from '../../core/report/sections/kernels.js';
import { learning } from '../../core/report/sections/learning.js';
import { longRange } from '../../core/report/sections/long-range.js';
import { models } from '../../core/report/sections/models.js';
import { predictors } from '../../core/report/sections/predictors.js';
import { preview } from '../../core/report/sections/preview.js';
import { quadruples } from '../../core/report/sections/quadruples.js';
import { replaceability } from '../../core/report/sections/replaceability.js';
import { responses } from '../../core/report/sections/responses.js';
import { robustness } from '../../core/report/sections/robustness.js';
import { sensitivity } from '../../core/report/sections/sensitivity.js';
import { emptyInput, syntheticInput } from './fixture.js';
import { contextWith, textOf } from './reading.js';

/** Every section that may have nothing to show, and what a spec must have for it. */
const sections: readonly [string, (context: ReportContext) => Section | Promise<Section>, RegExp][] = [
  ['adaptive', adaptive, /^stop: \{ top: 20 \} to an ablation/],
  ['architectures', architectures, /^trainings: \[.*of files, and of no architecture$/],
  ['baselines', baselines, /^a network that runs$/],
  ['between', between, /^a second network, and impulses/],
  ['compensation', compensation, /^an ablation of mode: compensation; only networks with skips/],
  ['fills', fills, /^a second fill to an ablation: fill: \[zero, mean\]$/],
  ['interactions', interactions, /^an ablation of mode: pairs$/],
  ['kernels', kernels, /^an ablation of single kernels \( mode: each\)$/],
  ['learning', learning, /^impulses of both signs on several images/],
  ['long-range', longRange, /^impulses: with reference images as base/],
  ['models', models, /^a network that its baseline accepts$/],
  ['predictors', predictors, /^an ablation of single kernels \( mode: each\)/],
  ['preview', preview, /^a preview by percuss preview SPEC$/],
  ['quadruples', quadruples, /^an ablation of mode: quadruples$/],
  ['replaceability', replaceability, /^to an ablation of mode: each: fill: \[mean, substitute\]$/],
  ['responses', responses, /^keep: responses to impulses, or impulses on a flat base$/],
  ['robustness', robustness, /^an ablation of mode: random or cumulative$/],
  ['sensitivity', sensitivity, /^an ablation of mode: each$/],
];

describe('a section without results', () => {
  test.each(sections)('%s shows nothing, and says what to add', async (id, section, needs) => {
    const found = await section(contextWith({}));
    expect([found.id, found.blocks]).toEqual([id, []]);
    expect(textOf(html`${found.absence?.needs ?? null}`)).toMatch(needs);
  });

  test('does not stand in the report: a line of one section does', async () => {
    const text = await renderReport(emptyInput());
    const ids = [...text.matchAll(/<section id="([^"]+)"/g)].map(([, id]) => id);
    expect(ids).toEqual(['absent', 'asked', 'coverage', 'provenance']);
    const lines = /id="absent"[\s\S]*?<\/section>/.exec(text)?.[0] ?? '';
    expect(lines.match(/<dt>/g)).toHaveLength(sections.length);
  });

  test('has no line where all have results, and stands behind the results where some have none', async () => {
    const whole = [...(await renderReport(syntheticInput())).matchAll(/<section id="([^"]+)"/g)].map(([, id]) => id);
    expect(absentSection([{ id: 'a', title: 'A', blocks: [html`x`] }])).toBeUndefined();
    expect(whole.indexOf('absent')).toBe(whole.indexOf('asked') - 1);
  });

  test('that was asked for is not asked for again', async () => {
    const context = contextWith({});
    const [ablation] = syntheticInput().study.ablations;
    if (!ablation) throw new Error('no ablation');
    const asks = {
      ...context.input,
      study: { ...context.input.study, ablations: [{ ...ablation, mode: 'pairs' as const }] },
    };
    const line = absentSection([await interactions({ ...context, input: asks })]);
    expect(textOf(html`${line?.blocks[0] as never}`)).toBe(
      'Two at a time: what pairs do beyond what they add up to Asked for, but without results yet (Coverage says of what).',
    );
  });
});
