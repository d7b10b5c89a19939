import type { Digest } from '../../digest.js';
import type { Ledger } from '../../ledger/ledger.js';
import { unitKey } from '../../plan/outline.js';
import { unitsOf, type Stage } from '../../plan/stage.js';
import type { StudyRef } from '../../spec/resolved-study.js';
import type { Catalog } from '../catalog.js';
import { loadOutlines } from '../reading/outlines.js';
import type { UnitFailure } from '../../sweep-state.js';
import type { StagePlan } from '../steps.js';

/** Keys of units that failed in the current submission; an earlier submission's failures are tried again. */
export async function failedKeys(ledger: Ledger, ref: StudyRef): Promise<ReadonlySet<Digest>> {
  return new Set((await ledger.failuresOf(ref.id)).map((failure) => failure.key));
}

/** Turns unit numbers of a stage into keys and records them as failed. */
export async function recordUnitFailures(
  ledger: Ledger,
  catalog: Catalog,
  plan: StagePlan,
  failures: readonly UnitFailure[],
): Promise<void> {
  const stage = (await ledger.getRecord(plan.ref)) as Stage;
  const failed = failures.flatMap(({ unit, ...reason }) =>
    unitsOf(stage, unit, unit + 1).map((units) => ({ ...units, ...reason })),
  );
  const names = [...new Set(failed.map(({ group }) => group.model))];
  const { study, models } = await loadOutlines(ledger, catalog, plan.study, stage, names);
  const records = failed.flatMap(({ group, indices, code, message }) => {
    const outline = models.find((model) => model.model.name === group.model);
    return outline ? indices.map((index) => ({ key: unitKey(outline, study.seed, group, index), code, message })) : [];
  });
  await ledger.recordFailures(plan.study.id, records);
}
