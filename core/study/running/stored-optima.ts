import { PercussError } from '../../errors.js';
import type { Ledger } from '../../ledger/ledger.js';
import { SEMANTICS } from '../../plan/identity.js';
import type { ModelOutline } from '../../plan/outline.js';
import { optimumChannels, optimumKey, type Optimum } from '../../plan/optimum.js';
import type { Provenance } from '../../probe/cell.js';
import { optimalConstants } from '../../probe/optimal-constants.js';
import type { Tensor } from '../../tensor.js';
import { remembered } from './remembered.js';
import type { TappedNetworks } from './tapped-networks.js';

/** Constants of so many sites are kept at hand. */
const KEPT = 64;

/** Best constants: found once, stored, and read by everybody from there, so that all workers use the same floats. */
export class StoredOptima {
  readonly #ledger: Ledger;
  readonly #tapped: TappedNetworks;
  readonly #known = new Map<string, Promise<Float64Array>>();

  constructor(ledger: Ledger, tapped: TappedNetworks) {
    this.#ledger = ledger;
    this.#tapped = tapped;
  }

  /** Those of a site; found here where nobody has, as when cells of another study's engine are computed again. */
  of(outline: ModelOutline, optimum: Optimum, provenance: Promise<Provenance>): Promise<Float64Array> {
    return remembered(this.#known, optimumKey(outline.scope, optimum), KEPT, async () => {
      const stored = await this.#read(outline, optimum);
      if (stored) return stored;
      const { tensors, metadata } = await this.found(outline, optimum);
      const key = optimumKey(outline.scope, optimum);
      await this.#ledger.commitResult(scopeOf(outline), key, tensors, metadata, await provenance);
      const own = await this.#read(outline, optimum);
      if (own) return own;
      throw new PercussError('BUG', `constants of ${optimum.site} were stored, but are not there`);
    });
  }

  /** Looks for those of a site: what is stored of them. */
  async found(
    outline: ModelOutline,
    { site, fill }: Optimum,
    signal?: AbortSignal,
  ): Promise<{
    readonly tensors: ReadonlyMap<string, Tensor>;
    readonly metadata: { readonly [name: string]: string };
  }> {
    const { network, reference } = await this.#tapped.open(outline, 'intact', 0);
    const { constant, damage } = await optimalConstants(network, reference, {
      site,
      evaluations: fill.evaluations,
      output: outline.model.output,
      ...(signal ? { signal } : {}),
    });
    const tensors = new Map<string, Tensor>([
      ['constant', { dtype: 'float64', shape: [constant.length], data: constant }],
      ['damage', { dtype: 'float64', shape: [damage.length], data: damage }],
    ]);
    return { tensors, metadata: { kind: 'optima', site } };
  }

  async #read(outline: ModelOutline, optimum: Optimum): Promise<Float64Array | undefined> {
    const channels = optimumChannels(outline.anatomy, optimum);
    const stored = await this.#ledger.readResult(scopeOf(outline), optimumKey(outline.scope, optimum), {
      check: ({ tensors }) => problemOf(tensors.get('constant'), channels),
    });
    return stored?.tensors.get('constant')?.data as Float64Array | undefined;
  }
}

function problemOf(constant: Tensor | undefined, channels: number): string | undefined {
  if (constant?.dtype !== 'float64' || constant.shape.length !== 1 || constant.shape[0] !== channels)
    return `has no constants of ${channels} channels`;
  return constant.data.every((value) => Number.isFinite(value)) ? undefined : 'has constants that are not finite';
}

const scopeOf = ({ scope }: ModelOutline) => ({ ...scope, semantics: SEMANTICS });
