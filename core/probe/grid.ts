import type { Site } from '../anatomy/site.js';

/** What a grid needs to know of a site. */
export type Placed = Pick<Site, 'name' | 'shape' | 'depth' | 'stride' | 'offset'>;

/** The elements of one site's map that lie at the grid's points: rows by columns. */
export interface GridElements {
  readonly rows: readonly number[];
  readonly columns: readonly number[];
}

/** Where the signatures of a group's sites are sampled: as many rows and columns at every site. */
export interface Grid {
  readonly rows: number;
  readonly columns: number;
  /** By name of the site. */
  readonly elements: ReadonlyMap<string, GridElements>;
  /** Where the points lie in the input, rows and columns: two networks are compared at those that both have. */
  readonly places: GridElements;
}

/**
 * The points of the coarsest site's map that lie inside the map of every site (design §2, *Signature*). Point i is element
 * offset + stride · i of a finer map: nothing is pooled, interpolated or clamped, so an exact copy has the signature of
 * what it copies. Half-way between two elements the earlier one is taken, and maps finer still follow it there. Where a
 * stride is no multiple of a finer one, as behind parallel branches, the nearest element is taken, point by point.
 *
 * A map of a single element that is not coarser than another one has no place (the gate of squeeze and excite, a dense
 * layer): that element is read at every point.
 */
export function gridOf(sites: readonly Placed[]): Grid {
  // Of equal strides the later first: a copy behind a window of even size is then read where its window begins.
  const order = [...sites].sort((a, b) => area(b) - area(a) || b.depth - a.depth);
  const placed = order.filter((site) => hasPlace(site, order));
  const rows = axisOf(placed, 0);
  const columns = axisOf(placed, 1);
  const elements = new Map<string, GridElements>();
  for (const { name } of sites) {
    elements.set(name, {
      rows: rows.elements.get(name) ?? new Array<number>(rows.points).fill(0),
      columns: columns.elements.get(name) ?? new Array<number>(columns.points).fill(0),
    });
  }
  return {
    rows: rows.points,
    columns: columns.points,
    elements,
    places: { rows: rows.places, columns: columns.places },
  };
}

const area = ({ stride }: Placed): number => stride[0] * stride[1];

const lengthOf = ({ shape }: Placed, axis: 0 | 1): number => shape[axis + 1] ?? 1;

const isSingle = (site: Placed): boolean => lengthOf(site, 0) * lengthOf(site, 1) === 1;

const hasPlace = (site: Placed, all: readonly Placed[]): boolean =>
  !isSingle(site) || all.every((other) => isSingle(other) || area(other) < area(site));

interface GridAxis {
  readonly points: number;
  readonly places: readonly number[];
  readonly elements: ReadonlyMap<string, readonly number[]>;
}

/** One axis of the grid; `order` begins with the coarsest site. */
function axisOf(order: readonly Placed[], axis: 0 | 1): GridAxis {
  const [coarsest] = order;
  if (!coarsest) return { points: 0, places: [], elements: new Map() };
  const step = coarsest.stride[axis];
  let points = Array.from({ length: lengthOf(coarsest, axis) }, (_, i) => coarsest.offset[axis] + step * i);
  const elements = new Map<string, readonly number[]>();
  for (const site of order) {
    const [offset, stride] = [site.offset[axis], site.stride[axis]];
    const own = points.map((point) => earlier((point - offset) / stride));
    elements.set(site.name, own);
    if (step % stride === 0) points = own.map((element) => offset + stride * element);
  }
  const inside = points
    .map((_, i) => i)
    .filter((i) =>
      order.every((site) => {
        const element = elements.get(site.name)?.[i] ?? -1;
        return element >= 0 && element < lengthOf(site, axis);
      }),
    );
  return {
    points: inside.length,
    places: inside.map((i) => points[i] as number),
    elements: new Map([...elements].map(([name, own]) => [name, inside.map((i) => own[i] as number)])),
  };
}

/** The nearest whole number; half-way between two, the smaller one. `+ 0` makes 0 of −0. */
const earlier = (place: number): number => Math.ceil(place - 0.5) + 0;
