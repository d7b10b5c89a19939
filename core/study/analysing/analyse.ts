import type { SignatureSet } from '../../analysis/signature.js';
import { PercussError } from '../../errors.js';
import type { Ledger } from '../../ledger/ledger.js';
import type { ModelOutline } from '../../plan/outline.js';
import { stageGroups, unitIndices, type KeysThere } from '../../plan/planner.js';
import { keepsOutputsOf, unitKey, unorderedConditions } from '../../plan/outline.js';
import { printGroup, storedAs, type UnitGroup } from '../../plan/stage.js';
import type { StudyRef } from '../../spec/resolved-study.js';
import type { AnalysisSpec } from '../../spec/study-spec.js';
import type { RowSink } from '../../tables/row-sink.js';
import type { CoverageRow } from '../../tables/schema.js';
import type { Catalog } from '../catalog.js';
import { previewTables } from '../previewing/stored-preview.js';
import { NetworkComparisons, standingIn, standNulls } from './network-comparisons.js';
import { CellReader } from '../reading/cell-reader.js';
import { loadModelResults } from '../reading/load-model-results.js';
import { committedIn } from '../reading/committed.js';
import { adoptedScores } from '../planning/decisions.js';
import { adoptedWaves, withWaves } from '../planning/waves.js';
import { failedKeys } from '../running/failures.js';
import { loadOutlines } from '../reading/outlines.js';
import { LogitChanges } from '../reading/logit-changes.js';
import { PairExcess } from '../reading/pair-excess.js';
import type { ModelResults } from '../reading/model-results.js';
import { nullReader } from '../reading/null-reader.js';
import { ablationRows, curveRows, unmeasuredRows } from './rows/ablation.js';
import { Architectures } from './rows/architecture.js';
import { compensationRows } from './rows/compensation.js';
import { excessRows } from './rows/excess.js';
import { kernelResponses, kernelRows } from './rows/kernel.js';
import { learningRows } from './rows/learning.js';
import { layerRows, modelRow } from './rows/model.js';
import { interactionRows } from './rows/interaction.js';
import { pairRows, type ExcessOf } from './rows/pair.js';
import { nullRows } from './rows/null.js';
import { predictedFamilies, predictorRows, type PredictedFamily } from './rows/predictor.js';
import { contrastRows, quadrupleRows } from './rows/quadruple.js';
import { explainedOf, measureRedundancy, signaturesOf, systemicOf, type Redundancy } from './rows/redundancy.js';
import { resolutionRows } from './rows/resolution.js';
import { responseRows } from './rows/response.js';
import { screenRows } from './rows/screen.js';
import { similarityRows } from './rows/similarity.js';
import { stopRows } from './rows/stop.js';

/**
 * Everything that is derived from the stored cells and responses of a study: the rows of all tables, handed to a sink network by
 * network. A pure function of what is stored.
 *
 * @throws PercussError OBJECT_DAMAGED if something planned is neither stored nor recorded as failed: objects are checked
 *   as they are read, so planning may have counted one that is set aside only now. Planning again finds it missing.
 */
export async function analyseStudy(
  ledger: Ledger,
  catalog: Catalog,
  ref: StudyRef,
  sink: RowSink,
  signal?: AbortSignal,
): Promise<void> {
  const scores = await adoptedScores(ledger, ref);
  const { study, models: plain } = await loadOutlines(ledger, catalog, ref, { scores });
  const models = withWaves(plain, study, (await adoptedWaves(ledger, ref, plain)).waves);
  const failed = await failedKeys(ledger, ref);
  let missing = 0;
  const predicted: PredictedFamily[][] = [];
  const measured = new Map<string, Redundancy>();
  const architectures = new Architectures();
  const comparisons = new NetworkComparisons(ledger, models, study.seed);
  for (const outline of models) {
    signal?.throwIfAborted();
    const groups = comparisons.from(outline);
    const first = (await groups.next()).value ?? [];
    const nulls = nullReader(ledger, outline, study.seed);
    const cells = await CellReader.open(ledger, outline, study.seed, 'all', signal);
    let coverage: CoverageRow[];
    try {
      const results = await loadModelResults(ledger, catalog, outline, study.seed, cells);
      if (results) {
        const excess = await PairExcess.read(ledger, outline, study.seed);
        const logits = await LogitChanges.read(ledger, outline, study.seed);
        const signatures = signaturesOf(results);
        const reader = standingIn(nulls, first);
        const redundancy =
          signatures && (await measureRedundancy(results, signatures, reader, study.analysis, study.seed));
        if (redundancy) measured.set(outline.model.name, redundancy);
        predicted.push(
          await analyseModel(sink, results, { signatures, redundancy, excess, logits }, architectures, study),
        );
      } else await sink.append('ablations', unmeasuredRows(outline, study.seed));
      coverage = await coverageRows(ledger, outline, study.seed, failed, cells);
    } finally {
      cells.close();
    }
    const { fdr } = study.analysis;
    for (const comparison of first) await sink.append('between', comparison.rows(fdr));
    for await (const group of groups) {
      signal?.throwIfAborted();
      await standNulls(nulls, group);
      for (const comparison of group) await sink.append('between', comparison.rows(fdr));
    }
    missing += coverage.reduce((sum, row) => sum + row.planned - row.committed - row.failed, 0);
    await sink.append('coverage', coverage);
  }
  // All networks together: what is tested is adjusted for all that is tested.
  await sink.append('predictors', predictorRows(predicted.flat(), study.analysis));
  for (const { model } of models) {
    await sink.append('nulls', nullRows(model.name, measured, study.analysis.nulls.unrelated));
    await sink.append('excess', excessRows(model.name, measured, study.analysis));
  }
  await sink.append('architectures', architectures.rows(study.analysis.confidence));
  await sink.append('architecture_differences', architectures.differences(study.analysis.confidence));
  await previewTables(ledger, ref, sink);
  if (missing === 0) return;
  throw new PercussError(
    'OBJECT_DAMAGED',
    `${missing} planned results could not be read while the study was analysed, and what was damaged was set aside; run the same command again to compute them anew`,
    { details: { missing } },
  );
}

