import { comparedFill, estimands, removesAs } from '../../spec/words/estimands.js';
import type { AblationRow } from '../../tables/schema.js';

/** What the loss of a whole layer did. */
export type LayerLoss = Pick<AblationRow, 'non_finite' | 'accuracy_low' | 'accuracy_high'>;

/** Conditions that set a whole layer to zero: one a layer, the last that there is. */
export class LayerLosses {
  readonly #losses = new Map<string, LayerLoss>();

  add(row: AblationRow): void {
    if (!removesAs(row, estimands.layer) || row.fill !== comparedFill) return;
    const { non_finite, accuracy_low, accuracy_high } = row;
    this.#losses.set(layerName(row.model, row.layers), { non_finite, accuracy_low, accuracy_high });
  }

  /** By `layerName`. */
  end(): ReadonlyMap<string, LayerLoss> {
    return this.#losses;
  }
}

export const layerName = (model: string, layer: string): string => JSON.stringify([model, layer]);
