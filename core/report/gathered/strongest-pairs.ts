import { sha256 } from '../../digest.js';
import { DigestSet } from '../../digest-set.js';
import type { PairRow } from '../../tables/schema.js';
import { ROUNDING } from '../rounding.js';

/** A pair whose excess is known, with its interval. */
export type MeasuredPairRow = PairRow & { excess: number; excess_low: number; excess_high: number };

/** Pairs that are known to back each other up most, and to depend on each other most: of each network the strongest. */
export interface StrongestPairs {
  /** Pairs whose excess is known, each once. */
  readonly measured: number;
  readonly backUp: readonly MeasuredPairRow[];
  readonly occlusion: readonly MeasuredPairRow[];
}

/** Strongest pairs of each kind that are kept for each network. */
export const LISTED = 5;

const isMeasured = (row: PairRow): row is MeasuredPairRow =>
  row.excess !== null && row.excess_low !== null && row.excess_high !== null;

const pairName = ({ model, layer_a, channel_a, layer_b, channel_b, fill, draw }: PairRow): string =>
  JSON.stringify([model, layer_a, channel_a, layer_b, channel_b, fill, draw]);

/** Finds them, row by row. */
export class StrongestPairsList {
  /** Two ablations may hold the same pair. */
  readonly #names = new DigestSet();
  readonly #backUp = new Map<string, MeasuredPairRow[]>();
  readonly #occlusion = new Map<string, MeasuredPairRow[]>();

  add(row: PairRow): void {
    if (!isMeasured(row)) return;
    const known = this.#names.size;
    this.#names.add(sha256(pairName(row)));
    if (this.#names.size === known || Math.abs(row.excess) <= ROUNDING) return;
    if (row.excess_low > 0) insert(this.#backUp, row, 1);
    if (row.excess_high < 0) insert(this.#occlusion, row, -1);
  }

  end(): StrongestPairs {
    return {
      measured: this.#names.size,
      backUp: [...this.#backUp.values()].flat(),
      occlusion: [...this.#occlusion.values()].flat(),
    };
  }
}

/** Puts a row among those of its network, behind those that are as strong. */
function insert(strongest: Map<string, MeasuredPairRow[]>, row: MeasuredPairRow, sign: 1 | -1): void {
  const own = strongest.get(row.model) ?? [];
  strongest.set(row.model, own);
  const place = own.findIndex(({ excess }) => sign * (row.excess - excess) > 0);
  own.splice(place < 0 ? own.length : place, 0, row);
  if (own.length > LISTED) own.pop();
}