/** Excess of pairs and changes of logits of a network, and what its redundancy rests on and is: undefined where it was given no impulses to compare by. */
interface Compared {
  readonly signatures: SignatureSet | undefined;
  readonly redundancy: Redundancy | undefined;
  readonly excess: PairExcess;
  readonly logits: LogitChanges;
}

/** Hands the rows of one network on, and gives what is judged with those of the others. */
async function analyseModel(
  sink: RowSink,
  results: ModelResults,
  { signatures, redundancy, excess, logits }: Compared,
  architectures: Architectures,
  { analysis, seed }: { readonly analysis: AnalysisSpec; readonly seed: number },
): Promise<PredictedFamily[]> {
  const explained = redundancy && explainedOf(redundancy);
  const systemic = redundancy && systemicOf(redundancy, analysis);
  const kernels = kernelRows(results, explained, kernelResponses(results), analysis.confidence);
  const row = modelRow(results, kernels, explained, systemic, analysis, seed);
  await sink.append('models', [row]);
  await sink.append('layers', layerRows(results, kernels, explained, analysis));
  await sink.append('kernels', kernels);
  let contrast: number | null = null;
  for (const ablation of results.ablations) {
    await sink.append('ablations', ablationRows(results, ablation, analysis.confidence));
    await sink.append('stops', stopRows(results, ablation));
    await sink.append('curves', curveRows(results, ablation, analysis.confidence));
    const kept: ExcessOf = ({ index }) => excess.of(ablation.name, index);
    const excessOf = excess.knows(ablation.name) ? kept : undefined;
    await sink.append('pairs', pairRows(results, ablation, analysis.confidence, excessOf));
    await sink.append('interactions', interactionRows(results, ablation, analysis, excessOf));
    await sink.append('screens', screenRows(results, ablation, analysis, excessOf));
    await sink.append('quadruples', quadrupleRows(results, ablation, seed, analysis.confidence, kept));
    const contrasts = contrastRows(results, ablation, seed, analysis.confidence, kept);
    contrast ??= contrasts.find(({ part }) => part === 'all')?.contrast ?? null;
    await sink.append('contrasts', contrasts);
    const changeOf = (index: number): Float64Array | undefined => logits.of(ablation.name, index);
    await sink.append('compensation', compensationRows(results, ablation, analysis.confidence, changeOf));
  }
  architectures.add({ row, results, systemic, contrast, confidence: analysis.confidence });
  await sink.append('responses', responseRows(results));
  await sink.append('resolutions', resolutionRows(results.outline, redundancy));
  if (redundancy) await sink.append('similarity', similarityRows(results, redundancy, analysis.fdr));
  if (signatures && explained) {
    const rows = learningRows(results.outline.model.name, signatures, explained.intact, analysis, seed);
    await sink.append('learning', rows);
  }
  return predictedFamilies(results, kernels, analysis, seed);
}

/** What was planned of one network, and what of it is there. */
async function coverageRows(
  ledger: Ledger,
  outline: ModelOutline,
  seed: number,
  failed: ReadonlySet<string>,
  cells: CellReader,
): Promise<CoverageRow[]> {
  const rows = new Map<string, CoverageRow>();
  const outputs = new Map<number, KeysThere>();
  const committed = committedIn(ledger);
  const keeps = keepsOutputsOf(outline, { kind: 'baseline', name: '' });
  for (const [index, chunk] of outline.chunks.entries())
    if (keeps) outputs.set(index, await committed.outputs(outline, chunk));
  const results = await committed.results(outline);
  for (const group of stageGroups([outline]).flat()) {
    const name = printGroup(group);
    const row = rows.get(name) ?? {
      model: group.model,
      ablation: name,
      kind: group.kind,
      planned: 0,
      committed: 0,
      failed: 0,
      no_op: 0,
      images: 0,
    };
    rows.set(name, row);
    row.planned += group.count;
    row.images += group.images;
    const kept = keepsOutputsOf(outline, group) ? outputs.get(group.chunk) : undefined;
    const { kind, name: asked, chunk } = group;
    for (const index of unitIndices(group)) {
      const state = isCell(kind) ? cells.state(kind, asked, chunk, index) : undefined;
      if (state === 'no-op') row.no_op++;
      if (state && !kept) row.committed++;
      else {
        const key = unitKey(outline, seed, group, index);
        const isThere = state ? kept?.has(key) : chunk < 0 && results.has(key);
        if (isThere) row.committed++;
        else if (failed.has(key)) row.failed++;
      }
    }
  }
  return [...rows.values(), ...unorderedCoverage(outline, seed)];
}

const isCell = (kind: UnitGroup['kind']): kind is 'baseline' | 'cells' => storedAs[kind] === 'cell';

/** Cells of ablations whose order rests on what failed: asked for, and failed with it. */
function unorderedCoverage(outline: ModelOutline, seed: number): CoverageRow[] {
  const images = outline.chunks.reduce((sum, chunk) => sum + chunk.images, 0);
  return outline.ablations.flatMap(({ spec, list }) => {
    if (list) return [];
    const cells = outline.chunks.length * unorderedConditions(outline, spec, seed).length;
    const counts = { planned: cells, committed: 0, failed: cells, no_op: 0, images };
    return [{ model: outline.model.name, ablation: spec.name, kind: 'cells', ...counts }];
  });
}
