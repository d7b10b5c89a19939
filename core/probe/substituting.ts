import { canonicalJson, type Json } from '../canonical.js';
import type { Edit } from '../plan/condition.js';
import { substitutionIdentity, type Substitution } from '../plan/substitution.js';
import type { SubstituteFill } from '../spec/words/fills.js';
import { sizeOf, type Tensor } from '../tensor.js';
import type { EarlierValues } from './earlier-values.js';
import type { FillValues } from './fill-values.js';
import type { KernelPool } from './kernel-pool.js';
import { substitutesOf, type SiteMoments } from './site-substitutes.js';
import type { Substitute } from './substitute-fit.js';

/** The moments of a site with their pool, as they are stored, so that all workers have the same floats. */
export type MomentsSource = (substitution: Substitution) => Promise<SiteMoments & { readonly pool: KernelPool }>;

/** The substitutes that a batch asks for, all fitted before it runs. */
export class Substituting {
  readonly #known = new Map<string, { readonly pool: KernelPool; readonly substitute: Substitute }>();

  /** Fits what the edits ask for, site by site. */
  async fit(edits: readonly Edit[], source: MomentsSource): Promise<void> {
    const bySite = new Map<string, { readonly of: Substitution; readonly sets: Map<string, readonly number[]> }>();
    for (const { site, channels, fill } of edits) {
      if (fill.kind !== 'substitute') continue;
      const of = { site, fill };
      const name = canonicalJson(substitutionIdentity(of));
      const here = bySite.get(name) ?? { of, sets: new Map<string, readonly number[]>() };
      bySite.set(name, here);
      here.sets.set(keyOf({ site, channels, fill }), channels);
    }
    for (const { of, sets } of bySite.values()) {
      const { pool, ...moments } = await source(of);
      const found = substitutesOf(moments, pool, of.fill, [...sets.values()]);
      [...sets.keys()].forEach((key, i) => this.#known.set(key, { pool, substitute: found[i] as Substitute }));
    }
  }

  /** What takes the place of an edit's channels; those that stay are read where the edit is made, earlier ones ahead of it. */
  values(edit: Edit, fill: SubstituteFill, earlier: EarlierValues): FillValues {
    const { pool, substitute } = this.#known.get(keyOf(edit)) as { pool: KernelPool; substitute: Substitute };
    return fill.from === 'earlier'
      ? earlier.follow(pool, edit.channels, substitute)
      : new FromSame(pool, edit.channels, substitute);
  }
}

const keyOf = (edit: Edit): string => canonicalJson(edit as unknown as Json);

/** Channels told from those that stay at their site, on whatever the value there is. */
class FromSame implements FillValues {
  readonly reach = 'image';
  readonly #pool: KernelPool;
  readonly #substitute: Substitute;
  readonly #rows: ReadonlyMap<number, number>;

  constructor(pool: KernelPool, channels: readonly number[], substitute: Substitute) {
    this.#pool = pool;
    this.#substitute = substitute;
    this.#rows = new Map(channels.map((channel, row) => [channel, row]));
  }

  on(activation: Tensor, start: number): FillValues {
    // A channel alone is asked for several times, as are not those of sets, which would be more than a map.
    const known: Float32Array[] | undefined = this.#rows.size === 1 ? [] : undefined;
    return {
      reach: 'image',
      values: (channel, image) => {
        const found = known?.[image - start] ?? this.#told(activation, channel, image - start);
        if (known) known[image - start] = found;
        return found;
      },
    };
  }

  values(): Float32Array {
    throw new RangeError('a substitute is read before it is known what stands at its site');
  }

  #told({ shape, data }: Tensor, channel: number, image: number): Float32Array {
    const { weights, shift } = this.#substitute;
    const row = this.#rows.get(channel) as number;
    const [, channels] = shape as [number, number];
    const positions = sizeOf(shape.slice(2));
    const told = new Float64Array(positions).fill(shift[row] as number);
    this.#pool.kernels.forEach((kernel, j) => {
      const weight = weights[row * this.#pool.kernels.length + j] as number;
      // What says nothing is not multiplied: it may be infinite.
      if (weight === 0) return;
      const from = (image * channels + kernel.channel) * positions;
      for (let p = 0; p < positions; p++) told[p] = (told[p] as number) + weight * Number(data[from + p]);
    });
    return Float32Array.from(told);
  }
}
