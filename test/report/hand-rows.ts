import type {
  AblationRow,
  BetweenRow,
  CompensationRow,
  ContrastRow,
  CoverageRow,
  CurveRow,
  ExcessRow,
  InteractionRow,
  KernelRow,
  LayerRow,
  ModelRow,
  PairRow,
  PredictorRow,
  SimilarityRow,
  StopRow,
} from '../../core/tables/schema.js';
import { syntheticInput } from './fixture.js';

const { tables } = syntheticInput();
const first = <R>(rows: readonly R[]): R => rows[0] as R;

/** Rows made by hand: what a test does not name is that of some row of a study that looks real. */
export const modelRow = (own: Partial<ModelRow>): ModelRow => ({ ...first(tables.models), ...own });
export const layerRow = (own: Partial<LayerRow>): LayerRow => ({ ...first(tables.layers), ...own });
export const kernelRow = (own: Partial<KernelRow>): KernelRow => ({ ...first(tables.kernels), ...own });
export const ablationRow = (own: Partial<AblationRow>): AblationRow => ({ ...first(tables.ablations), ...own });
export const curveRow = (own: Partial<CurveRow>): CurveRow => ({
  ...first(tables.curves),
  spread: 'all-depths',
  ...own,
});
export const stopRow = (own: Partial<StopRow>): StopRow => ({ ...first(tables.stops), ...own });
export const pairRow = (own: Partial<PairRow>): PairRow => ({ ...first(tables.pairs), ...own });
export const interactionRow = (own: Partial<InteractionRow>): InteractionRow => ({
  ...first(tables.interactions),
  ...own,
});
export const contrastRow = (own: Partial<ContrastRow>): ContrastRow => ({ ...first(tables.contrasts), ...own });
export const betweenRow = (own: Partial<BetweenRow>): BetweenRow => ({ ...first(tables.between), ...own });
export const excessRow = (own: Partial<ExcessRow>): ExcessRow => ({ ...first(tables.excess), ...own });
export const compensationRow = (own: Partial<CompensationRow>): CompensationRow => ({
  ...first(tables.compensation),
  ...own,
});
export const similarityRow = (own: Partial<SimilarityRow>): SimilarityRow => ({ ...first(tables.similarity), ...own });
export const predictorRow = (own: Partial<PredictorRow>): PredictorRow => ({ ...first(tables.predictors), ...own });
export const coverageRow = (own: Partial<CoverageRow>): CoverageRow => ({
  model: 'resnet20',
  ablation: 'each-kernel',
  kind: 'cells',
  planned: 10,
  committed: 10,
  failed: 0,
  no_op: 0,
  images: 500,
  ...own,
});
