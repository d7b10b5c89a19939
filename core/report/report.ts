import { absentSection } from './absent.js';
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
import { kernels } from './sections/kernels.js';
import { learning } from './sections/learning.js';
import { longRange } from './sections/long-range.js';
import { models } from './sections/models.js';
import { preview } from './sections/preview.js';
import { predictors } from './sections/predictors.js';
import { provenance } from './sections/provenance.js';
import { quadruples } from './sections/quadruples.js';
import { replaceability } from './sections/replaceability.js';
import { responses } from './sections/responses.js';
import { robustness } from './sections/robustness.js';
import { sensitivity } from './sections/sensitivity.js';

/** A part of the report, and what stands in it. */
interface Part {
  readonly title: string;
  readonly sections: readonly ((context: ReportContext) => Section | Promise<Section>)[];
}

/** From the answer to how it was got. What has no results is named in one line each, behind the results. */
const results: readonly Part[] = [
  { title: 'Networks', sections: [architectures, models] },
  {
    title: 'What is redundant, and where',
    sections: [replaceability, interactions, quadruples, compensation, longRange, between],
  },
  { title: 'Robustness', sections: [robustness] },
  { title: 'Layers and kernels', sections: [kernels, sensitivity, responses] },
  { title: 'Cheap tests', sections: [predictors, preview] },
];

const method: Part = {
  title: 'How it was got',
  sections: [asked, baselines, fills, adaptive, learning, coverage, provenance],
};

/**
 * The report of a study: one HTML document that needs nothing beside itself, neither network nor script. Equal input
 * gives equal text. Sections without results do not stand there; a line says what to add to the spec for each.
 */
export async function renderReport(input: ReportInput): Promise<string> {
  const context = contextOf(input);
  const found = await sectionsOf(context, results);
  const rest = await sectionsOf(context, [method]);
  const missing = absentSection([...found, ...rest]);
  const shown = [...found, ...rest].filter(({ absence }) => absence === undefined);
  const behind = shown.findIndex(({ part }) => part === method.title);
  const sections = missing ? shown.toSpliced(behind, 0, { ...missing, part: method.title }) : shown;
  const { study, id } = input;
  return page({
    title: `${study.study} · percuss`,
    heading: study.study,
    byline: html`Study <code>${id.slice(0, 12)}</code> · seed ${study.seed} · semantics ${study.semantics}`,
    short: findings(context),
    sections,
    footer: html`Made by percuss. Every number stands in the Parquet tables beside this file; definitions are in
      <code>docs/tables.md</code>.`,
  }).text;
}

async function sectionsOf(context: ReportContext, parts: readonly Part[]): Promise<Section[]> {
  const sections: Section[] = [];
  for (const part of parts) {
    for (const section of part.sections) sections.push({ ...(await section(context)), part: part.title });
  }
  return sections;
}
