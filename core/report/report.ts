import { createHash } from 'node:crypto';
import { contextOf, type ReportContext } from './context.js';
import { renderFigure, type Section } from './figure.js';
import { findings } from './sentences.js';
import { html, markup, type Html } from './html.js';
import type { ReportInput } from './input.js';
import { script } from './script.js';
import { adaptive } from './sections/adaptive.js';
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
import { style } from './style.js';

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
  models,
  provenance,
];

/**
 * What a browser may do with the report: show pictures that stand in it, use styles that stand in it, and run the one script that
 * stands in it, by its hash. Nothing else, whatever a foreign name might have brought in.
 */
const policy = [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  'img-src data:',
  `script-src 'sha256-${createHash('sha256').update(script).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** Its text is what the policy's hash is of, so nothing stands around it. */
const scriptElement = markup(`<script>${script}</script>`);

/**
 * The report of a study: one HTML document that needs nothing beside itself, neither network nor script. Equal input
 * gives equal text. Parts without results say so in a sentence.
 */
export async function renderReport(input: ReportInput): Promise<string> {
  const context = contextOf(input);
  const parts: Section[] = [];
  for (const section of sections) parts.push(await section(context));
  let figures = 0;
  const body = parts.map(
    (part, i) =>
      html`<section id="${part.id}" aria-labelledby="${part.id}-title">
        <h2 id="${part.id}-title"><span class="no">${i + 1}</span> ${part.title}</h2>
        ${part.blocks.map((block) => html`${'kind' in block ? renderFigure(block, ++figures) : block} `)}
      </section> `,
  );
  return page(input, context, parts, body).text;
}

function page(input: ReportInput, context: ReportContext, parts: readonly Section[], body: readonly Html[]): Html {
  const { study } = input;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="generator" content="percuss" />
        <title>${study.study} · percuss</title>
        <style>
          ${markup(style)}
        </style>
      </head>
      <body>
        <a class="skip" href="#asked">Skip to the results</a>
        <header>
          <p class="kicker">percuss · redundancy in trained convolutional networks</p>
          <h1>${study.study}</h1>
          <p class="byline">
            Study <code>${input.id.slice(0, 12)}</code> · seed ${study.seed} · semantics ${study.semantics}
          </p>
          <button id="theme" type="button" hidden aria-label="Switch between light and dark">◐</button>
        </header>
        <div class="layout">
          <nav aria-label="Contents">
            <ol>
              ${parts.map((part) => html`<li><a href="#${part.id}">${part.title}</a></li>`)}
            </ol>
          </nav>
          <main>
            <div class="abstract" role="region" aria-label="Summary">
              <h2>In short</h2>
              ${findings(context).map((sentence) => html`<p>${sentence}</p>`)}
            </div>
            ${body}
          </main>
        </div>
        <footer>
          <p>
            Made by percuss. Every number stands in the Parquet tables beside this file; definitions are in
            <code>docs/tables.md</code>.
          </p>
        </footer>
        ${scriptElement}
      </body>
    </html> `;
}
