import type { TableName } from '../tables/columns.js';
import type { AblationRow, PairRow, PreviewRow, StopRow, TableRow, Tables } from '../tables/schema.js';
import { FillTwinsList, type FillTwins } from './gathered/fill-twins.js';
import { LayerLosses, type LayerLoss } from './gathered/layer-losses.js';
import { LeadingPredictionsList, type LeadingPredictions } from './gathered/leading-predictions.js';
import { NotFiniteCount, type NotFinite } from './gathered/not-finite.js';
import { StopTotalsList, type StopTotals } from './gathered/stop-totals.js';
import { StrongestPairsList, type StrongestPairs } from './gathered/strongest-pairs.js';

/**
 * Tables that have a row a condition, or more: the report never has their rows, only what is gathered from them while they pass by
 * once. Of those that are not named in `Gathering` it needs nothing.
 */
const longTables = ['ablations', 'stops', 'pairs', 'quadruples', 'responses', 'preview'] as const;
export type LongTable = (typeof longTables)[number];

export const isLong = (table: TableName): table is LongTable => (longTables as readonly string[]).includes(table);

/** Tables whose rows a report has: as many as networks, sites or kernels have it. */
export type ReportTables = Omit<Tables, LongTable>;

/** What the report needs of the rows of long tables. */
export interface Gathered {
  readonly notFinite: NotFinite;
  readonly layerLosses: ReadonlyMap<string, LayerLoss>;
  readonly fillTwins: ReadonlyMap<string, FillTwins>;
  readonly stops: readonly StopTotals[];
  readonly pairs: StrongestPairs;
  readonly predictions: readonly LeadingPredictions[];
}

/** A table whose rows are gathered from. */
export const gatheredTables = ['ablations', 'stops', 'pairs', 'preview'] as const;
export type GatheredTable = (typeof gatheredTables)[number];

/** Takes the rows of long tables one by one, each table's in its order. */
export class Gathering {
  readonly #notFinite = new NotFiniteCount();
  readonly #layerLosses = new LayerLosses();
  readonly #fillTwins = new FillTwinsList();
  readonly #stops = new StopTotalsList();
  readonly #pairs = new StrongestPairsList();
  readonly #predictions = new LeadingPredictionsList();
  readonly #takers: { readonly [T in GatheredTable]: (row: TableRow<T>) => void } = {
    ablations: (row: AblationRow) => {
      this.#notFinite.add(row);
      this.#layerLosses.add(row);
      this.#fillTwins.add(row);
    },
    stops: (row: StopRow) => this.#stops.add(row),
    pairs: (row: PairRow) => this.#pairs.add(row),
    preview: (row: PreviewRow) => this.#predictions.add(row),
  };

  add<T extends GatheredTable>(table: T, row: TableRow<T>): void {
    this.#takers[table](row);
  }

  end(): Gathered {
    return {
      notFinite: this.#notFinite.end(),
      layerLosses: this.#layerLosses.end(),
      fillTwins: this.#fillTwins.end(),
      stops: this.#stops.end(),
      pairs: this.#pairs.end(),
      predictions: this.#predictions.end(),
    };
  }
}
