import { agreement, type Agreement } from './agreement.js';
import type { SweepRun } from './sweep.js';

/** Every method's run of every round, and how far each agrees with the first method, in the first round. */
export interface Rounds<N extends string> {
  readonly runs: readonly Readonly<Record<N, SweepRun>>[];
  readonly agreements: ReadonlyMap<N, Agreement>;
}

export interface Turns {
  readonly rounds: number;
  readonly images: number;
  /** All but the first method run one lesion in so many, the first one among them. Default: all. */
  readonly every?: number;
}

/**
 * Runs every method once a round; each goes first in its turn, since who follows whom matters on a machine that heats up.
 * @throws Error where a method's results are not those of the first one, in any round.
 */
export async function inTurns<N extends string>(
  names: readonly N[],
  { rounds, images, every = 1 }: Turns,
  run: (name: N) => Promise<SweepRun>,
): Promise<Rounds<N>> {
  const runs: Record<N, SweepRun>[] = [];
  const agreements = new Map<N, Agreement>();
  const [first, ...rivals] = names as readonly [N, ...N[]];
  for (let round = 0; round < rounds; round++) {
    const turn = round % names.length;
    const own = {} as Record<N, SweepRun>;
    for (const name of [...names.slice(turn), ...names.slice(0, turn)]) own[name] = await run(name);
    for (const rival of rivals) {
      const same = agreement(own[first].results, own[rival].results, images, every);
      if (round === 0) agreements.set(rival, same);
    }
    runs.push(own);
  }
  return { runs, agreements };
}

export function printAgreement(rival: string, same: Agreement | undefined): string {
  if (!same) return `nothing was compared with ${rival}`;
  return (
    `agrees with ${rival} on ${same.rows} rows: losses within ${same.loss.toExponential(1)}, ` +
    `KL within ${same.kl.toExponential(1)}, classes on all but ${same.ties} ties`
  );
}
