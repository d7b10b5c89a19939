import type { Extents } from './extent.js';

/** Half-open ranges of indices, ascending: how missing units are written down without a list of a million. */
export type Ranges = readonly (readonly [number, number])[];

/** Units of one kind that belong together: of one network, one ablation or set of impulses, and one chunk. */
export interface UnitGroup {
  readonly kind:
    'profile' | 'moments' | 'optima' | 'baseline' | 'gradients' | 'predictions' | 'cells' | 'responses' | 'nulls';
  readonly model: string;
  /** Ablation or impulses; empty for profile, moments, optima, baseline and gradients. */
  readonly name: string;
  /** Index of the chunk in the network's data; −1 where units are not about chunks. */
  readonly chunk: number;
  /** Indices, of conditions, impulse groups, objects of nulls, of moments or of best constants, or chunks that are predicted, that are missing. */
  readonly missing: Ranges;
  /** Predicted seconds of one unit. */
  readonly seconds: number;
}

/** Whether a unit's result is a cell of one chunk, or a result of its own. */
export const storedAs: { readonly [K in UnitGroup['kind']]: 'cell' | 'result' } = {
  profile: 'result',
  moments: 'result',
  optima: 'result',
  baseline: 'cell',
  gradients: 'result',
  predictions: 'result',
  cells: 'cell',
  responses: 'result',
  nulls: 'result',
};

/** What plans, progress and the table `coverage` call a group's part of the study: an ablation's name is also that of its waves. */
export const printGroup = ({ kind, name }: Pick<UnitGroup, 'kind' | 'name'>): string =>
  kind === 'nulls' ? `${name} (nulls)` : kind === 'predictions' ? `${name} (preview)` : name || kind;

/** All batches that can be planned without further results. Units are numbered through the groups in order. */
export interface Stage {
  readonly index: number;
  readonly groups: readonly UnitGroup[];
  /** Scores that ordered an ablation, by `model/ablation`. */
  readonly scores: Readonly<Record<string, readonly number[]>>;
  /** How far impulses with `resolve` went when the stage was planned, which says what its units are; absent where there are none. */
  readonly extents?: Extents;
}

export const lengthOf = (ranges: Ranges): number => startsOf(ranges)[ranges.length] as number;

/** How many indices stand before each range, and in all of them: known once, since every batch of a stage asks. */
const starts = new WeakMap<Ranges, Float64Array>();

function startsOf(ranges: Ranges): Float64Array {
  const known = starts.get(ranges);
  if (known && known.length === ranges.length + 1) return known;
  const found = new Float64Array(ranges.length + 1);
  for (const [i, [from, to]] of ranges.entries()) found[i + 1] = (found[i] as number) + to - from;
  starts.set(ranges, found);
  return found;
}

/** Turns ascending indices into ranges. */
export function rangesOf(indices: Iterable<number>): Ranges {
  const ranges: [number, number][] = [];
  for (const index of indices) {
    const last = ranges.at(-1);
    if (last && last[1] === index) last[1] = index + 1;
    else ranges.push([index, index + 1]);
  }
  return ranges;
}

/** The indices of ranges, from the `from`-th to before the `to`-th. */
export function indicesOf(ranges: Ranges, from: number, to: number): number[] {
  const result: number[] = [];
  const before = startsOf(ranges);
  for (let at = rangeAt(before, from); at < ranges.length && (before[at] as number) < to; at++) {
    const [start, end] = ranges[at] as Ranges[number];
    const passed = before[at] as number;
    for (let i = Math.max(start, start + from - passed); i < Math.min(end, start + to - passed); i++) result.push(i);
  }
  return result;
}

/** The last range before which no more than so many indices stand. */
function rangeAt(before: Float64Array, from: number): number {
  let [low, high] = [0, before.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((before[middle] as number) <= from) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Units [from, to) of a stage, group by group. */
export function unitsOf(
  stage: Stage,
  from: number,
  to: number,
): { readonly group: UnitGroup; readonly indices: readonly number[]; readonly first: number }[] {
  const result: { group: UnitGroup; indices: readonly number[]; first: number }[] = [];
  let passed = 0;
  for (const group of stage.groups) {
    const count = lengthOf(group.missing);
    const start = Math.max(0, from - passed);
    const end = Math.min(count, to - passed);
    if (start < end) result.push({ group, indices: indicesOf(group.missing, start, end), first: passed + start });
    passed += count;
  }
  return result;
}
