import type { Block, Figure, Section } from '../../core/report/figure.js';
import { Html, html } from '../../core/report/html.js';
import { contextOf, type ReportContext } from '../../core/report/context.js';
import type { ReportInput } from '../../core/report/input.js';
import type { Tables } from '../../core/tables/schema.js';
import { emptyInput, emptyTables } from './fixture.js';
import { shown } from './shown.js';

/** A report of these tables and no others. */
export function contextWith(tables: Partial<Tables>, own: Partial<ReportInput> = {}): ReportContext {
  return contextOf({ ...emptyInput(), ...shown({ ...emptyTables, ...tables }), ...own });
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', '#39': "'", amp: '&' };

/** What a reader sees of markup: its text, with every space of whatever width as one. */
export function textOf(block: Html | string): string {
  const text = (typeof block === 'string' ? block : block.text).replace(/<[^>]*>/g, ' ');
  return text
    .replace(/&(\w+|#39);/g, (whole, name: string) => entities[name] ?? whole)
    .replace(/\s+/g, ' ')
    .replace(/ ([.,;:)])/g, '$1')
    .trim();
}

/** Tables in markup: rows of cells, the heads first. */
export function tablesIn(block: Html): string[][][] {
  return [...block.text.matchAll(/<table>([\s\S]*?)<\/table>/g)].map(([, body = '']) =>
    [...body.matchAll(/<tr>([\s\S]*?)<\/tr>/g)].map(([, row = '']) =>
      [...row.matchAll(/<t[hd][^>]*>([\s\S]*?)<\/t[hd]>/g)].map(([, cell = '']) => textOf(cell)),
    ),
  );
}

/** All text blocks of a section, and all figures. */
export const prose = (section: Section): Html[] => section.blocks.filter((block: Block) => block instanceof Html);
export const figures = (section: Section): Figure[] =>
  section.blocks.filter((block): block is Figure => 'kind' in block);
export const whole = (section: Section): Html => html`${prose(section)}`;

/** What is said about a figure. */
export const said = (figure: Figure | undefined) => ({
  title: figure?.title,
  panels: figure?.panels.map(({ title }) => title),
  legend: figure?.legend.map(({ label }) => label),
  note: textOf(html`${figure?.note ?? null}`),
  reading: figure?.reading,
});

/** A drawing read back: its axes, and its marks in the units of the axes. */
export interface Drawing {
  readonly label: string;
  readonly titles: readonly string[];
  readonly x: readonly string[];
  readonly y: readonly string[];
  /** `point m0 0.1,0.9`, `rule m0 0.1,0.8 0.1,0.95`, `line m0 …`, `area m0 …`: kind, colour, places. */
  readonly marks: readonly string[];
}

/** From pixels to values, by two places of the axis; on a logarithmic axis by their logarithms. */
interface Axis {
  readonly at: readonly [number, number];
  readonly value: readonly [number, number];
  readonly log?: boolean;
}

function valueAt(axis: Axis | undefined, pixel: number): string {
  if (!axis) return String(Math.round(pixel));
  const [a, b] = axis.log ? [Math.log(axis.value[0]), Math.log(axis.value[1])] : axis.value;
  const value = a + ((pixel - axis.at[0]) / (axis.at[1] - axis.at[0])) * (b - a);
  const found = axis.log ? Math.exp(value) : value;
  return String(Number(found.toFixed(Math.abs(found) < 0.1 ? 3 : 2)) + 0);
}

const number = (text: string): number => {
  const value = Number(text.replaceAll('−', '-').replace('%', ''));
  return text.endsWith('%') ? value / 100 : value;
};

/** Reads a plot of the report. Axes whose labels are names keep their pixels. */
export function drawingOf(body: Html, logs: { readonly x?: boolean; readonly y?: boolean } = {}): Drawing {
  const svg = body.text;
  const texts = [
    ...svg.matchAll(/<text text-anchor="(\w+)" transform="translate\(([-\d.]+),([-\d.]+)\)[^"]*"([^>]*)>([^<]*)</g),
  ].map(([, anchor, x, y, rest = '', text = '']) => ({
    anchor,
    x: Number(x),
    y: Number(y),
    title: rest.includes('"500"'),
    text,
  }));
  const ticks = texts.filter(({ title }) => !title);
  const below = ticks.filter(({ anchor }) => anchor === 'middle');
  const beside = ticks.filter(({ anchor, x }) => anchor === 'end' && x < 0);
  const axisOf = (list: readonly { readonly text: string }[], at: readonly number[], log = false): Axis | undefined => {
    const known = list.flatMap(({ text }, i) =>
      Number.isFinite(number(text)) && text !== '' ? [[at[i] as number, number(text)] as const] : [],
    );
    const [first, last] = [known[0], known.at(-1)];
    return first && last && first !== last ? { at: [first[0], last[0]], value: [first[1], last[1]], log } : undefined;
  };
  const x = axisOf(
    below,
    below.map((tick) => tick.x),
    logs.x,
  );
  // Labels stand four units below the height that they name.
  const y = axisOf(
    beside,
    beside.map((tick) => tick.y - 4),
    logs.y,
  );
  const place = (px: number, py: number): string => `${valueAt(x, px)},${valueAt(y, py)}`;
  const colour = (attributes: string): string => /(?:fill|stroke)="var\(--([\w-]+)\)"/.exec(attributes)?.[1] ?? '?';
  const marks = [...svg.matchAll(/<(path|line) ([^>]*)\/>/g)].flatMap(([, tag, attributes = '']) => {
    const at = /transform="translate\(([-\d.]+),([-\d.]+)\)/.exec(attributes);
    const hollow = attributes.includes('stroke="var') ? ' hollow' : '';
    if (tag === 'line') {
      const [, dx, dy] = /x2="([-\d.]+)" y2="([-\d.]+)"/.exec(attributes) ?? [];
      const thin = /var\(--(grid|axis)\)" stroke-width="1"/.test(attributes);
      if (!at || thin) return [];
      const [left, top] = [Number(at[1]), Number(at[2])];
      const dash = /stroke-dasharray="([\d.,]+)"/.exec(attributes)?.[1];
      const ends = `${place(left, top)} ${place(left + Number(dx), top + Number(dy))}`;
      return [`rule ${colour(attributes)} ${ends}${dash ? ` dashed ${dash}` : ''}`];
    }
    const d = / d="([^"]*)"/.exec(` ${attributes}`)?.[1] ?? '';
    if (at) {
      const cross = attributes.includes('rotate(45)') ? 'cross' : shapeOf(d);
      return [`${cross} ${colour(attributes)} ${place(Number(at[1]), Number(at[2]))}${hollow}`];
    }
    if (!attributes.includes('var(--')) return [];
    const points = [...d.matchAll(/[ML]([-\d.]+),([-\d.]+)/g)].map(([, px, py]) => place(Number(px), Number(py)));
    const dash = /stroke-dasharray="([\d.,]+)"/.exec(attributes)?.[1];
    return [
      `${d.endsWith('Z') ? 'area' : 'line'} ${colour(attributes)} ${points.join(' ')}${dash ? ` dashed ${dash}` : ''}`,
    ];
  });
  return {
    label: /aria-label="([^"]*)"/.exec(svg)?.[1] ?? '',
    titles: texts.filter(({ title }) => title).map(({ text }) => text),
    x: below.map(({ text }) => text),
    y: beside.map(({ text }) => text),
    marks,
  };
}

/** Vega's outlines: how many corners, or a circle. */
function shapeOf(d: string): string {
  if (d.includes('A')) return 'circle';
  const corners = d.match(/[MLhvHV]/g)?.length ?? 0;
  if (/[hv]/.test(d)) return 'square';
  return corners === 3 ? 'triangle' : corners === 4 ? 'diamond' : 'cross';
}
