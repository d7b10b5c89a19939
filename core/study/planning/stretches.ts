import { batchSize, LEAST_SECONDS, WAVES, waveBatchSeconds } from '../../plan/planner.js';
import { lengthOf, printGroup, type Stage } from '../../plan/stage.js';
import type { StageStretch } from '../steps.js';

/** The groups of a stage, one behind the other, with the size of batches that take about so many seconds. */
export function stretchesOf({ index, groups }: Pick<Stage, 'index' | 'groups'>, batchSeconds: number): StageStretch[] {
  const whole = groups.reduce((sum, group) => sum + lengthOf(group.missing) * group.seconds, 0);
  const aim = index === WAVES ? waveBatchSeconds(whole, batchSeconds) : batchSeconds;
  let from = 0;
  return groups.map((group) => {
    const to = from + lengthOf(group.missing);
    const size = batchSize(group, aim);
    const stretch = {
      label: `${group.model} · ${printGroup(group)}`,
      model: group.model,
      from,
      to,
      size,
      least: Math.min(size, batchSize(group, LEAST_SECONDS)),
      seconds: size * group.seconds,
    };
    from = to;
    return stretch;
  });
}
