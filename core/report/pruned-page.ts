import type { Damage } from '../analysis/damage.js';
import { sum } from '../analysis/moments.js';
import { dataTable } from './data-table.js';
import { whiskerSwatch, type Section } from './figure.js';
import { html, type Content } from './html.js';
import { count, counted, interval, percent, percentWithInterval, significant, withInterval } from './number-format.js';
import { page } from './page.js';
import { nameMargins, panelWidth, plot, shortLabels, type PlotSpec } from './plot.js';

/** What a network takes: kernels, parameters, multiply-accumulates of an image, bytes of its file, milliseconds for an image. */
interface Size {
  readonly kernels: number;
  readonly parameters: number;
  readonly macs: number;
  readonly bytes: number;
  readonly milliseconds: number;
}

/** What the page of a smaller network is made of. */
export interface PrunedPage {
  readonly study: string;
  /** The study's id. */
  readonly id: string;
  readonly model: string;
  readonly file: string;
  readonly fill: string;
  readonly stages: number;
  /** What was asked for, in words. */
  readonly goal: string;
  readonly removed: readonly { readonly layer: string; readonly channel: number; readonly kl: number }[];
  /** In topological order. */
  readonly layers: readonly { readonly layer: string; readonly kernels: number; readonly removed: number }[];
  readonly staying: { readonly unknown: number; readonly unfit: number; readonly tied: number };
  readonly before: Size;
  readonly after: Size;
  readonly chosen: Damage;
  readonly fresh: Damage;
}

/** The page that stands beside a smaller network. Equal input gives equal text. */
export async function renderPrunedPage(pruned: PrunedPage): Promise<string> {
  const { study, id, model, file, removed, before, after, fresh } = pruned;
  return page({
    title: `${file} · percuss`,
    heading: `${model}, made smaller`,
    byline: html`<code>${file}</code> · made of study ${study} <code>${id.slice(0, 12)}</code>`,
    short: [
      html`<b>${count(removed.length)} of ${counted(before.kernels, 'kernel')}</b> were removed: ${pruned.goal}. Of the
        multiply-accumulates of an image <b>${percent(after.macs / before.macs)}</b> are left, of the parameters
        ${percent(after.parameters / before.parameters)}.`,
      html`On ${counted(fresh.images, 'image')} that chose nothing, accuracy is
        <b>${percentWithInterval(fresh.accuracy.estimate, fresh.accuracy.low, fresh.accuracy.high)}</b>, a change of
        ${points(fresh)} points from the network before.`,
    ],
    sections: [await loss(pruned), size(pruned), await places(pruned), kernels(pruned)],
    footer: html`Made by percuss. All of it stands in <code>${file}.json</code>; what is done is told in
      <code>docs/pruning.md</code>.`,
  }).text;
}

const inPoints = (value: number): string => `${value > 0 ? '+' : ''}${significant(100 * value, 2)}`;
const points = ({ deltaAccuracy: { estimate, low, high } }: Damage): string =>
  `${inPoints(estimate)} ${interval(low, high, inPoints)}`;

