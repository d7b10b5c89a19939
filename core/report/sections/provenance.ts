import { printNumericMode } from '../../numeric-mode.js';
import { tablesVersion } from '../../tables/columns.js';
import type { ReportContext } from '../context.js';
import { dataTable } from '../data-table.js';
import type { Section } from '../figure.js';
import { html } from '../html.js';

/** Provenance: everything that is needed to get the same numbers again, and where they are kept. */
export function provenance({ input }: ReportContext): Section {
  const { study, provenance: origin } = input;
  const facts: [string, string][] = [
    ['Study', study.study],
    ['Identity (SHA-256 of the resolved spec)', input.id],
    ['Seed', String(study.seed)],
    ['Semantics', String(study.semantics)],
    ['Numeric mode', printNumericMode(input.mode)],
    ['Version of the tables', String(tablesVersion)],
    ...Object.entries(origin.versions).map(([name, version]): [string, string] => [`Version of ${name}`, version]),
    ...Object.entries(origin.times).map(([name, time]): [string, string] => [`Time: ${name}`, time]),
  ];
  return {
    id: 'provenance',
    title: 'Provenance',
    blocks: [
      html`<dl class="facts">
        ${facts.map(
          ([name, value]) =>
            html`<div>
              <dt>${name}</dt>
              <dd>${value}</dd>
            </div> `,
        )}
      </dl>`,
      ...(origin.choice ? [html`<p class="small">${origin.choice.join(' ')}</p>`] : []),
      origin.machines.length === 0
        ? html`<p class="small">Nothing is known about the machines that computed the cells.</p>`
        : html`<p class="small">Computed by:</p>
            <ul class="small">
              ${origin.machines.map((machine) => html`<li>${machine}</li>`)}
            </ul>`,
      dataTable('Contents', contents(input), [
        { head: 'what', cell: (row) => row.what },
        { head: 'name', cell: (row) => row.name },
        { head: 'SHA-256', cell: (row) => html`<code class="hash">${row.digest}</code>` },
      ]),
      origin.objects.length === 0
        ? html`<p class="none">This report pins no stored objects.</p>`
        : dataTable('Objects in the store', origin.objects, [
            { head: 'object', cell: (object) => object.name },
            { head: 'key', cell: (object) => html`<code>${object.key}</code>` },
            { head: 'SHA-256', cell: (object) => html`<code class="hash">${object.sha256}</code>` },
          ]),
    ],
  };
}

function contents({ study }: ReportContext['input']): { what: string; name: string; digest: string }[] {
  return [
    ...study.models.map((model) => ({ what: 'network', name: model.name, digest: model.content })),
    ...study.models.flatMap((model) =>
      model.files.map((file) => ({ what: `file of ${model.name}`, name: file.name, digest: file.blob })),
    ),
    ...study.data.flatMap((set) =>
      set.chunks.map((chunk, i) => ({
        what: `chunk ${i} of ${set.name}`,
        name: `${chunk.images} images`,
        digest: chunk.digest,
      })),
    ),
  ];
}
