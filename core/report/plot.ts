import type { TopLevelSpec } from 'vega-lite';
import { visible } from '../visible.js';
import { escapeHtml, markup, type Html } from './html.js';

/** A Vega-Lite spec without a config of its own. Kept loose: Vega-Lite's types cannot follow specs that are put together. */
export type PlotSpec = Readonly<Record<string, unknown>>;

/**
 * Space around the drawing area, for axes. Fixed, because Vega without a canvas can only guess how wide a text is; so
 * panels of a figure also line up.
 */
export interface Margins {
  readonly left: number;
  readonly bottom: number;
}

const usual: Margins = { left: 66, bottom: 44 };
/** For axes with names of networks or predictors. */
export const nameMargins: Margins = { left: 118, bottom: 44 };

/** Width and height in SVG units of the drawing area of a panel, axes not counted. On paper a unit is about a pixel. */
export const panelWidth = 372;
export const panelHeight = 236;

/** Marks a place where outputs are not finite: a cross at this height below a panel's upper edge, whatever its axis. */
export const LOST_AT = 7;
export const lostMark = { type: 'point', shape: 'cross', angle: 45, filled: true, size: 70, opacity: 1 } as const;

const ink = 'var(--ink-2)';
const config: NonNullable<TopLevelSpec['config']> = {
  font: 'inherit',
  aria: false,
  background: 'transparent',
  view: { stroke: null },
  axis: {
    labelColor: ink,
    titleColor: 'var(--ink)',
    labelFontSize: 12,
    titleFontSize: 12.5,
    titleFontWeight: 500,
    titlePadding: 8,
    gridColor: 'var(--grid)',
    domainColor: 'var(--axis)',
    tickColor: 'var(--axis)',
    tickSize: 4,
    labelPadding: 4,
    labelLimit: 0,
    titleLimit: 0,
  },
  axisX: { grid: false },
  axisY: { grid: true, domain: false, ticks: false, minExtent: 40, maxExtent: 40 },
  text: { fill: ink, fontSize: 11 },
};

/**
 * Draws a Vega-Lite spec as an SVG element that takes the page's font and colours (`var(--…)`) and the width it is given.
 * `id` makes the element's inner references its own.
 */
export async function plot(id: string, label: string, spec: PlotSpec, margins: Margins = usual): Promise<Html> {
  // Loaded when a figure is drawn: most who reach this file never do.
  const [{ compile }, { parse, View }] = await Promise.all([import('vega-lite'), import('vega')]);
  const { spec: compiled } = compile({
    padding: { ...margins, right: 14, top: 8 },
    autosize: { type: 'none' },
    ...spec,
    config,
  } as unknown as TopLevelSpec);
  const view = new View(parse(compiled), { renderer: 'none' });
  try {
    return markup(embed(visible(await view.toSVG()), id, label));
  } finally {
    view.finalize();
  }
}

/** Vega counts references over the whole process; here they count from 0 within the figure, so equal figures are equal. */
function embed(svg: string, id: string, label: string): string {
  const names = new Map<string, string>();
  const rename = (name: string): string => {
    const known = names.get(name) ?? `${id}-${names.size}`;
    names.set(name, known);
    return known;
  };
  const size = /^<svg[^>]* width="([\d.]+)" height="([\d.]+)"[^>]*>/.exec(svg);
  const [open = '', width = '100', height = '100'] = size ?? [];
  const head = `<svg class="plot" role="img" viewBox="0 0 ${width} ${height}" style="max-width:${Math.round(Number(width) * 1.08)}px" aria-label="${escapeHtml(label)}">`;
  // Text nodes hold no "<", so each match is a tag; Vega's tags hold no text of ours but the labels of ordinal scales.
  const body = svg.slice(open.length).replace(/<[a-zA-Z][^<>]*>/g, (tag) =>
    tag
      .replace(/ id="([^"]+)"/g, (_, name: string) => ` id="${rename(name)}"`)
      .replace(/url\(#([^)]+)\)/g, (_, name: string) => `url(#${rename(name)})`)
      .replace(/ (?:role|aria-[a-z]+|pointer-events|class)="[^"]*"/g, '')
      .replace(/ opacity="1"/g, '')
      .replace(/(\d\.\d{2})\d+/g, '$1'),
  );
  return head + body.replace(/<path d="M0,0h0v0h0Z"\/>|<path d="" display="none"\/>/g, '');
}

/** A Vega expression that prints the names of a nominal axis, long ones by their end, where modules differ. */
export function shortLabels(names: readonly string[], limit = 16): string {
  const quote = (text: string): string =>
    JSON.stringify(text).replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const short = names.map((name) => (name.length > limit ? `…${name.slice(1 - limit)}` : name));
  return `[${short.map(quote).join(',')}][indexof([${names.map(quote).join(',')}],datum.value)]`;
}
