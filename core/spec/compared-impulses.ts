import { smallest } from '../extremes.js';
import type { ImpulseSpec } from './study-spec.js';

/** The pair ±a of smallest magnitude, which signatures are of; undefined where no amplitude stands with both signs. */
export function smallestPair(values: readonly number[]): readonly [number, number] | undefined {
  const paired = values.filter((value) => value > 0 && values.includes(-value));
  return paired.length === 0 ? undefined : [smallest(paired), -smallest(paired)];
}

/** Whether impulses give signatures: at the input, with both signs, on two images at least. */
export function givesSignatures({ at, bases, amplitudes }: ImpulseSpec): boolean {
  return at === 'input' && 'images' in bases && bases.images > 1 && smallestPair(amplitudes.values) !== undefined;
}

/** How many reference images impulses must have, and the key that says so: none where they make do with what there is. */
export function askedImages({
  bases,
  resolve,
}: ImpulseSpec): readonly { readonly key: string; readonly images: number }[] {
  if (!('images' in bases)) return [];
  const budget = resolve && !resolve.budget.orFewer && (bases.orFewer || resolve.budget.images > bases.images);
  return [
    ...(bases.orFewer ? [] : [{ key: 'base.images', images: bases.images }]),
    ...(budget ? [{ key: 'resolve.budget.images', images: resolve.budget.images }] : []),
  ];
}

/** The impulses that a network and its nulls are compared by: the first that give signatures. */
export const comparedImpulses = (specs: readonly ImpulseSpec[]): ImpulseSpec | undefined => specs.find(givesSignatures);
