import type { Cell } from '../../probe/cell.js';

/** Where a number stands: image counts from 0 in the order of the study's data. */
export interface Place {
  readonly model: string;
  readonly ablation: string;
  readonly condition: string;
  readonly image: number;
}

/** How far two computations of one kind of number are apart. */
export interface Distance {
  readonly largest: number;
  readonly mean: number;
  /** Of the largest; null where there is none. */
  readonly at: (Place & { readonly stored: number; readonly again: number }) | null;
}

/** An image whose predicted class differs. */
export interface DifferingPrediction extends Place {
  readonly stored: number;
  readonly again: number;
}

export interface DisagreementReport {
  /** Images × cells. */
  readonly compared: number;
  readonly loss: Distance;
  readonly kl: Distance;
  readonly predictions: {
    readonly differing: number;
    /** The first of them. */
    readonly named: readonly DifferingPrediction[];
  };
  /** Cells that changed nothing on one engine and something on the other. */
  readonly states: number;
  /** Images × cells whose output is not finite: in both computations, which agree on it, or in one only. They have no loss and KL to compare. */
  readonly nonFinite: { readonly both: number; readonly onlyOne: number };
  readonly tolerance: number;
  /**
   * No loss or KL is further apart than the tolerance (relative to the larger of 1 and the stored number), outputs are
   * finite in both or in neither, and at most one prediction in a thousand differs, rounded up: a tie may fall either way.
   */
  readonly agrees: boolean;
}

const NAMED = 20;
/** Of predictions: near-ties that rounding decides. */
const TIES = 1e-3;

class Distances {
  #largest = 0;
  #sum = 0;
  #count = 0;
  #at: Distance['at'] = null;
  #beyond = 0;

  constructor(readonly tolerance: number) {}

  /** Of two finite numbers. */
  add(stored: number, again: number, place: () => Place): void {
    const distance = Math.abs(stored - again);
    this.#count++;
    this.#sum += distance;
    if (distance > this.tolerance * Math.max(1, Math.abs(stored))) this.#beyond++;
    if (distance > this.#largest) {
      this.#largest = distance;
      this.#at = { ...place(), stored, again };
    }
  }

  get within(): boolean {
    return this.#beyond === 0;
  }

  get distance(): Distance {
    return { largest: this.#largest, mean: this.#count > 0 ? this.#sum / this.#count : 0, at: this.#at };
  }
}

/** Gathers how two computations of the same cells differ. */
export class Disagreement {
  readonly #tolerance: number;
  readonly #loss: Distances;
  readonly #kl: Distances;
  readonly #named: DifferingPrediction[] = [];
  #compared = 0;
  #differing = 0;
  #states = 0;
  readonly #nonFinite = { both: 0, onlyOne: 0 };

  constructor(tolerance: number) {
    this.#tolerance = tolerance;
    this.#loss = new Distances(tolerance);
    this.#kl = new Distances(tolerance);
  }

  /** @param name of the cell, with the number of its first image. */
  add(name: Omit<Place, 'image'> & { readonly imageAt: (i: number) => number }, stored: Cell, again: Cell): void {
    const { imageAt, ...cell } = name;
    if (stored.state !== again.state) this.#states++;
    for (const [i, predicted] of stored.predicted.entries()) {
      const place = (): Place => ({ ...cell, image: imageAt(i) });
      this.#compared++;
      const [before, after] = [stored, again].map(({ kl, loss }) =>
        Number.isFinite((kl[i] as number) + (loss[i] as number)),
      );
      if (before !== after) this.#nonFinite.onlyOne++;
      else if (!before) this.#nonFinite.both++;
      else {
        this.#loss.add(stored.loss[i] as number, again.loss[i] as number, place);
        this.#kl.add(stored.kl[i] as number, again.kl[i] as number, place);
      }
      const other = again.predicted[i] as number;
      if (other === predicted) continue;
      this.#differing++;
      if (this.#named.length < NAMED) this.#named.push({ ...place(), stored: predicted, again: other });
    }
  }

  summary(): DisagreementReport {
    const ties = Math.ceil(TIES * this.#compared);
    return {
      compared: this.#compared,
      loss: this.#loss.distance,
      kl: this.#kl.distance,
      predictions: { differing: this.#differing, named: this.#named },
      states: this.#states,
      nonFinite: { ...this.#nonFinite },
      tolerance: this.#tolerance,
      agrees: this.#loss.within && this.#kl.within && this.#nonFinite.onlyOne === 0 && this.#differing <= ties,
    };
  }
}
