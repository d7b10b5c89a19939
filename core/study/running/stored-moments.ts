import { PercussError } from '../../errors.js';
import type { Ledger } from '../../ledger/ledger.js';
import { SEMANTICS } from '../../plan/identity.js';
import type { ModelOutline } from '../../plan/outline.js';
import { momentsKey, type Substitution } from '../../plan/substitution.js';
import type { Provenance } from '../../probe/cell.js';
import { poolOf, type KernelPool } from '../../probe/kernel-pool.js';
import { gatherMoments } from '../../probe/moments.js';
import {
  momentsProblem,
  momentTensors,
  readMoments,
  withChoices,
  type SiteMoments,
} from '../../probe/site-substitutes.js';
import type { AskedMoments } from '../../probe/told-maps.js';
import { remembered } from './remembered.js';
import type { TappedNetworks } from './tapped-networks.js';

type Known = SiteMoments & { readonly pool: KernelPool };

/** Moments of so many sites are kept at hand. */
const KEPT = 16;

/**
 * What substitutes are fitted from: gathered once, stored, and read by everybody from there, so that all workers use the same floats.
 * Of several objects the first by its name counts, as for all results.
 */
export class StoredMoments {
  readonly #ledger: Ledger;
  readonly #tapped: TappedNetworks;
  readonly #known = new Map<string, Promise<Known>>();

  constructor(ledger: Ledger, tapped: TappedNetworks) {
    this.#ledger = ledger;
    this.#tapped = tapped;
  }

  /** Those of a site; gathered here where nobody has, as when cells of another study's engine are computed again. */
  of(outline: ModelOutline, substitution: Substitution, provenance: Promise<Provenance>): Promise<Known> {
    return remembered(this.#known, momentsKey(outline.scope, substitution), KEPT, async () => {
      const stored = await this.#read(outline, substitution);
      if (stored) return stored;
      await this.gather(outline, [substitution], provenance, () => {});
      const own = await this.#read(outline, substitution);
      if (own) return own;
      throw new PercussError('BUG', `moments of ${substitution.site} were stored, but are not there`);
    });
  }

  /** Those that a study asks for of a network. */
  asked(outline: ModelOutline, provenance: Promise<Provenance>): AskedMoments {
    const keys = new Set(outline.substitutions.map((one) => momentsKey(outline.scope, one)));
    return (one) => (keys.has(momentsKey(outline.scope, one)) ? this.of(outline, one, provenance) : undefined);
  }

  /** Gathers and stores those of several sites of one network. */
  async gather(
    outline: ModelOutline,
    substitutions: readonly Substitution[],
    provenance: Promise<Provenance>,
    report: (done: number) => void,
  ): Promise<void> {
    const { network, reference } = await this.#tapped.open(outline, 'intact', 0);
    const byFolds = new Map<number, Substitution[]>();
    for (const one of substitutions) byFolds.set(one.fill.folds, [...(byFolds.get(one.fill.folds) ?? []), one]);
    let done = 0;
    for (const [folds, alike] of byFolds) {
      const pools = alike.map((one) => poolOf(outline.anatomy, one));
      const gathered = await gatherMoments(network, reference.images, pools, folds);
      for (const [i, moments] of gathered.entries()) {
        const [pool, one] = [pools[i] as KernelPool, alike[i] as Substitution];
        const tensors = momentTensors(withChoices(moments, pool, one.fill), pool, one.fill);
        const metadata = { kind: 'moments', site: one.site };
        const key = momentsKey(outline.scope, one);
        await this.#ledger.commitResult(scopeOf(outline), key, tensors, metadata, await provenance);
        report(++done);
      }
    }
  }

  async #read(outline: ModelOutline, substitution: Substitution): Promise<Known | undefined> {
    const pool = poolOf(outline.anatomy, substitution);
    const { fill } = substitution;
    const stored = await this.#ledger.readResult(scopeOf(outline), momentsKey(outline.scope, substitution), {
      check: ({ tensors }) => momentsProblem(tensors, pool, fill),
    });
    return stored && { ...readMoments(stored.tensors, pool, fill), pool };
  }
}

const scopeOf = ({ scope }: ModelOutline) => ({ ...scope, semantics: SEMANTICS });
