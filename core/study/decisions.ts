import type { Ledger } from '../ledger/ledger.js';
import { printNumericMode } from '../numeric-mode.js';
import type { Stage } from '../plan/stage.js';
import type { StudyRef } from '../spec/resolved-study.js';

type Scores = Stage['scores'];

/** Results decide, so each numeric mode decides for itself. */
const scoresOf = (ref: StudyRef): string => `scores-${printNumericMode(ref.mode)}`;

/** Scores that were decided before; empty where none were. */
export async function adoptedScores(ledger: Ledger, ref: StudyRef): Promise<Scores> {
  return (await ledger.getDecision<Scores>(ref.id, scoresOf(ref))) ?? {};
}

/** Decides scores once: whoever comes first writes them, everybody else adopts what is written. */
export async function adoptScores(ledger: Ledger, ref: StudyRef, decide: () => Promise<Scores>): Promise<Scores> {
  const known = await ledger.getDecision<Scores>(ref.id, scoresOf(ref));
  if (known) return known;
  const decided = await decide();
  return Object.keys(decided).length === 0 ? decided : ledger.putDecision(ref.id, scoresOf(ref), decided);
}
