import type { StopRow } from '../../tables/schema.js';
import type { ReportContext } from '../context.js';
import { absent } from '../absent.js';
import { dataTable } from '../data-table.js';
import type { Block, Section } from '../figure.js';
import { html, type Html } from '../html.js';
import { count, counted, percent, significant, withInterval } from '../number-format.js';

/** Adaptive ablations: on how many images each condition was run, what that settled, and what it spared. */
export function adaptive({ input }: ReportContext): Section {
  const section = { id: 'adaptive', title: 'Adaptive evaluation: how many images it took' };
  const ablations = input.gathered.stops;
  if (ablations.length === 0) {
    return absent(section, {
      needs: html`<code>stop: { top: 20 }</code> to an ablation, and its conditions stop as soon as more images would
        not change what is settled`,
    });
  }
  const total = (field: 'images' | 'of' | 'undecided'): number => ablations.reduce((sum, own) => sum + own[field], 0);
  const [spent, whole, undecided] = [total('images'), total('of'), total('undecided')];
  const blocks: Block[] = [
    html`<p>
      All conditions together rest on ${count(spent)} images where every condition on every image would have been
      ${count(whole)}: ${significant(whole / spent)} times as many. What ablations have in common was run once.
      ${
        undecided === 0
          ? 'Every condition is settled.'
          : `${counted(undecided, 'condition')} could not be run on what was asked for, and ${undecided === 1 ? 'is' : 'are'} undecided: neither stopped early nor ranked.`
      }
      Intervals hold however often one has looked, and are of KL clipped at what the spec says; beyond that an image
      counts no further.
    </p>`,
    dataTable('Adaptive ablations', ablations, [
      { head: 'network and ablation', cell: ({ name }) => name },
      { head: 'stops by', cell: ({ rule }) => rule },
      { head: 'conditions', numeric: true, cell: ({ conditions }) => count(conditions) },
      { head: 'images seen', numeric: true, cell: ({ images }) => count(images) },
      { head: 'of', numeric: true, cell: ({ of }) => count(of) },
      { head: 'spared', numeric: true, cell: ({ images, of }) => percent(1 - images / of) },
      { head: 'undecided', numeric: true, cell: ({ undecided }) => count(undecided) },
      {
        head: 'images that were clipped',
        numeric: true,
        cell: ({ clipped, images }) => percent(clipped / Math.max(1, images)),
      },
    ]),
  ];
  for (const { name, top } of ablations) {
    if (top.length > 0)
      blocks.push(
        topTable(
          name,
          top.toSorted((a, b) => (b.kl ?? 0) - (a.kl ?? 0)),
        ),
      );
  }
  return { ...section, blocks };
}

/** The conditions that do the most damage, the most first. Their set is settled within epsilon; their order is not. */
function topTable(name: string, top: readonly StopRow[]): Html {
  return html`<h3>${name}: the top ${count(top.length)}</h3>
    <p class="small">
      The set is settled within the spec’s ε; the order within it is that of the estimates, and settles nothing.
    </p>
    ${dataTable(`Top of ${name}`, top, [
      { head: 'removed', cell: (row) => row.channels },
      { head: 'clipped KL (nat)', numeric: true, cell: (row) => withInterval(row.kl, row.kl_low, row.kl_high) },
      { head: 'images', numeric: true, cell: (row) => `${count(row.images)} of ${count(row.of)}` },
      { head: 'clipped', numeric: true, cell: (row) => count(row.clipped) },
    ])}`;
}
