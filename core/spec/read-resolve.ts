import { fieldsOf, type Fields } from './cursor.js';
import { givesSignatures } from './compared-impulses.js';
import { defaults } from './defaults.js';
import type { ImpulseSpec, ResolveSpec } from './study-spec.js';
import { count, number } from './value.js';
import { keys } from './vocabulary.js';

const width = number('a number above 0', (value) => value > 0);

/** Base images that a first wave has at least: one for each fold of a bracket of R². */
export const fewestResolved = 4;

/** Positions on a base of the first wave; undefined where none can be added, since they are not seeded. */
function firstPositions({ positions }: ImpulseSpec): number | undefined {
  if (positions === 'phases') return 1;
  return typeof positions === 'object' && 'phases' in positions ? positions.phases : undefined;
}

/** The key `resolve` of a set of impulses, of which everything else is read; as far as it can be judged without a network. */
export function readResolve(fields: Fields, impulse: ImpulseSpec): ResolveSpec | undefined {
  const given = fields.get('resolve');
  const resolve = given && fieldsOf(given, keys.resolve);
  if (!resolve) return undefined;
  if (!resolve.has('r2') && !resolve.has('sr'))
    return given.fail('resolve says of nothing how narrow its bracket is to be', 'write r2: 0.1, or sr: 0.05, or both');
  const { bases } = impulse;
  if ('images' in bases && bases.images < fewestResolved && !bases.orFewer) {
    const few = `${bases.images} base images are too few for a first wave: a bracket takes ${fewestResolved}`;
    (fields.get('base')?.child('images') ?? given).fail(few, `write base: { images: ${fewestResolved} } or more`);
    return undefined;
  }
  if (!givesSignatures(impulse) || !('images' in bases))
    return given.fail(
      'resolve adds base images until brackets are narrow, and these impulses give none: brackets are of responses at the input, on reference images, to amplitudes of both signs',
      'write base: { images: 64 } and amplitudes of both signs, or remove resolve',
    );
  const wish = {
    ...(resolve.has('r2') ? { r2: resolve.required('r2', width, 1) } : {}),
    ...(resolve.has('sr') ? { sr: resolve.required('sr', width, 1) } : {}),
  };
  return { ...wish, budget: readBudget(resolve, bases.images, firstPositions(impulse)) };
}

/** @param images of the first wave, and `positions` on each. */
function readBudget(resolve: Fields, images: number, positions: number | undefined): ResolveSpec['budget'] {
  const usual = { images: defaults.resolveWaves * images, orFewer: true } as const;
  const given = resolve.get('budget');
  const budget = given && fieldsOf(given, keys.resolveBudget);
  if (!budget) return { ...usual, positions: positions ?? 1 };
  const most = {
    images: budget.optional('images', count(1), usual.images),
    positions: budget.optional('positions', count(1), positions ?? 1),
  };
  if (budget.has('images') && most.images < images)
    budget
      .get('images')
      ?.fail(
        `a budget of ${most.images} base images ends before the first wave, which has the ${images} of base`,
        `write base: { images: ${most.images} } or fewer, or a larger budget`,
      );
  if (budget.has('positions') && positions === undefined)
    budget
      .get('positions')
      ?.fail('positions are added where they are seeded, and here they are written', 'write positions: phases');
  else if (most.positions < (positions ?? 1))
    budget
      .get('positions')
      ?.fail(
        `a budget of ${most.positions} positions on each base ends before the first wave, which has ${positions}`,
        `write positions: { phases: ${most.positions} } or fewer, or a larger budget`,
      );
  return { ...most, ...(budget.has('images') ? {} : { orFewer: true }) };
}
