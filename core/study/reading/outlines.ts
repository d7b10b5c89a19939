import { PercussError } from '../../errors.js';
import type { Ledger } from '../../ledger/ledger.js';
import { limits } from '../../limits.js';
import type { CountedModel } from '../../plan/count.js';
import { nullCount } from '../../plan/network-variant.js';
import { outlineOf, type ModelOutline } from '../../plan/outline.js';
import type { Anatomy } from '../../anatomy/site.js';
import type { Stage } from '../../plan/stage.js';
import type { ChunkRef, ResolvedData, ResolvedModel, ResolvedStudy, StudyRef } from '../../spec/resolved-study.js';
import { excessesOf, studyCounts } from '../preparing/allowance.js';
import type { Catalog } from '../catalog.js';

/** A study with the outlines of its networks, all or those asked for. */
export interface StudyOutline {
  readonly study: ResolvedStudy;
  readonly models: readonly ModelOutline[];
}

/**
 * Reads a study and imports its networks, all or those of these names; scores and extents are what results have decided. A study that comes from
 * elsewhere was never held against our limits: what it asks of these networks is counted before anything is enumerated.
 * @throws PercussError LIMIT_EXCEEDED; NOT_FOUND; OBJECT_DAMAGED.
 */
export async function loadOutlines(
  ledger: Ledger,
  catalog: Catalog,
  ref: StudyRef,
  { scores, extents = {} }: Pick<Stage, 'scores' | 'extents'>,
  names?: readonly string[],
): Promise<StudyOutline> {
  const study = await ledger.getRecord(ref.study);
  const asked = study.models.filter(({ name }) => names?.includes(name) ?? true);
  const dataOf = (model: ResolvedModel): ResolvedData =>
    study.data.find((candidate) => candidate.name === model.data) as ResolvedData;
  const counted: CountedModel[] = [];
  for (const model of asked) counted.push(countedOf(model, dataOf(model), (await catalog.model(model)).anatomy));
  checkCounts(study, counted);
  const models: ModelOutline[] = [];
  for (const model of asked) {
    const { anatomy } = await catalog.model(model);
    const data = dataOf(model);
    models.push(outlineOf(model, { study, mode: ref.mode, anatomy, image: data.shape, scores, extents }));
  }
  return { study, models };
}

const imagesIn = (chunks: readonly ChunkRef[]): number => chunks.reduce((sum, { images }) => sum + images, 0);

function countedOf(
  { name }: ResolvedModel,
  { shape, chunks, waves = [] }: ResolvedData,
  anatomy: Anatomy,
): CountedModel {
  const pieces = waves.reduce((sum, wave) => sum + wave.length, 0);
  const images = Math.max(imagesIn(chunks), imagesIn(waves.flat()));
  return { name, anatomy, image: shape, images, chunks: chunks.length, pieces };
}

function checkCounts(study: ResolvedStudy, models: readonly CountedModel[]): void {
  const excesses = excessesOf(studyCounts(study, models)).map(({ message, origin }) => `${message} (${origin})`);
  const most = limits.images.value;
  for (const { name, images } of models)
    if (images > most)
      excesses.push(`${images} images are asked of ${name}, above the limit of ${most} (docs/limits.md)`);
  const nulls = nullCount(study.analysis.nulls);
  if (study.impulses.length > 0 && nulls > limits.studyUnits.value)
    excesses.push(`${nulls} nulls are asked for, above the limit of ${limits.studyUnits.value} (docs/limits.md)`);
  if (excesses.length === 0) return;
  throw new PercussError(
    'LIMIT_EXCEEDED',
    `study ${study.study} of this store asks for more than percuss takes: ${excesses.slice(0, 5).join('; ')}. Run a spec that asks for less`,
  );
}
