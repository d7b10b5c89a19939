/** Milliseconds for which a claim counts after it was written last. */
export const LEASE_MS = 30_000;

/** Whoever claims at times that lie closer together may not have seen each other: a store writes when it can, not when it says. */
export const CLOSE_MS = 2_000;

/** Work in hand of somebody: some keys, and since when. */
export interface Claim {
  /** Of this claim alone: decides between two of the same time. */
  readonly id: string;
  /** Whose it is: all batches of one run share it out beforehand, so that these never wait for each other. */
  readonly run: string;
  /** When it was first made, and when it was last written, in milliseconds by the clock of the store. */
  readonly since: number;
  readonly written: number;
  readonly keys: ReadonlySet<string>;
}

/** What others leave of a claim. */
export interface Shares {
  /** Keys that others had first: theirs. */
  readonly held: ReadonlySet<string>;
  /** Keys of others who came a moment later, and so may not have seen this one: whether they go on shows at the next look. */
  readonly doubtful: ReadonlySet<string>;
}

/** Whether the first of two claims goes before the second. A total order. */
export function goesBefore(one: Pick<Claim, 'since' | 'id'>, two: Pick<Claim, 'since' | 'id'>): boolean {
  return one.since === two.since ? one.id < two.id : one.since < two.since;
}

/** Whether a claim has not been renewed for a lease, at a time by the clock of the store. */
export const hasExpired = ({ written }: Pick<Claim, 'written'>, now: number): boolean => now - written > LEASE_MS;

/** What other claims, all of them alive, leave of one. `settled`: whoever came later has had the time to see it, and to give way. */
export function sharesOf(mine: Omit<Claim, 'written'>, others: readonly Claim[], settled: boolean): Shares {
  const [held, doubtful] = [new Set<string>(), new Set<string>()];
  for (const other of others) {
    if (other.run === mine.run) continue;
    const first = goesBefore(other, mine);
    if (!first && other.since - mine.since > CLOSE_MS) continue;
    for (const key of other.keys) if (mine.keys.has(key)) (first || settled ? held : doubtful).add(key);
  }
  for (const key of held) doubtful.delete(key);
  return { held, doubtful };
}