/** What both halves of the images say, the one as prediction, the other as measurement. */
async function loss(pruned: PrunedPage): Promise<Section> {
  const { chosen, fresh, removed, stages } = pruned;
  const rows = [
    { what: 'predicted', damage: chosen },
    { what: 'measured', damage: fresh },
  ];
  const panel = async (id: string, title: string, value: (damage: Damage) => Estimate) => ({
    title: '',
    body: await plot(
      id,
      title,
      estimateSpec(
        title,
        rows.map(({ what, damage }) => ({ what, ...value(damage) })),
      ),
      nameMargins,
    ),
  });
  const alone = sum(removed.map(({ kl }) => kl));
  return {
    id: 'loss',
    title: 'What is lost: predicted and measured',
    blocks: [
      html`<p>
        Every second image of each class chose which kernels go, ${count(chosen.images)} in all. What the smaller
        network loses on these is a prediction, and too good a one, since the kernels were chosen by it. The other
        ${count(fresh.images)} had no part in the choice: what it loses on them is measured.
      </p>`,
      {
        kind: 'figure',
        id: 'fig-loss',
        title: 'Loss, as predicted and as measured.',
        panels: [
          await panel(
            'fig-loss-accuracy',
            'Change of accuracy (points)',
            ({ deltaAccuracy: { estimate, low, high } }) => ({
              value: 100 * estimate,
              low: 100 * low,
              high: 100 * high,
            }),
          ),
          await panel('fig-loss-kl', 'KL from the network before (nat)', ({ kl }) => ({
            value: kl?.estimate ?? null,
            low: kl?.low ?? null,
            high: kl?.high ?? null,
          })),
        ],
        legend: [{ label: '95 % interval over images', swatch: whiskerSwatch }],
        note: 'Accuracies are paired by image (Agresti and Min); KL is a mean over images.',
        reading:
          'What matters is the lower line, and whether its interval holds a loss that you can bear; by how much the upper one is better is what the choice owes to chance.',
      },
      dataTable('Loss, as predicted and as measured', rows, [
        { head: '', cell: ({ what }) => what },
        { head: 'images', numeric: true, cell: ({ damage }) => count(damage.images) },
        {
          head: 'accuracy [95 %]',
          numeric: true,
          cell: ({ damage: { accuracy } }) => percentWithInterval(accuracy.estimate, accuracy.low, accuracy.high),
        },
        { head: 'change, points [95 %]', numeric: true, cell: ({ damage }) => points(damage) },
        {
          head: 'KL, nat [95 %]',
          numeric: true,
          cell: ({ damage: { kl } }) => (kl ? withInterval(kl.estimate, kl.low, kl.high) : '–'),
        },
        { head: 'classes that changed', numeric: true, cell: ({ damage }) => count(damage.flips) },
      ]),
      html`<p>
        What each of the removed kernels did on the images that chose
        ${stages > 1 ? `to the network that was left when it was last measured (${stages} stages)` : 'when it was removed alone'}
        adds up to ${significant(alone)} nat. Together they do more where they stand for each other, less where what
        they do cancels.
      </p>`,
    ],
  };
}

