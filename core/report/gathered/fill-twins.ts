import { NumberList } from '../../number-list.js';
import { comparedFill } from '../../spec/words/estimands.js';
import type { AblationRow } from '../../tables/schema.js';

/** The damage of the same channels with zero and with another fill, of conditions that have a KL on every image. */
export interface FillPairs {
  readonly zero: Float64Array;
  readonly other: Float64Array;
}

/** What is known of a fill beside zero. */
export interface FillTwins {
  /** By network, in the order in which they came. */
  readonly pairs: ReadonlyMap<string, FillPairs>;
  /** Pairs of conditions of which one has no KL on every image. */
  readonly lost: number;
}

interface OpenPairs {
  readonly zero: NumberList;
  readonly other: NumberList;
}

interface OpenTwins {
  readonly pairs: Map<string, OpenPairs>;
  lost: number;
}

/** Fills are compared on the same images: those of a condition that has a KL on all of them. */
const comparable = (row: AblationRow): number | null =>
  row.state !== 'partial' && row.non_finite === 0 ? row.kl : null;

/** Whether two rows remove the same from the same network, whatever stands in its place. */
const isTwin = (a: AblationRow, b: AblationRow): boolean =>
  a.model === b.model &&
  a.ablation === b.ablation &&
  a.mode === b.mode &&
  a.unit === b.unit &&
  a.channels === b.channels &&
  a.removed === b.removed &&
  a.fraction === b.fraction &&
  a.trial === b.trial &&
  a.spread === b.spread;

/** Pairs conditions with zero with those of other fills: an ablation has its fills and draws one after the other for each removal. */
export class FillTwinsList {
  readonly #fills = new Map<string, OpenTwins>();
  #group: AblationRow[] = [];

  add(row: AblationRow): void {
    const [first] = this.#group;
    if (first && !isTwin(first, row)) this.#endGroup();
    this.#group.push(row);
  }

  /** By fill. */
  end(): ReadonlyMap<string, FillTwins> {
    this.#endGroup();
    return new Map(
      [...this.#fills].map(([fill, { pairs, lost }]) => [
        fill,
        {
          lost,
          pairs: new Map(
            [...pairs].map(([model, { zero, other }]) => [model, { zero: zero.values(), other: other.values() }]),
          ),
        },
      ]),
    );
  }

  #endGroup(): void {
    const group = this.#group;
    this.#group = [];
    const zeros = group.filter(({ fill }) => fill === comparedFill);
    if (zeros.length === 0) return;
    // Of several draws the first stands for all.
    const twins = new Map<string, AblationRow>();
    for (const row of group) if (row.fill !== comparedFill && !twins.has(row.fill)) twins.set(row.fill, row);
    for (const [fill, twin] of twins) for (const row of zeros) this.#take(fill, row, twin);
  }

  #take(fill: string, row: AblationRow, twin: AblationRow): void {
    const open: OpenTwins = this.#fills.get(fill) ?? { pairs: new Map<string, OpenPairs>(), lost: 0 };
    this.#fills.set(fill, open);
    const [zero, other] = [comparable(row), comparable(twin)];
    if (zero === null || other === null) {
      open.lost += 1;
      return;
    }
    const own = open.pairs.get(row.model) ?? { zero: new NumberList(), other: new NumberList() };
    open.pairs.set(row.model, own);
    own.zero.push(zero);
    own.other.push(other);
  }
}
