import { knownMean } from '../../analysis/damage.js';
import type { Engine } from '../../engine/engine.js';
import type { Ledger } from '../../ledger/ledger.js';
import type { ModelOutline } from '../../plan/outline.js';
import { silent, type Progress } from '../../progress.js';
import type { StudyRef } from '../../spec/resolved-study.js';
import { readTable } from '../../tables/read-table.js';
import type { PreviewCheckRow, PreviewRow } from '../../tables/schema.js';
import { TableWriter } from '../../tables/table-writer.js';
import type { NumericMode } from '../../numeric-mode.js';
import { describeCondition } from '../analysing/rows/ablation.js';
import type { Catalog } from '../catalog.js';
import { adoptedScores } from '../planning/decisions.js';
import { checkBaselines } from '../planning/check-baselines.js';
import { publishStage } from '../planning/plan-stage.js';
import { loadOutlines } from '../reading/outlines.js';
import { StoredMoments } from '../running/stored-moments.js';
import { TappedNetworks } from '../running/tapped-networks.js';
import type { StagePlan } from '../steps.js';
import { percussVersion } from '../version.js';
import { checkGroups, checkRow } from './check-lesions.js';
import { predictableOf, Predictions, type PredictedAblation } from './predictions.js';
import { keepPreview, previewOf, type PreviewRecord } from './stored-preview.js';

export interface PreviewContext {
  readonly ledger: Ledger;
  readonly catalog: Catalog;
  readonly engine: (mode: NumericMode) => Promise<Engine>;
  /** Runs a stage of ordinary cells. */
  readonly run: (plan: StagePlan) => Promise<void>;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

/** A preview that was made, or had been made before. */
export interface Preview {
  readonly checks: readonly PreviewCheckRow[];
  readonly record: PreviewRecord;
  /** Ablations that are not predicted, and why, by network. */
  readonly leftOut: readonly string[];
  /** Time that linearising took, and on how many images, by network; none where the preview had been made before. */
  readonly seconds: ReadonlyMap<string, number>;
}

/**
 * Predicts every condition of a study from gradients, runs a few of them exactly, and keeps both as tables of the study: once, as long as
 * what it rests on stays; a second time it is read. The intact networks must have run.
 *
 * @throws PercussError EXPECTATION_MISSED as a run does, before anything is ablated.
 */
export async function previewStudy(context: PreviewContext, ref: StudyRef): Promise<Preview> {
  const { ledger, catalog } = context;
  const scores = await adoptedScores(ledger, ref);
  const { study, models } = await loadOutlines(ledger, catalog, ref, { scores });
  await checkBaselines(ledger, catalog, models, study.seed);
  const predictable = models.map((outline) => ({ outline, ...predictableOf(outline) }));
  const leftOut = predictable.flatMap(({ outline: { model }, leftOut: own }) =>
    own.map((reason) => `${model.name}, ${reason}`),
  );
  const known = await previewOf(ledger, ref, scores);
  if (known) {
    const checks = await readTable('preview_checks', await ledger.getBlob(known.preview_checks));
    return { record: known, checks, leftOut, seconds: new Map() };
  }
  const groups = predictable.flatMap(({ outline, ablations }) => checkGroups(outline, ablations, study.seed));
  const stage = { index: 1, groups, scores };
  const plan = await publishStage(ledger, ref, { stage, tally: { total: 0, stored: 0, failed: 0 }, models });
  if (plan.ref && plan.units > 0) await context.run(plan);
  const tapped = new TappedNetworks(catalog, context.engine);
  const seconds = new Map<string, number>();
  try {
    const written = await TableWriter.during(async (writer) => {
      for (const { outline, ablations } of predictable) {
        if (ablations.length === 0) continue;
        const started = performance.now();
        const predictions = await predicted(context, tapped, outline, ablations, study.seed);
        seconds.set(outline.model.name, (performance.now() - started) / 1000);
        const { confidence } = study.analysis;
        await writer.append('preview', previewRows(outline, ablations, predictions, confidence));
        const check = { seed: study.seed, confidence };
        await writer.append('preview_checks', [await checkRow(ledger, outline, ablations, predictions, check)]);
      }
      return { preview: await writer.finish('preview'), preview_checks: await writer.finish('preview_checks') };
    });
    const record = await keepPreview(ledger, ref, scores, {
      preview: await ledger.putBlob(written.preview.bytes),
      preview_checks: await ledger.putBlob(written.preview_checks.bytes),
    });
    const checks = await readTable('preview_checks', await ledger.getBlob(record.preview_checks));
    return { record, checks, leftOut, seconds };
  } finally {
    await tapped.close();
  }
}

async function predicted(
  { ledger, catalog, progress = silent, signal }: PreviewContext,
  tapped: TappedNetworks,
  outline: ModelOutline,
  ablations: readonly PredictedAblation[],
  seed: number,
): Promise<Predictions> {
  const network = await tapped.open(outline, 'intact', seed);
  const provenance = { ...network.network.engine.provenance, percuss: percussVersion };
  const moments = new StoredMoments(ledger, tapped).asked(outline, Promise.resolve(provenance));
  const total = outline.chunks.reduce((sum, chunk) => sum + chunk.images, 0);
  const label = outline.model.name;
  return Predictions.make(outline, ablations, network, catalog, moments, {
    seed,
    ...(signal ? { signal } : {}),
    onImages: (done) => progress({ phase: 'run', label, done, total, unit: 'images' }),
  });
}

function* previewRows(
  outline: ModelOutline,
  ablations: readonly PredictedAblation[],
  predictions: Predictions,
  confidence: number,
): Generator<PreviewRow> {
  for (const { spec, list, length, indexAt } of ablations) {
    for (let i = 0; i < length; i++) {
      const index = indexAt(i);
      const labelled = list.at(index);
      const { frozen: _frozen, ...described } = describeCondition(labelled, true);
      const kl = knownMean(predictions.kl(labelled.condition), confidence, 0);
      yield {
        model: outline.model.name,
        ablation: spec.name,
        mode: spec.mode,
        unit: spec.unit,
        index,
        ...described,
        images: predictions.images,
        predicted_kl: kl?.estimate ?? null,
        predicted_kl_low: kl?.low ?? null,
        predicted_kl_high: kl?.high ?? null,
      };
    }
  }
}
