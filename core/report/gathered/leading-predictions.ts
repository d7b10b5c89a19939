import type { PreviewRow } from '../../tables/schema.js';

/** The largest predictions of one ablation and fill of one network, the largest first. */
export interface LeadingPredictions {
  readonly title: string;
  readonly rows: readonly PreviewRow[];
}

/** Predictions that are kept of each. */
export const SHOWN = 20;

/** Finds them, row by row. */
export class LeadingPredictionsList {
  readonly #leading = new Map<string, PreviewRow[]>();

  add(row: PreviewRow): void {
    const title = `${row.model}, ${row.ablation}: filled with ${row.fill}`;
    const own = this.#leading.get(title) ?? [];
    this.#leading.set(title, own);
    const { predicted_kl: kl } = row;
    if (kl === null) return;
    const place = own.findIndex((other) => kl > (other.predicted_kl as number));
    own.splice(place < 0 ? own.length : place, 0, row);
    if (own.length > SHOWN) own.pop();
  }

  /** In the order in which they came; without rows where none has a prediction. */
  end(): readonly LeadingPredictions[] {
    return [...this.#leading].map(([title, rows]) => ({ title, rows }));
  }
}
