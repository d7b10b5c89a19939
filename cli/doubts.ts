import { baselineDoubts } from '../core/study/analysing/baseline-doubts.js';
import { isPercussError, messageOf } from '../core/errors.js';
import { Catalog } from '../core/study/catalog.js';
import { loadOutlines } from '../core/study/reading/outlines.js';
import { storedStudy } from '../core/study/verifying/verify.js';
import type { StudySteps } from '../core/study/steps.js';
import type { StudyRef } from '../core/spec/resolved-study.js';
import type { Session } from './session.js';

/** Warnings about the intact networks of a study, as far as they have been run. */
export async function studyDoubts(
  { ledger }: Pick<Session, 'ledger'>,
  ref: StudyRef,
  catalog = new Catalog((digest) => ledger.getBlob(digest)),
): Promise<readonly string[]> {
  const { study, models } = await loadOutlines(ledger, catalog, ref, { scores: {} });
  return [...(await baselineDoubts(ledger, catalog, models, study.seed)).values()].flat();
}

/** As `studyDoubts`, of a study that is only looked at: where its store can't be read, the reason instead. */
export async function knownDoubts(
  session: Pick<Session, 'ledger'>,
  { id, unreachable }: { readonly id: string; readonly unreachable?: string },
): Promise<{ readonly warnings: readonly string[]; readonly unread?: string }> {
  if (unreachable !== undefined) return { warnings: [], unread: unreachable };
  try {
    return { warnings: await studyDoubts(session, await storedStudy(session.ledger, id)) };
  } catch (error) {
    if (!isPercussError(error)) throw error;
    return { warnings: [], unread: `whether the intact networks are what they should be: ${messageOf(error)}` };
  }
}

/** Warns once of a study that others compute, as soon as its intact networks have been run: when its first stage is over. */
export function watchDoubts(
  session: Session,
  known: { readonly id: string; readonly unreachable?: string },
): (stage: number) => Promise<void> {
  let said = false;
  return async (stage) => {
    if (said || stage === 0) return;
    said = true;
    warn(session, (await knownDoubts(session, known)).warnings);
  };
}

/** On standard error, where nobody who redirects the answer misses them. */
export function warn({ terminal }: Pick<Session, 'terminal'>, doubts: readonly string[]): void {
  terminal.settle();
  for (const line of doubts) process.stderr.write(`WARNING ${line}\n`);
}

/** The same steps, which warn as soon as the intact networks have been run, before hours of ablations. */
export function doubting(session: Session, catalog: Catalog, steps: StudySteps): StudySteps {
  let said = false;
  return {
    ...steps,
    planStage: async (ref, index, options) => {
      const plan = await steps.planStage(ref, index, options);
      if (!said && (!plan.ref || plan.index > 0)) {
        said = true;
        warn(session, await studyDoubts(session, ref, catalog));
      }
      return plan;
    },
  };
}
