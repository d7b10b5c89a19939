import type { QuantityName } from '../analysis/quantities.js';
import type { ArchitectureRow } from '../tables/schema.js';
import type { ReportTables } from './gathering.js';
import { counted, listed, percent, significant, withInterval } from './number-format.js';

/** Architectures by what their trainings have on average of a quantity, from the most to the least. */
export interface ArchitectureOrder {
  readonly quantity: QuantityName;
  readonly rows: readonly ArchitectureRow[];
  /** Pairs of which it is not told which has more, in that order. */
  readonly open: readonly (readonly [more: string, less: string])[];
}

/** The order of architectures by one quantity; undefined where no architecture has several trainings with it. */
export function architectureOrder(
  { architectures, architecture_differences: differences }: ReportTables,
  quantity: QuantityName,
): ArchitectureOrder | undefined {
  const rows = architectures
    .filter((row) => row.quantity === quantity)
    .toSorted((a, b) => b.estimate - a.estimate || (a.architecture < b.architecture ? -1 : 1));
  if (rows.length === 0) return undefined;
  const settled = new Set(
    differences.flatMap((row) =>
      row.quantity === quantity && row.settled
        ? [`${row.architecture}\n${row.other}`, `${row.other}\n${row.architecture}`]
        : [],
    ),
  );
  const open = rows.flatMap(({ architecture: more }, place) =>
    rows
      .slice(place + 1)
      .flatMap(({ architecture: less }) => (settled.has(`${more}\n${less}`) ? [] : [[more, less] as const])),
  );
  return { quantity, rows, open };
}

/** Open pairs that a sentence names. */
const NAMED = 6;

/** Which orders are open, as a sentence. */
export function openOrders({ rows, open }: ArchitectureOrder, level: string): string {
  const pairs = (rows.length * (rows.length - 1)) / 2;
  if (pairs === 0) return '';
  const told = `differences at once are from 0 at ${level}`;
  if (open.length === 0)
    return pairs === 1 ? `That order is settled (${level}).` : `All of these orders are settled: all ${told}.`;
  if (open.length === pairs)
    return pairs === 1 ? 'Which has more is open.' : 'None of these orders is settled: all are open.';
  const named = open.slice(0, NAMED).map(([more, less]) => `${more} and ${less}`);
  const rest = open.length > NAMED ? `, and ${counted(open.length - NAMED, 'more pair')}` : '';
  return `Open is the order of ${named.join('; ')}${rest}; the others are settled (${level}, all differences at once).`;
}

/** How much of the variance lies between architectures, as a sentence; '' where that is not known. */
export function intraclassSentence({ rows }: ArchitectureOrder): string {
  const [first] = rows;
  if (!first || first.icc === null) return '';
  const share = withInterval(first.icc, first.icc_low, first.icc_high);
  return first.icc < 0
    ? `Trainings of one architecture differ no less than those of several: the intraclass correlation is ${share}.`
    : `Of the variance between these networks ${share} lies between architectures, the rest between trainings of one (intraclass correlation).`;
}

/** How many trainings each architecture has: `5 trainings each`, `2 to 5 trainings each`. */
export function trainingsEach(rows: readonly ArchitectureRow[]): string {
  const counts = rows.map((row) => row.trainings).toSorted((a, b) => a - b);
  const [least, most] = [counts[0] ?? 0, counts.at(-1) ?? 0];
  const some = least === most ? String(least) : `${least} to ${most}`;
  return `${some} trainings${rows.length === 1 ? '' : ' each'}`;
}

/** Architectures with their means, from the most on: `a (0.71 [0.65, 0.77]), b (…)`. */
export function printOrder({ quantity, rows }: ArchitectureOrder): string {
  const print = (value: number): string => (quantity === 'accuracy' ? percent(value) : significant(value));
  return listed(
    rows.map(
      ({ architecture, estimate, low, high }) => `${architecture} (${print(estimate)} [${print(low)}, ${print(high)}])`,
    ),
  );
}
