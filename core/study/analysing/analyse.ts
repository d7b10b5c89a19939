import { PercussError } from '../../errors.js';
import type { Ledger } from '../../ledger/ledger.js';
import type { ModelOutline } from '../../plan/outline.js';
import { stageGroups, unitIndices } from '../../plan/planner.js';
import { unitKey, unorderedConditions } from '../../plan/outline.js';
import { SEMANTICS } from '../../plan/identity.js';
import type { StudyRef } from '../../spec/resolved-study.js';
import { admittedTables } from '../../tables/gate.js';
import type { CoverageRow, Tables } from '../../tables/schema.js';
import type { Catalog } from '../catalog.js';
import { loadModelResults } from '../reading/load-model-results.js';
import { adoptedScores } from '../planning/decisions.js';
import { adoptedWaves, withReach } from '../planning/waves.js';
import { failedKeys } from '../running/failures.js';
import { loadOutlines } from '../reading/outlines.js';
import type { ModelResults } from '../reading/model-results.js';
import { ablationRows, curveRows, unmeasuredRows } from './rows/ablation.js';
import { kernelResponses, kernelRows } from './rows/kernel.js';
import { layerRows, modelRow } from './rows/model.js';
import { interactionRows, pairRows } from './rows/pair.js';
import { predictorRows } from './rows/predictor.js';
import { explainedOf, signaturesOf, similarityRows, systemicOf } from './rows/redundancy.js';
import { responseRows } from './rows/response.js';
import { stopRows } from './rows/stop.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer Row)[] ? Row[] : never };

/**
 * Everything that is derived from the stored cells and responses of a study. A pure function of what is stored.
 *
 * @throws PercussError OBJECT_DAMAGED if something planned is neither stored nor recorded as failed: objects are checked
 *   as they are read, so planning may have counted one that is set aside only now. Planning again finds it missing.
 */
export async function analyseStudy(
  ledger: Ledger,
  catalog: Catalog,
  ref: StudyRef,
  signal?: AbortSignal,
): Promise<Tables> {
  const scores = await adoptedScores(ledger, ref);
  const { study, models: plain } = await loadOutlines(ledger, catalog, ref, scores);
  const models = withReach(plain, (await adoptedWaves(ledger, ref, plain)).reach);
  const tables: Mutable<Tables> = {
    models: [],
    layers: [],
    kernels: [],
    ablations: [],
    stops: [],
    curves: [],
    pairs: [],
    interactions: [],
    responses: [],
    similarity: [],
    predictors: [],
    coverage: [],
  };
  const failed = await failedKeys(ledger, ref);
  for (const outline of models) {
    signal?.throwIfAborted();
    const results = await loadModelResults(ledger, catalog, outline, study.seed);
    if (results) addModel(tables, results, study);
    else append(tables.ablations, unmeasuredRows(outline, study.seed));
    append(tables.coverage, await coverageRows(ledger, outline, study.seed, failed));
  }
  const missing = tables.coverage.reduce((sum, row) => sum + row.planned - row.committed - row.failed, 0);
  if (missing > 0) {
    throw new PercussError(
      'OBJECT_DAMAGED',
      `${missing} planned results could not be read while the study was analysed, and what was damaged was set aside; run the same command again to compute them anew`,
      { details: { missing } },
    );
  }
  return admittedTables(tables);
}

function addModel(
  tables: Mutable<Tables>,
  results: ModelResults,
  study: { readonly analysis: Parameters<typeof modelRow>[4]; readonly seed: number },
): void {
  const { analysis, seed } = study;
  const signatures = signaturesOf(results);
  const explained = signatures && explainedOf(signatures, analysis, seed);
  const systemic = signatures && systemicOf(signatures, analysis, seed);
  const kernels = kernelRows(results, explained, kernelResponses(results), analysis.confidence);
  tables.models.push(modelRow(results, kernels, explained, systemic, analysis, seed));
  append(tables.layers, layerRows(results, kernels, explained, analysis));
  append(tables.kernels, kernels);
  for (const ablation of results.ablations) {
    append(tables.ablations, ablationRows(results, ablation, analysis.confidence));
    append(tables.stops, stopRows(results, ablation));
    append(tables.curves, curveRows(results, ablation, analysis.confidence));
    append(tables.pairs, pairRows(results, ablation, analysis.confidence));
    append(tables.interactions, interactionRows(results, ablation, analysis, seed));
  }
  append(tables.responses, responseRows(results));
  if (signatures) append(tables.similarity, similarityRows(results, signatures, seed));
  append(tables.predictors, predictorRows(results, kernels, analysis, seed));
}

/** Row by row: a call takes a hundred thousand arguments at most. */
function append<T>(table: T[], rows: readonly T[]): void {
  for (const row of rows) table.push(row);
}

/** What was planned of one network, and what of it is there. */
async function coverageRows(
  ledger: Ledger,
  outline: ModelOutline,
  seed: number,
  failed: ReadonlySet<string>,
): Promise<CoverageRow[]> {
  const rows = new Map<string, CoverageRow>();
  const cells = new Map<number, ReadonlyMap<string, { readonly state: string }>>();
  for (const [index, chunk] of [...outline.chunks, ...outline.pieces].entries()) {
    const { digest, images } = chunk;
    cells.set(index, await ledger.readCells({ ...outline.scope, chunk: digest, images, semantics: SEMANTICS }));
  }
  const results = await ledger.committedResults({ ...outline.scope, semantics: SEMANTICS });
  for (const group of stageGroups([outline]).flat()) {
    const name = group.name || group.kind;
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
    for (const index of unitIndices(group)) {
      const key = unitKey(outline, seed, group, index);
      const cell = cells.get(group.chunk)?.get(key);
      if (cell || (group.chunk < 0 && results.has(key))) row.committed++;
      else if (failed.has(key)) row.failed++;
      if (cell?.state === 'no-op') row.no_op++;
    }
  }
  return [...rows.values(), ...unorderedCoverage(outline, seed)];
}

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
