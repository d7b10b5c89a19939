import { estimands, removesAs } from '../../../spec/words/estimands.js';
import { isSound, type ConditionResult, type ModelResults } from '../../reading/model-results.js';

/** KL image by image of leaving single kernels out, by layer and channel; undefined where one is missing. */
export type KernelDamage = ReadonlyMap<string, readonly (ArrayLike<number> | undefined)[]>;

/**
 * What leaving out single kernels does, by what was put in their place, in the order in which the study names these fills: on all
 * images, as whoever compares kernels needs them. Draws of donors are averaged image by image.
 */
export function kernelDamages(results: Pick<ModelResults, 'ablations'>): ReadonlyMap<string, KernelDamage> {
  const found = new Map<string, Map<string, Map<number, (ConditionResult | undefined)[]>>>();
  for (const ablation of results.ablations) {
    if (!removesAs(ablation, estimands.kernel) || ablation.stop) continue;
    for (const { labelled, result } of ablation.conditions) {
      const target = labelled.targets[0];
      if (target?.channel === undefined) continue;
      const layers = within(
        found,
        labelled.fill,
        () => new Map<string, Map<number, (ConditionResult | undefined)[]>>(),
      );
      const channels = within(layers, target.group, () => new Map<number, (ConditionResult | undefined)[]>());
      const draws = within(channels, target.channel, () => []);
      const draw = labelled.draw ?? 0;
      draws[draw] = isSound(result) ? result : draws[draw];
    }
  }
  return new Map(
    [...found].map(([fill, layers]) => [
      fill,
      new Map([...layers].map(([name, byChannel]) => [name, listed(byChannel)])),
    ]),
  );
}

function within<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key) ?? make();
  map.set(key, known);
  return known;
}

function listed(
  channels: ReadonlyMap<number, readonly (ConditionResult | undefined)[]>,
): (ArrayLike<number> | undefined)[] {
  const list: (ArrayLike<number> | undefined)[] = [];
  for (const [channel, draws] of channels) list[channel] = meanKl(draws);
  return list;
}

function meanKl(draws: readonly (ConditionResult | undefined)[]): ArrayLike<number> | undefined {
  const known = Array.from(draws).filter(isSound);
  if (known.length === 0 || known.length < draws.length) return undefined;
  if (known.length === 1) return known[0]!.kl;
  return Float64Array.from(
    known[0]!.kl,
    (_, image) => known.reduce((sum, { kl }) => sum + kl[image]!, 0) / known.length,
  );
}
