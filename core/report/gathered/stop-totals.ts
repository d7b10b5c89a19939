import type { StopRow } from '../../tables/schema.js';

/** The conditions of one adaptive ablation of one network, summed. */
export interface StopTotals {
  /** Network and ablation. */
  readonly name: string;
  readonly rule: string;
  readonly conditions: number;
  /** Conditions × images: seen, asked for at most, and clipped. */
  readonly images: number;
  readonly of: number;
  readonly clipped: number;
  /** Conditions that are neither stopped nor ranked. */
  readonly undecided: number;
  /** Those of which it is settled that they do most. */
  readonly top: readonly StopRow[];
}

type OpenTotals = { -readonly [K in keyof Omit<StopTotals, 'top'>]: StopTotals[K] } & { readonly top: StopRow[] };

/** Sums them, row by row. */
export class StopTotalsList {
  readonly #totals = new Map<string, OpenTotals>();

  add(row: StopRow): void {
    const name = `${row.model} · ${row.ablation}`;
    const none = { name, rule: row.rule, conditions: 0, images: 0, of: 0, clipped: 0, undecided: 0, top: [] };
    const totals = this.#totals.get(name) ?? none;
    this.#totals.set(name, totals);
    totals.conditions += 1;
    totals.images += row.images;
    totals.of += row.of;
    totals.clipped += row.clipped;
    if (row.place === 'undecided') totals.undecided += 1;
    if (row.place === 'top') totals.top.push(row);
  }

  /** In the order in which they came. */
  end(): readonly StopTotals[] {
    return [...this.#totals.values()];
  }
}
