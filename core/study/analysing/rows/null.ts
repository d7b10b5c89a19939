import type { SystemicRedundancy } from '../../../analysis/systemic.js';
import { nullOf, printVariant } from '../../../plan/network-variant.js';
import type { NullRow } from '../../../tables/schema.js';
import { meanR2, type Redundancy } from './redundancy.js';

/** Redundancy of the networks of a study, by name, as far as it was measured. */
export type MeasuredNetworks = ReadonlyMap<string, Redundancy>;

/** One row a null of a network: those that were made of it, then the unrelated networks of the study, as they are. */
export function nullRows(model: string, measured: MeasuredNetworks, unrelated: readonly string[]): NullRow[] {
  const own = measured.get(model);
  if (!own) return [];
  const made = own.nulls.map(({ variant, systemic, explained }): NullRow => {
    const [same, far] = [meanR2(explained, 'same'), meanR2(explained, 'far')];
    return {
      model,
      kind: nullOf(variant).kind,
      network: printVariant(variant),
      ...systemicOf(systemic),
      r2_same: same?.low ?? null,
      r2_far: far?.low ?? null,
    };
  });
  const others = unrelated.flatMap((network): NullRow[] => {
    const other = network === model ? undefined : measured.get(network);
    if (!other) return [];
    return [{ model, kind: 'unrelated', network, ...systemicOf(other.intact.systemic), r2_same: null, r2_far: null }];
  });
  return [...made, ...others];
}

const systemicOf = (
  systemic: SystemicRedundancy | undefined,
): Pick<NullRow, 'sr' | 'sr_low' | 'sr_high' | 'sr_plugin'> => ({
  sr: systemic?.value ?? null,
  sr_low: systemic?.interval?.low ?? null,
  sr_high: systemic?.interval?.high ?? null,
  sr_plugin: systemic?.plugin ?? null,
});
