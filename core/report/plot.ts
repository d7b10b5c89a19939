import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { markup, type Html } from './html.js';

/** A Vega-Lite spec without a config of its own. Kept loose: Vega-Lite's types cannot follow specs that are put together. */
export type PlotSpec = Readonly<Record<string, unknown>>;

/** Width and height in SVG units of the drawing area of a panel, axes not counted. On paper a unit is about a pixel. */
export const panelWidth = 372;
export const panelHeight = 236;

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
    labelLimit: 120,
    titleLimit: 420,
  },
  axisX: { grid: false },
  axisY: { grid: true, domain: false, ticks: false },
  text: { fill: ink, fontSize: 11 },
};

/**
 * Draws a Vega-Lite spec as an SVG element that takes the page's font and colours (`var(--…)`) and the width it is given.
 * `id` makes the element's inner references its own.
 */
export async function plot(id: string, label: string, spec: PlotSpec): Promise<Html> {
  const { spec: compiled } = compile({
    padding: { left: 4, right: 10, top: 6, bottom: 4 },
    autosize: { type: 'pad' },
    ...spec,
    config,
  } as unknown as TopLevelSpec);
  const view = new View(parse(compiled), { renderer: 'none' });
  try {
    return markup(embed(await view.toSVG(), id, label));
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
  const head = `<svg class="plot" role="img" viewBox="0 0 ${width} ${height}" style="max-width:${Math.round(Number(width) * 1.08)}px" aria-label="${label
    .replaceAll('&', '&amp;')
    .replaceAll('"', '&quot;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')}">`;
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
