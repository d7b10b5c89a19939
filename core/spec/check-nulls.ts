import { canonicalJson, type Json } from '../canonical.js';
import type { ImpulseSpec, ModelSpec, StudySpec } from './study-spec.js';
import type { Fail, SpecSubjects } from './subjects.js';

/** Whether impulses may give signatures to compare by. */
const onImages = ({ at, bases }: ImpulseSpec): boolean => at === 'input' && 'images' in bases;

/** Unrelated networks stand beside others by the same impulses, so they must take the same input. */
export function checkUnrelated(spec: StudySpec, subjects: SpecSubjects, fail: Fail): void {
  const { unrelated } = spec.analysis.nulls;
  const compared = spec.impulses.filter(onImages);
  const asked = (name: string): boolean => compared.some(({ models }) => models.includes(name));
  const beside = spec.models.filter(({ name }) => asked(name));
  if (unrelated.length > 0 && !beside.some(({ name }) => unrelated.some((one) => one !== name))) {
    const [only] = beside;
    fail(
      'analysis.nulls.unrelated',
      only
        ? `there is no network other than ${only.name} to stand beside it`
        : 'no network is given impulses on images, so none has nulls',
      only
        ? 'name another network of the study, or remove unrelated'
        : 'add impulses with base: { images: … }, or remove unrelated',
    );
    return;
  }
  for (const model of beside) {
    for (const name of unrelated.filter((one) => one !== model.name)) {
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
