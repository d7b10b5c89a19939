import { html, type Content, type Html } from './html.js';
import { shapePaths, type Look } from './palette.js';

/** One drawing of a figure, with axes of its own. */
export interface Panel {
  readonly title: string;
  readonly body: Html;
}

export interface LegendItem {
  readonly label: string;
  readonly swatch: Html;
}

/** A numbered figure: panels with one legend, a caption, and one sentence on how to read it. */
export interface Figure {
  readonly kind: 'figure';
  readonly id: string;
  readonly title: string;
  readonly panels: readonly Panel[];
  readonly legend: readonly LegendItem[];
  /** Scales of picture colours, beside the legend. */
  readonly key?: Html;
  /** How to read it: one sentence. */
  readonly reading: string;
  /** What is shown and how it was computed. */
  readonly note: Content;
  /** The numbers behind it. */
  readonly numbers?: Html;
}

/** A part of a section: text, tables, or a figure, which gets its number when the report is put together. */
export type Block = Html | Figure;

/** What a section needs that a study does not have. */
export interface Absence {
  /** What to write into the spec, or to run: goes on from “Add”. */
  readonly needs: Content;
  /** Whether the spec asks for it already, so that results are not there yet, or failed. */
  readonly asked?: boolean;
}

/** A section of the report. */
export interface Section {
  readonly id: string;
  readonly title: string;
  readonly blocks: readonly Block[];
  /** Where there is nothing to show: what would fill it. */
  readonly absence?: Absence;
  /** The part of the report that it stands in; sections of one part follow each other. */
  readonly part?: string;
}

export function renderFigure(figure: Figure, number: number): Html {
  const legend = figure.legend.map((item) => html`<li>${item.swatch}<span>${item.label}</span></li>`);
  const panels = figure.panels.map(
    (panel) =>
      html`<div class="panel">
        ${panel.title === '' ? null : html`<h3 class="title">${panel.title}</h3>`}${panel.body}
      </div>`,
  );
  return html`<figure id="${figure.id}">
    ${
      legend.length === 0
        ? null
        : html`<ul class="legend">
            ${legend}
          </ul> `
    }
    ${figure.key === undefined ? null : html`<div class="key">${figure.key}</div>`}
    <div class="panels">${panels}</div>
    <figcaption>
      <p><b>Figure ${number}. ${figure.title}</b> ${figure.note}</p>
      <p class="reading"><b>How to read.</b> ${figure.reading}</p>
    </figcaption>
    ${
      figure.numbers === undefined
        ? null
        : html`<details>
            <summary>Numbers behind this figure</summary>
            ${figure.numbers}
          </details> `
    }
  </figure>`;
}

/** Line, marker and colour of a network. */
export function lookSwatch(look: Look): Html {
  return html`<svg class="swatch" viewBox="-15 -6 30 12" aria-hidden="true">
    <path d="M-14 0H14" stroke="${look.color}" stroke-width="2" stroke-dasharray="${look.dash.join(' ')}" />
    <path d="${shapePaths[look.shape]}" fill="${look.color}" />
  </svg>`;
}

/** A band of an interval, in neutral colour. */
export const bandSwatch = html`<svg class="swatch" viewBox="-15 -6 30 12" aria-hidden="true">
  <path d="M-13-5H13V5H-13Z" fill="var(--ink-2)" opacity=".22" />
</svg>`;

/** A whisker of an interval, in neutral colour. */
export const whiskerSwatch = html`<svg class="swatch" viewBox="-15 -6 30 12" aria-hidden="true">
  <path d="M-11 0H11" stroke="var(--ink-2)" stroke-width="1.6" />
  <circle r="3" fill="var(--ink-2)" />
</svg>`;

/** A line in a given colour. */
export function lineSwatch(color: string, dash = ''): Html {
  return html`<svg class="swatch" viewBox="-15 -6 30 12" aria-hidden="true">
    <path d="M-14 0H14" stroke="${color}" stroke-width="1.8" stroke-dasharray="${dash}" />
  </svg>`;
}

/** An upright tick, or a hollow marker, in neutral colour. */
export function tickSwatch(): Html {
  return html`<svg class="swatch" viewBox="-15 -6 30 12" aria-hidden="true">
    <path d="M0-6V6" stroke="var(--ink)" stroke-width="2" />
  </svg>`;
}

export function hollowSwatch(): Html {
  return html`<svg class="swatch" viewBox="-15 -6 30 12" aria-hidden="true">
    <circle r="3.6" fill="none" stroke="var(--ink-2)" stroke-width="1.6" />
  </svg>`;
}

/** A scale of picture colours with the values at its ends. */
export function rampLegend(kind: 'sequential' | 'diverging', label: string, ends: readonly string[]): Html {
  return html`<div class="ramp">
    <span class="ramp-label">${label}</span><span class="ramp-bar ${kind}"></span
    ><span class="ramp-ends">${ends.map((end) => html`<span>${end}</span>`)}</span>
  </div>`;
}

/** The legend of `lostMark`. */
export const lostItem: LegendItem = {
  label: 'outputs that are not finite: counted as wrong, without KL',
  swatch: html`<svg class="swatch" viewBox="-15 -6 30 12" aria-hidden="true">
    <path d="M-4,-4L4,4M-4,4L4,-4" stroke="var(--ink-2)" stroke-width="2.4" fill="none" />
  </svg>`,
};
