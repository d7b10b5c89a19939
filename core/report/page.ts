import { createHash } from 'node:crypto';
import { renderFigure, type Section } from './figure.js';
import { html, markup, type Content, type Html } from './html.js';
import { script } from './script.js';
import { style } from './style.js';

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

/** A page of numbered sections, with what stands around them. */
export interface PageContent {
  /** Of the browser's window. */
  readonly title: string;
  readonly heading: string;
  readonly byline: Content;
  /** Sentences at the top. */
  readonly short: readonly Content[];
  readonly sections: readonly Section[];
  readonly footer: Content;
}

/** A line of the contents, under the title of its part where that is another than before. */
function contentsLine({ id, title, part }: Section, before: Section | undefined): Html {
  const line = html`<li><a href="#${id}">${title}</a></li>`;
  return part === undefined || part === before?.part
    ? line
    : html`<li class="part">${part}</li>
        ${line}`;
}

/** One HTML document that needs nothing beside itself, neither network nor script. */
export function page({ title, heading, byline, short, sections, footer }: PageContent): Html {
  let figures = 0;
  const body = sections.map(
    (part, i) =>
      html`<section id="${part.id}" aria-labelledby="${part.id}-title">
        <h2 id="${part.id}-title"><span class="no">${i + 1}</span> ${part.title}</h2>
        ${part.blocks.map((block) => html`${'kind' in block ? renderFigure(block, ++figures) : block} `)}
      </section> `,
  );
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="generator" content="percuss" />
        <title>${title}</title>
        <style>
          ${markup(style)}
        </style>
      </head>
      <body>
        <a class="skip" href="#${sections[0]?.id ?? ''}">Skip to the results</a>
        <header>
          <p class="kicker">percuss · redundancy in trained convolutional networks</p>
          <h1>${heading}</h1>
          <p class="byline">${byline}</p>
          <button id="theme" type="button" hidden aria-label="Switch between light and dark">◐</button>
        </header>
        <div class="layout">
          <nav aria-label="Contents">
            <ol>
              ${sections.map((section, i) => contentsLine(section, sections[i - 1]))}
            </ol>
          </nav>
          <main>
            <div class="abstract" role="region" aria-label="Summary">
              <h2>In short</h2>
              ${short.map((sentence) => html`<p>${sentence}</p>`)}
            </div>
            ${body}
          </main>
        </div>
        <footer>
          <p>${footer}</p>
        </footer>
        ${scriptElement}
      </body>
    </html> `;
}
