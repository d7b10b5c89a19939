import type { Html } from './html.js';
import { panelWidth, plot, shortLabels } from './plot.js';
import { rasterUrl } from './raster.js';

/** Two sites, each with its place along its network. */
interface SitePair {
  readonly site_a: string;
  readonly site_b: string;
  readonly depth_a: number;
  readonly depth_b: number;
}

/** What is drawn of a row, the number at the end of the colours, and which rows are drawn faint. */
export interface Drawn<Row extends SitePair> {
  readonly value: (row: Row) => number | null;
  /** At 1 what is below 0 is drawn as 0. */
  readonly limit: number;
  readonly faint?: (row: Row) => boolean;
  /** Whether both axes have the sites of one network. */
  readonly isOneNetwork: boolean;
  /** Titles of the axes: of rows, site_a, and of columns, site_b. */
  readonly titles: readonly [a: string, b: string];
}

/** At most so many labels fit on a side. */
const LABELS = 18;

/** A picture of a number of each two sites: a row a site_a, a column a site_b, both in order of depth. */
export async function siteMap<Row extends SitePair>(
  id: string,
  label: string,
  rows: readonly Row[],
  { value, limit, faint, isOneNetwork, titles }: Drawn<Row>,
): Promise<Html> {
  const ofA = rows.map((row) => [row.site_a, row.depth_a] as const);
  const ofB = rows.map((row) => [row.site_b, row.depth_b] as const);
  const [down, across] = isOneNetwork
    ? [inOrder([...ofA, ...ofB]), inOrder([...ofA, ...ofB])]
    : [inOrder(ofA), inOrder(ofB)];
  const [placeDown, placeAcross] = [placesOf(down), placesOf(across)];
  const values = new Float64Array(down.length * across.length).fill(Number.NaN);
  const pale = new Set<number>();
  for (const row of rows) {
    const found = value(row);
    const at = (placeDown.get(row.site_a) ?? 0) * across.length + (placeAcross.get(row.site_b) ?? 0);
    if (found !== null) values[at] = limit === 1 ? Math.max(0, found) : found;
    if (faint?.(row) === true) pale.add(at);
  }
  const side = panelWidth - 70;
  const url = rasterUrl(values, down.length, across.length, limit, (at) => pale.has(at));
  return plot(
    id,
    label,
    {
      width: side,
      height: side,
      data: { values: [{ a: down[0], b: across[0] }] },
      view: { stroke: 'var(--axis)' },
      layer: [
        {
          mark: {
            type: 'image',
            width: side,
            height: side,
            aspect: false,
            smooth: false,
            align: 'left',
            baseline: 'top',
          },
          encoding: { url: { value: url }, x: { value: 0 }, y: { value: 0 } },
        },
        {
          mark: { type: 'rect', opacity: 0 },
          encoding: { x: band('b', titles[1], across, -60), y: band('a', titles[0], down, 0) },
        },
      ],
    },
    { left: 118, bottom: 116 },
  );
}

/** Sites by ascending depth, each once. */
function inOrder(sites: readonly (readonly [site: string, depth: number])[]): string[] {
  const depths = new Map(sites);
  return [...depths.keys()].sort((a, b) => (depths.get(a) ?? 0) - (depths.get(b) ?? 0));
}

const placesOf = (sites: readonly string[]): ReadonlyMap<string, number> => new Map(sites.map((site, i) => [site, i]));

/** An axis of sites, of which as many are labelled as fit. */
function band(field: string, title: string, sites: readonly string[], angle: number) {
  const step = Math.ceil(sites.length / LABELS);
  const labels = sites.filter((_, i) => i % step === 0);
  return {
    field,
    type: 'nominal',
    scale: { domain: sites, paddingInner: 0, paddingOuter: 0 },
    axis: {
      title,
      grid: false,
      domain: true,
      ticks: true,
      values: labels,
      labelAngle: angle,
      labelFontSize: 10,
      labelExpr: shortLabels(sites),
      minExtent: 84,
      maxExtent: 84,
      labelOverlap: false,
    },
  };
}
