import type { Mode } from '../spec/words/modes.js';
import type { ReportContext } from './context.js';
import type { Absence, Section } from './figure.js';
import { html, type Html } from './html.js';

/** A section without results: not shown, but named in one line with what would fill it. */
export function absent(section: Pick<Section, 'id' | 'title'>, absence: Absence): Section {
  return { ...section, blocks: [], absence };
}

/** One line for each section without results; undefined where all have some. */
export function absentSection(sections: readonly Section[]): Section | undefined {
  const lines = sections.flatMap(({ title, absence }) => (absence ? [line(title, absence)] : []));
  if (lines.length === 0) return undefined;
  return {
    id: 'absent',
    title: 'Not in this study',
    blocks: [html`<dl class="facts">${lines}</dl>`],
  };
}

function line(title: string, { needs, asked = false }: Absence): Html {
  return html`<div>
    <dt>${title}</dt>
    <dd>${asked ? html`Asked for, but without results yet (Coverage says of what).` : html`Add ${needs}.`}</dd>
  </div> `;
}

/** Whether a study has an ablation of one of these modes. */
export function asksFor({ input }: ReportContext, ...modes: readonly Mode[]): boolean {
  return input.study.ablations.some(({ mode }) => modes.includes(mode));
}
