import { availableParallelism } from 'node:os';
import { PercussError } from '../core/errors.js';
import type { NumericMode } from '../core/numeric-mode.js';
import { defaultCost, type CostModel } from '../core/plan/cost.js';
import { askEngine, type AskOptions } from './engine-process.js';
import { sharedDevices } from './mode-scout.js';

/**
 * What an engine does on this machine while as many processes compute as would for a study, since side by side they take caches
 * and clock from each other: the mean over processes that all measure at once.
 * @throws PercussError what the engine threw; ENGINE_UNAVAILABLE where it took its process along.
 */
export async function measureCost(mode: NumericMode, options: AskOptions = {}): Promise<CostModel> {
  const processes = sharedDevices.has(mode.device) ? 1 : availableParallelism();
  const answers = await Promise.all(
    Array.from({ length: processes }, () => askEngine({ kind: 'cost', mode }, options)),
  );
  const costs = answers.map(({ cost }) => {
    if (!cost) throw new PercussError('BUG', 'an engine was measured, and no cost model came of it');
    return cost;
  });
  const mean = (name: keyof CostModel): number => costs.reduce((sum, cost) => sum + cost[name], 0) / costs.length;
  const names = Object.keys(defaultCost) as (keyof CostModel)[];
  return Object.fromEntries(names.map((name) => [name, mean(name)])) as unknown as CostModel;
}