interface Estimate {
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

function estimateSpec(title: string, values: readonly (Estimate & { readonly what: string })[]): PlotSpec {
  const y = { field: 'what', type: 'nominal', sort: null, title: null } as const;
  const x = {
    field: 'low',
    type: 'quantitative',
    title,
    scale: { zero: true, nice: true, padding: 8 },
    axis: { grid: true, tickCount: 5 },
  } as const;
  return {
    width: panelWidth - 60,
    height: 68,
    data: { values },
    encoding: { y },
    layer: [
      {
        data: { values: [{ zero: 0 }] },
        mark: { type: 'rule', color: 'var(--axis)' },
        encoding: { x: { ...x, field: 'zero' }, y: null },
      },
      { mark: { type: 'rule', strokeWidth: 2, color: 'var(--m0)' }, encoding: { x, x2: { field: 'high' } } },
      {
        mark: { type: 'point', filled: true, size: 70, opacity: 1, color: 'var(--m0)' },
        encoding: { x: { field: 'value', type: 'quantitative' } },
      },
    ],
  };
}

function size({ before, after }: PrunedPage): Section {
  const row = (what: string, of: (size: Size) => number, print: (value: number) => string = count) => ({
    what,
    from: print(of(before)),
    to: print(of(after)),
    share: percent(of(after) / of(before)),
  });
  const rows = [
    row('kernels', ({ kernels: own }) => own),
    row('parameters', ({ parameters }) => parameters),
    row('multiply-accumulates of an image', ({ macs }) => macs),
    row('bytes of the file', ({ bytes }) => bytes),
    row(
      'milliseconds for an image, on this machine',
      ({ milliseconds }) => milliseconds,
      (value) => significant(value),
    ),
  ];
  return {
    id: 'size',
    title: 'Size and time',
    blocks: [
      dataTable('Size and time, before and after', rows, [
        { head: '', cell: ({ what }) => what },
        { head: 'before', numeric: true, cell: ({ from }) => from },
        { head: 'after', numeric: true, cell: ({ to }) => to },
        { head: 'left', numeric: true, cell: ({ share }) => share },
      ]),
      html`<p class="small">
        Time is the median over runs of 50 images at most, of both networks in turn, in the process that made the file:
        it says whether the smaller network is faster here, not by how much elsewhere.
      </p>`,
    ],
  };
}

/** Of which layers kernels were removed. */
async function places({ layers, staying }: PrunedPage): Promise<Section> {
  const values = layers.map(({ layer, kernels: all, removed }) => ({ layer, share: removed / all }));
  const spec: PlotSpec = {
    width: panelWidth + 40,
    height: Math.max(60, 15 * layers.length),
    data: { values },
    mark: { type: 'bar', color: 'var(--m0)' },
    encoding: {
      y: {
        field: 'layer',
        type: 'nominal',
        sort: null,
        title: 'Layer',
        axis: { labelExpr: shortLabels(layers.map(({ layer }) => layer)), maxExtent: 96 },
      },
      x: {
        field: 'share',
        type: 'quantitative',
        title: 'Removed (% of its kernels)',
        scale: { domain: [0, 1] },
        axis: { format: '~%', grid: true, tickCount: 5 },
      },
    },
  };
  return {
    id: 'places',
    title: 'Where kernels went',
    blocks: [
      {
        kind: 'figure',
        id: 'fig-places',
        title: 'Removed kernels, by layer.',
        panels: [{ title: '', body: await plot('fig-places', 'Removed kernels by layer', spec, nameMargins) }],
        legend: [],
        note: 'Layers in the order in which an image passes them.',
        reading:
          'A long bar is a layer much of which did little; nothing is said of layers whose kernels could not leave.',
        numbers: dataTable('Removed kernels by layer', layers, [
          { head: 'layer', cell: ({ layer }) => layer },
          { head: 'kernels', numeric: true, cell: ({ kernels: all }) => count(all) },
          { head: 'removed', numeric: true, cell: ({ removed }) => count(removed) },
          { head: 'share', numeric: true, cell: ({ kernels: all, removed }) => percent(removed / all) },
        ]),
      },
      ...stayingSentences(staying).map((sentence) => html`<p>${sentence}</p>`),
    ],
  };
}

function stayingSentences({ unknown, unfit, tied }: PrunedPage['staying']): readonly Content[] {
  const told: readonly (readonly [number, string])[] = [
    [
      tied,
      'did less than some that went, but stay: they are tied to channels that stay, so that without them the network would be as large.',
    ],
    [unfit, 'stay, since what reads them does not read sums of channels, and so cannot take a substitute in.'],
    [unknown, 'stay, since nothing is known of their removal: it was not run, failed, or gave no finite KL.'],
  ];
  return told.flatMap(([number, why]) => (number > 0 ? [`${counted(number, 'kernel')} ${why}`] : []));
}

function kernels({ removed, fill, stages }: PrunedPage): Section {
  const idle = removed.filter(({ kl }) => kl === 0).length;
  return {
    id: 'kernels',
    title: 'The removed kernels',
    blocks: [
      html`<p>
        In the order in which they went, filled with <code>${fill}</code>.
        ${idle > 0 ? `${counted(idle, 'kernel')} of them changed nothing. ` : ''}Damage is mean KL on the images that
        chose,
        ${stages > 1 ? 'from the network that was left when it was last measured' : 'of the kernel removed alone, from the intact network'}.
      </p>`,
      dataTable('Removed kernels', removed, [
        { head: 'layer', cell: ({ layer }) => layer },
        { head: 'kernel', numeric: true, cell: ({ channel }) => channel },
        { head: 'damage, nat', numeric: true, cell: ({ kl }) => significant(kl) },
      ]),
    ],
  };
}
