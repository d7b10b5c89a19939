import type { Ledger } from '../ledger/ledger.js';
import { outlineOf, type ModelOutline, type Reach } from '../plan/outline.js';
import type { Stage } from '../plan/stage.js';
import type { ResolvedData, ResolvedStudy, StudyRef } from '../spec/resolved-study.js';
import type { Catalog } from './catalog.js';

/** A study with every network's outline. */
export interface StudyOutline {
  readonly study: ResolvedStudy;
  readonly models: readonly ModelOutline[];
}

/** Reads a study and imports its networks; scores and reach are what results have decided. */
export async function loadOutlines(
  ledger: Ledger,
  catalog: Catalog,
  ref: StudyRef,
  scores: Stage['scores'],
  reach: Reach = {},
): Promise<StudyOutline> {
  const study = await ledger.getRecord(ref.study);
  const models: ModelOutline[] = [];
  for (const model of study.models) {
    const { anatomy } = await catalog.model(model);
    const data = study.data.find((candidate) => candidate.name === model.data) as ResolvedData;
    models.push(outlineOf(model, { study, mode: ref.mode, anatomy, image: data.shape, scores, reach }));
  }
  return { study, models };
}
