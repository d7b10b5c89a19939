import { randomStream, type RandomStream } from '../../core/random.js';

/** What may go wrong in a run: each kind in about half of the seeds, so that kinds are also met alone. */
export interface Faults {
  /** Shares of requests: refused; done, but the answer is lost; read with a flipped bit. */
  readonly refused: number;
  readonly unanswered: number;
  readonly flipped: number;
  /** Listings may lack what was written within so many milliseconds. */
  readonly lagMs: number;
  /** Shares of batches whose process dies, of completions that are lost on the way, and how much slower some are. */
  readonly crashed: number;
  readonly lostReports: number;
  readonly slowness: number;
  /** Mean milliseconds between kills, suspensions, pauses and cancellations; 0 for none. */
  readonly killMs: number;
  readonly suspendMs: number;
  readonly pauseMs: number;
  readonly cancelMs: number;
  /** Milliseconds by which clocks are wrong at most. */
  readonly skewMs: number;
  /** Every second worker is of a version that tells nobody what it commits. */
  readonly silentVersions: boolean;
  /** A unit of study `two` that fails however often it is tried, until the study is submitted again. */
  readonly poisoned: boolean;
  /** Events of a history after which a sweep goes on as a new one; 0 for never. */
  readonly continueAfter: number;
}

/** Draws what may go wrong. */
export function drawFaults(seed: number): { readonly faults: Faults; readonly random: RandomStream } {
  const random = randomStream(seed, 'simulation');
  const half = <T>(value: T, otherwise: T): T => (random.uniform() < 0.5 ? value : otherwise);
  return {
    random,
    faults: {
      refused: half(0.03, 0),
      unanswered: half(0.03, 0),
      flipped: half(0.01, 0),
      lagMs: half(5_000, 0),
      crashed: half(0.2, 0),
      lostReports: half(0.1, 0),
      slowness: half(6, 1),
      killMs: half(60_000, 0),
      suspendMs: half(60_000, 0),
      pauseMs: half(40_000, 0),
      cancelMs: half(80_000, 0),
      skewMs: half(60_000, 0),
      silentVersions: half(true, false),
      poisoned: half(true, false),
      continueAfter: half(6, 0),
    },
  };
}
