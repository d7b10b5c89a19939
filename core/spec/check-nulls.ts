import { canonicalJson, type Json } from '../canonical.js';
import { speaksFor } from '../training-name.js';
import { wordsOf } from '../word-table.js';
import { givesSignatures } from './compared-impulses.js';
import type { Positions } from './issue.js';
import type { ModelSpec, StudySpec } from './study-spec.js';
import type { Fail, SpecSubjects } from './subjects.js';
import { madeNulls } from './words/nulls.js';

/** What impulses must be for nulls to be of any use, in words. */
const NEEDED = 'add impulses at the input with base: { images: … } and amplitudes of both signs';

/**
 * Nulls that are made answer the impulses by which networks are compared: where there are none they are asked for in vain. That harms nothing,
 * and a study whose impulses are taken out for a while stays right, so it is said and no mistake.
 *
 * @returns A line for each kind that is written, with its place.
 */
export function vainNulls(spec: StudySpec, positions: Positions): readonly string[] {
  if (spec.impulses.some(givesSignatures)) return [];
  return wordsOf(madeNulls).flatMap((kind) => {
    const path = `analysis.nulls.${kind}`;
    if (spec.analysis.nulls[kind] === 0 || !positions.given(path)) return [];
    const { line } = positions.at(path).place;
    return [
      `line ${line}, ${path}: no network is given impulses on images with both signs, so none of these nulls is run; ${NEEDED}, or remove ${kind}`,
    ];
  });
}

/** Unrelated networks stand beside others by the same impulses, so they must take the same input. */
export function checkUnrelated(spec: StudySpec, subjects: SpecSubjects, fail: Fail): void {
  const { unrelated } = spec.analysis.nulls;
  const compared = spec.impulses.filter(givesSignatures);
  const asked = (name: string): boolean => compared.some(({ models }) => models.includes(name));
  const beside = spec.models.filter(({ name }) => asked(name));
  if (unrelated.length > 0 && !beside.some(({ name }) => unrelated.some((one) => one !== name))) {
    const [only] = beside;
    fail(
      'analysis.nulls.unrelated',
      only
        ? `there is no network other than ${only.name} to stand beside it`
        : 'no network is given impulses on images, so none has nulls',
      only ? 'name another network of the study, or remove unrelated' : `${NEEDED}, or remove unrelated`,
    );
    return;
  }
  const networks = beside.map(({ name }) => name);
  for (const model of beside.filter(({ name }) => speaksFor(name, networks))) {
    for (const name of unrelated.filter((one) => one !== model.name && speaksFor(one, unrelated))) {
      const other = spec.models.find((one) => one.name === name);
      const difference =
        other && (asked(name) ? differenceOf(model, other, subjects) : 'it is given no impulses on images');
      if (difference === undefined) continue;
      fail(
        'analysis.nulls.unrelated',
        `${name} cannot stand beside ${model.name}: ${difference}`,
        'an unrelated network takes the same input and the same impulses as every network of the study that has impulses on images',
      );
    }
  }
}

const inputOf = ({ input }: ModelSpec): string => canonicalJson(input as unknown as Json);

/** In what the inputs of two networks differ, in words; undefined where they are the same. */
function differenceOf(model: ModelSpec, other: ModelSpec, { graphs }: SpecSubjects): string | undefined {
  const shape = ({ name }: ModelSpec): string | undefined => graphs.get(name)?.inputs[0]?.shape.slice(1).join(' × ');
  const [own, its] = [shape(model), shape(other)];
  if (own !== undefined && its !== undefined && own !== its) return `it takes ${its}, not ${own}`;
  if (inputOf(model) !== inputOf(other)) return 'its images are preprocessed in another way (input)';
  if (model.reference !== other.reference) return `its reference images are ${other.reference}, not ${model.reference}`;
  return undefined;
}
