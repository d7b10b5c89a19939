/** What a condition removes at one cut: how many channels by each of its edits there. */
export type CutRemoval = readonly number[];

interface Strategy {
  /**
   * @param cuts what is removed, cut by cut in the order in which the network computes; at least one.
   * @param follows whether what takes the place of something follows from what else stands there.
   */
  takes(cuts: readonly CutRemoval[], follows: boolean): boolean;
}

/**
 * How a condition is run from its first edit on, by what it removes: the first row that takes it. Running (`core/probe`) and
 * predicting what running takes (`prediction.ts`) go by this table, each with a case for every row.
 */
const strategies = {
  /** One channel: the change passes the next convolution as a difference, where its sums stay exact enough; else as `one-cut`. */
  carried: { takes: (cuts) => cuts.length === 1 && cuts[0]?.length === 1 && cuts[0][0] === 1 },
  /** All edits at one cut: many such conditions in a run of the network behind it. */
  'one-cut': { takes: (cuts) => cuts.length === 1 },
  /** The way to the second cut is computed once for all that share the first; then as `one-cut`. */
  'two-cuts': { takes: (cuts) => cuts.length === 2 },
  /** What stands at each cut must be known before it is edited: the network goes on as it is from one to the next. */
  'cut-by-cut': { takes: (cuts, follows) => cuts.length >= 3 && follows },
  /**
   * One program from the first edit on, with an edit at every later cut: drawn over all depths, such conditions have hardly a
   * beginning in common, and stopping at every cut would cost more than an edit that is not used.
   */
  'many-cuts': { takes: (cuts) => cuts.length >= 3 },
} satisfies Readonly<Record<string, Strategy>>;

export type StrategyName = keyof typeof strategies;

/** The strategy for a condition that removes this, at least at one cut. */
export function strategyOf(cuts: readonly CutRemoval[], follows: boolean): StrategyName {
  const rows = Object.entries<Strategy>(strategies) as [StrategyName, Strategy][];
  const [name] = rows.find(([, { takes }]) => takes(cuts, follows)) ?? ['one-cut' as const];
  return name;
}
