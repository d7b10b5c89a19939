import type { RowOf } from './column.js';
import type { columns, TableName } from './columns.js';

/**
 * The tables of a study: what analysis hands to Parquet, to the report and to people. One object a row; `null` where a
 * number does not exist (too few kernels, no null network yet), never NaN. Columns are documented in `docs/tables.md`.
 */
export type Tables = { readonly [T in TableName]: readonly RowOf<(typeof columns)[T]>[] };

export type ModelRow = Tables['models'][number];
export type ArchitectureRow = Tables['architectures'][number];
export type ArchitectureDifferenceRow = Tables['architecture_differences'][number];
export type LayerRow = Tables['layers'][number];
export type KernelRow = Tables['kernels'][number];
export type AblationRow = Tables['ablations'][number];
export type StopRow = Tables['stops'][number];
export type CurveRow = Tables['curves'][number];
export type PairRow = Tables['pairs'][number];
export type InteractionRow = Tables['interactions'][number];
export type ScreenRow = Tables['screens'][number];
export type QuadrupleRow = Tables['quadruples'][number];
export type ContrastRow = Tables['contrasts'][number];
export type CompensationRow = Tables['compensation'][number];
export type ResponseRow = Tables['responses'][number];
export type NullRow = Tables['nulls'][number];
export type ExcessRow = Tables['excess'][number];
export type SimilarityRow = Tables['similarity'][number];
export type BetweenRow = Tables['between'][number];
export type LearningRow = Tables['learning'][number];
export type ResolutionRow = Tables['resolutions'][number];
export type PredictorRow = Tables['predictors'][number];
export type PreviewRow = Tables['preview'][number];
export type PreviewCheckRow = Tables['preview_checks'][number];
export type CoverageRow = Tables['coverage'][number];
/** A row of any of some tables. */
export type TableRow<T extends TableName> = Tables[T][number];
