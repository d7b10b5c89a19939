import type { Digest } from '../../digest.js';
import type { Ledger } from '../../ledger/ledger.js';
import type { Stage } from '../../plan/stage.js';
import type { StudyRef } from '../../spec/resolved-study.js';

type Scores = Stage['scores'];

/** The stage whose conditions results put in order. */
const ORDERED = 2;

/** What was decided, and the hash of the keys of what it was read from. */
interface Decision {
  readonly scores: Scores;
  readonly read: Digest;
}

/** Scores that were decided before; empty where none were. */
export async function adoptedScores(ledger: Ledger, ref: Pick<StudyRef, 'id'>): Promise<Scores> {
  return (await ledger.getStage<Decision>(ref.id, ORDERED))?.scores ?? {};
}

/**
 * Decides scores once: whoever comes first writes them, everybody else adopts what is written. Empty where nothing is to
 * be decided, or `decide` finds that it can't be yet.
 */
export async function adoptScores(
  ledger: Ledger,
  ref: StudyRef,
  decide: () => Promise<Decision | undefined>,
): Promise<Scores> {
  const known = await ledger.getStage<Decision>(ref.id, ORDERED);
  if (known) return known.scores;
  const decided = await decide();
  if (!decided || Object.keys(decided.scores).length === 0) return {};
  return (await ledger.putStage(ref.id, ORDERED, decided)).scores;
}
