import type { SweepResults } from './sweep.js';

/** Losses and KL may differ by this, or by this share of them where they are above 1. */
const tolerance = 1e-4;
/** Below this difference of the two largest logits, which is larger is a matter of rounding. */
const tie = 1e-4;

export interface Agreement {
  readonly rows: number;
  /** Predictions that differ where the rival's two largest logits are as good as equal. */
  readonly ties: number;
  /** Largest differences, absolute up to 1 and relative above. */
  readonly loss: number;
  readonly kl: number;
}

/**
 * Holds our results to a rival's: times of methods that compute different things compare nothing.
 *
 * @param every the rival has run one lesion in so many of ours, the first one among them
 * @throws Error naming the first row that differs by more than rounding; if the rival has not run all that it should.
 */
export function agreement(ours: SweepResults, rival: SweepResults, images: number, every = 1): Agreement {
  const rows = Math.ceil(ours.predicted.length / images / every) * images;
  if (rival.predicted.length !== rows)
    throw new Error(`results disagree: ${rival.predicted.length} rows there, ${rows} expected`);
  let ties = 0;
  const largest = { loss: 0, kl: 0 };
  for (let row = 0; row < rows; row++) {
    const lesion = Math.floor(row / images) * every;
    const own = lesion * images + (row % images);
    const where = `lesion ${lesion}, image ${row % images}`;
    for (const name of ['loss', 'kl'] as const) {
      const [a, b] = [ours[name][own] as number, rival[name][row] as number];
      const difference = Math.abs(a - b) / Math.max(1, Math.abs(b));
      if (!(difference <= tolerance)) throw new Error(`results disagree: ${name} of ${where} is ${a} here, ${b} there`);
      largest[name] = Math.max(largest[name], difference);
    }
    if (ours.predicted[own] === rival.predicted[row]) continue;
    const margin = rival.margin?.[row] ?? Infinity;
    if (margin > tie) {
      throw new Error(
        `results disagree: class of ${where} is ${ours.predicted[own]} here, ${rival.predicted[row]} there by ${margin}`,
      );
    }
    ties++;
  }
  return { rows, ties, ...largest };
}
