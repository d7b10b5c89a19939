import { fills } from '../spec/words/fills.js';
import { choice, wordsOf, wordsWhere } from '../word-table.js';

export type ColumnType = 'VARCHAR' | 'BOOLEAN' | 'BIGINT' | 'DOUBLE';

/** A column: its DuckDB and Parquet type, whether values may be missing, its unit ('' for names, '1' for pure numbers). */
export interface Column {
  readonly type: ColumnType;
  readonly nullable: boolean;
  readonly unit: string;
  readonly description: string;
}

/** The columns of a table, in their order. */
export interface Columns {
  readonly [name: string]: Column;
}

/** A number that may be missing. */
export type MaybeNumber = Column & { readonly type: 'DOUBLE'; readonly nullable: true };

interface Values {
  readonly VARCHAR: string;
  readonly BOOLEAN: boolean;
  readonly BIGINT: number;
  readonly DOUBLE: number;
}

/** A row of such columns: a number that does not exist is null, never NaN. */
export type RowOf<C extends Columns> = {
  -readonly [K in keyof C]: Values[C[K]['type']] | (C[K]['nullable'] extends true ? null : never);
};

/** Makers of columns by type. */
export const text = (description: string) => ({ type: 'VARCHAR', nullable: false, unit: '', description }) as const;
export const count = (unit: string, description: string) =>
  ({ type: 'BIGINT', nullable: false, unit, description }) as const;
export const number = (unit: string, description: string) =>
  ({ type: 'DOUBLE', nullable: false, unit, description }) as const;
export const maybe = <C extends { readonly nullable: false }>(
  column: C,
): Omit<C, 'nullable'> & { readonly nullable: true } => ({
  ...column,
  nullable: true,
});

const drawnFills = wordsWhere(fills, (row) => row.drawn);

/** Columns that several tables have. */
export const model = text('The network, by its name in the study.');
export const ablation = text('The ablation, by its name in the study.');
export const layer = text('The layer, by its module path where one could be recovered.');
export const site = text('The site: the value at which the kernels of a layer are cut or recorded.');
export const depth = count('sites', 'Position of the site along the network, in topological order, counted from 0.');
export const normalisedDepth = number(
  '1',
  'Depth divided by the depth of the last site: 0 is the first site and 1 the last.',
);
export const siteType = text('What values the site can hold: signed, or rectified (never negative).');
export const draw = maybe(count('index', `Which draw of donors, for ${choice(drawnFills)}; empty for other fills.`));
export const fill = text(`What takes the place of the removed channels: ${choice(wordsOf(fills))}.`);
export const spread = maybe(text('Where random lesions lie: one-layer, matched or all-depths; empty for other modes.'));
export const nonFinite = (what: string) =>
  count('images', `Images on which an output of the lesioned network is not finite: ${what}.`);
export const level = (of: string, end: 'Lower' | 'Upper') =>
  `${end} end of the interval of ${of}, at the level of the study.`;

/** Of a bracket of R². */
export const r2Upper = maybe(
  number('R²', 'The same as fitted to the very bases that are scored: the upper end. With more bases the two meet.'),
);
export const r2Resolved = maybe({
  type: 'BOOLEAN',
  nullable: false,
  unit: '',
  description: 'True if the two ends are at most 0.1 apart; else the value is not resolved by so few bases.',
} as const);
