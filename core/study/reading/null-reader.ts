import type { Ledger } from '../../ledger/ledger.js';
import type { StoredResult } from '../../ledger/response-shelf.js';
import { printBase } from '../../plan/impulses.js';
import { printVariant, type NullVariant } from '../../plan/network-variant.js';
import { SEMANTICS } from '../../plan/identity.js';
import { unitKey, type ModelOutline } from '../../plan/outline.js';
import { unpackedSignatures, type BaseParts } from '../../probe/null-signatures.js';
import { nullProblem } from './sound-results.js';

/** The nulls of a network, one at a time, since the signatures of all of them need not fit into memory. */
export interface NullReader {
  readonly variants: readonly NullVariant[];
  /** Signatures of one null on all bases; undefined where some are not stored. */
  read(variant: NullVariant): Promise<BaseParts | undefined>;
}

/** Reads the nulls that a network is compared with. */
export function nullReader(ledger: Ledger, outline: ModelOutline, seed: number): NullReader {
  const scope = { ...outline.scope, semantics: SEMANTICS };
  const planned = outline.impulses.flatMap(({ spec, nulls }) =>
    nulls.map((group, index) => ({
      group,
      key: unitKey(outline, seed, { kind: 'nulls', model: outline.model.name, name: spec.name, chunk: -1 }, index),
    })),
  );
  const variants = new Map(planned.map(({ group }) => [printVariant(group.variant), group.variant]));
  return {
    variants: [...variants.values()],
    async read(variant) {
      const whole = new Map<string, Map<string, Float32Array[]>>();
      for (const { group, key } of planned) {
        if (printVariant(group.variant) !== printVariant(variant)) continue;
        const sites = outline.anatomy.sites.filter((site) => group.record.includes(site.name));
        const check = (stored: StoredResult): string | undefined => nullProblem(stored, group, sites);
        const stored = await ledger.readResult(scope, key, { check });
        if (!stored) return undefined;
        for (const [site, parts] of unpackedSignatures(stored.tensors, group, sites)) {
          const own = whole.get(site) ?? new Map<string, Float32Array[]>();
          whole.set(site, own);
          for (const [i, { base }] of group.bases.entries()) {
            const name = printBase(base);
            own.set(name, [...(own.get(name) ?? []), parts[i] as Float32Array]);
          }
        }
      }
      return new Map([...whole].map(([site, bases]) => [site, [...bases.values()]]));
    },
  };
}
