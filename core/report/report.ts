import { contextOf, type ReportContext } from './context.js';
import type { Section } from './figure.js';
import { findings } from './sentences.js';
import { html } from './html.js';
import type { ReportInput } from './input.js';
import { page } from './page.js';
import { adaptive } from './sections/adaptive.js';
import { architectures } from './sections/architectures.js';
import { asked } from './sections/asked.js';
import { baselines } from './sections/baselines.js';
import { between } from './sections/between.js';
import { compensation } from './sections/compensation.js';
import { coverage } from './sections/coverage.js';
import { fills } from './sections/fills.js';
import { interactions } from './sections/interactions.js';
import { learning } from './sections/learning.js';
import { longRange } from './sections/long-range.js';
import { models } from './sections/models.js';
import { preview } from './sections/preview.js';
import { predictors } from './sections/predictors.js';
import { provenance } from './sections/provenance.js';
import { quadruples } from './sections/quadruples.js';
import { responses } from './sections/responses.js';
import { robustness } from './sections/robustness.js';
import { sensitivity } from './sections/sensitivity.js';

/** Sections in the order in which they stand: from the question to the evidence to where it is kept. */
const sections: readonly ((context: ReportContext) => Section | Promise<Section>)[] = [
  asked,
  coverage,
  baselines,
  robustness,
  sensitivity,
  adaptive,
  interactions,
  quadruples,
  compensation,
  longRange,
  between,
  learning,
  responses,
  predictors,
  preview,
  fills,
  architectures,
  models,
  provenance,
];

/**
 * The report of a study: one HTML document that needs nothing beside itself, neither network nor script. Equal input
 * gives equal text. Parts without results say so in a sentence.
 */
export async function renderReport(input: ReportInput): Promise<string> {
  const context = contextOf(input);
  const parts: Section[] = [];
  for (const section of sections) parts.push(await section(context));
  const { study, id } = input;
  return page({
    title: `${study.study} · percuss`,
    heading: study.study,
    byline: html`Study <code>${id.slice(0, 12)}</code> · seed ${study.seed} · semantics ${study.semantics}`,
    short: findings(context),
    sections: parts,
    footer: html`Made by percuss. Every number stands in the Parquet tables beside this file; definitions are in
      <code>docs/tables.md</code>.`,
  }).text;
}
