import { randomStream } from '../random.js';
import type { ImpulseSpec } from '../spec/study-spec.js';
import type { PositionWord } from '../spec/words/positions.js';

/** Of an element in the map that impulses are set in. */
export type Position = readonly [row: number, column: number];

/** What positions go by. */
export interface PositionContext {
  readonly seed: number;
  /** Of the value that impulses are set in: [channels, height, width], or [channels]. */
  readonly shape: readonly number[];
  /** The largest stride from there to a recorded site. */
  readonly stride: number;
}

/** Positions on base number `base`, in parts: impulses at the positions of one part are one group. */
type PartsOfBase = (base: number) => readonly (readonly Position[])[];

/** How many parts a base has, and how many positions a part. */
export function positionCounts({ positions }: Pick<ImpulseSpec, 'positions'>): {
  readonly parts: number;
  readonly each: number;
} {
  if (typeof positions === 'string') return { parts: 1, each: 1 };
  return 'phases' in positions ? { parts: positions.phases, each: 1 } : { parts: 1, each: positions.length };
}

/** The positions of a set of impulses, base by base. Seeded ones are a part each, so that more of them keep what there is. */
export function positionsOf({ positions }: Pick<ImpulseSpec, 'positions'>, context: PositionContext): PartsOfBase {
  if (typeof positions === 'string') return worded[positions](context);
  return 'phases' in positions ? phases(context, positions.phases) : () => [positions];
}

const mapOf = ({ shape }: PositionContext): readonly [height: number, width: number] => [shape[1] ?? 1, shape[2] ?? 1];

const worded: { readonly [P in PositionWord]: (context: PositionContext) => PartsOfBase } = {
  center: (context) => {
    const [height, width] = mapOf(context);
    return () => [[[Math.floor(height / 2), Math.floor(width / 2)]]];
  },
  phases: (context) => phases(context, 1),
};

const all = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/**
 * `count` seeded positions a base. The S × S phases stand in one seeded order, in a circle: the first positions of S² bases
 * go round it once, the second ones begin half-way, the others where that leaves most room. So each of the positions meets
 * every phase over S² bases, all of them together meet them evenly on fewer bases, and those of one base have different phases.
 */
function phases(context: PositionContext, count: number): PartsOfBase {
  const { seed, stride } = context;
  const [height, width] = mapOf(context);
  const circle = randomStream(seed, 'impulse phases', stride).shuffled(all(stride * stride));
  const begins = spacedOut(circle.length);
  /** Lines of a map that begin with one and go on by strides; all of a map that ends before it. */
  const lines = (offset: number, length: number): readonly number[] =>
    all(length).filter((line) => offset >= length || line % stride === offset);
  return (base) => {
    const taken = new Set<number>();
    return all(Math.min(count, height * width)).map((number) => {
      const begin = begins[number % begins.length] as number;
      const phase = circle[(base + begin) % circle.length] as number;
      const purpose = number === 0 ? [base] : [base, number];
      const { below } = randomStream(seed, 'impulse position', ...purpose);
      const [rows, columns] = [lines(Math.floor(phase / stride), height), lines(phase % stride, width)];
      const drawn = below(rows.length) * columns.length + below(columns.length);
      const ofPhase = (n: number): number =>
        (rows[Math.floor(n / columns.length)] as number) * width + (columns[n % columns.length] as number);
      const place =
        freeFrom(drawn, rows.length * columns.length, ofPhase, taken) ??
        freeFrom(ofPhase(drawn), height * width, (n) => n, taken) ??
        ofPhase(drawn);
      taken.add(place);
      return [[Math.floor(place / width), place % width]];
    });
  };
}

/** The first of so many places, from number `from` on in a circle, that is not taken; undefined where all are. */
function freeFrom(
  from: number,
  count: number,
  placeOf: (number: number) => number,
  taken: ReadonlySet<number>,
): number | undefined {
  for (let n = from; n < from + count; n++) {
    const place = placeOf(n % count);
    if (!taken.has(place)) return place;
  }
  return undefined;
}

/** The numbers below `count` in the order of their reversed bits: of any first few of them no two lie close together. */
function spacedOut(count: number): number[] {
  const bits = Math.ceil(Math.log2(count));
  const reversed = (value: number): number => {
    let [left, result] = [value, 0];
    for (let bit = 0; bit < bits; bit++) [left, result] = [left >> 1, 2 * result + (left & 1)];
    return result;
  };
  return all(2 ** bits)
    .map(reversed)
    .filter((value) => value < count);
}
