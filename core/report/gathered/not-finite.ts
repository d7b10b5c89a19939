import type { AblationRow } from '../../tables/schema.js';

/** Conditions with outputs that are not finite. */
export interface NotFinite {
  /** Of all conditions of the study. */
  readonly of: number;
  readonly conditions: number;
  /** Conditions × images. */
  readonly images: number;
  /** Conditions in which no image has a KL. */
  readonly whole: number;
  /** In the order in which they came. */
  readonly networks: readonly string[];
}

/** Counts them, row by row. */
export class NotFiniteCount {
  readonly #tally = { of: 0, conditions: 0, images: 0, whole: 0 };
  readonly #networks = new Set<string>();

  add({ non_finite: images, kl, model }: AblationRow): void {
    this.#tally.of += 1;
    if (images === 0) return;
    this.#tally.conditions += 1;
    this.#tally.images += images;
    if (kl === null) this.#tally.whole += 1;
    this.#networks.add(model);
  }

  end(): NotFinite {
    return { ...this.#tally, networks: [...this.#networks] };
  }
}
