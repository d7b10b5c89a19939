import { stageGroups, missingOf, WAVES, type StageContext } from '../../plan/planner.js';
import type { ModelOutline, PlannedImpulses } from '../../plan/outline.js';
import { lengthOf } from '../../plan/stage.js';
import { unitBytes } from './unit-bytes.js';

/** Units and bytes that are missing. */
interface Cost {
  readonly units: number;
  readonly bytes: number;
}

/** What impulses with `resolve` take of one network, nulls with them: where the first wave is enough, and where the budget is spent. */
export interface ResolveCost {
  readonly model: string;
  readonly name: string;
  readonly least: Cost;
  readonly most: Cost;
}

/** @param least outlines with the first waves alone, `most` the same with all that budgets allow, both with nulls. */
export async function resolveCosts(
  least: readonly ModelOutline[],
  most: readonly ModelOutline[],
  context: StageContext,
): Promise<readonly ResolveCost[]> {
  const costs: ResolveCost[] = [];
  for (const [i, outline] of most.entries()) {
    for (const planned of outline.impulses) {
      if (!planned.extent) continue;
      costs.push({
        model: outline.model.name,
        name: planned.spec.name,
        least: await costOf(least[i] as ModelOutline, planned, context),
        most: await costOf(outline, planned, context),
      });
    }
  }
  return costs;
}

async function costOf(outline: ModelOutline, { spec }: PlannedImpulses, context: StageContext): Promise<Cost> {
  const asked = (stageGroups([outline])[WAVES] ?? []).filter(
    ({ kind, name }) => kind !== 'cells' && name === spec.name,
  );
  const cost = { units: 0, bytes: 0 };
  for (const whole of asked) {
    const { groups } = await missingOf([whole], [outline], context);
    const units = groups.reduce((sum, { missing }) => sum + lengthOf(missing), 0);
    cost.units += units;
    cost.bytes += units * unitBytes(whole, outline);
  }
  return cost;
}
