import type { Digest } from '../../digest.js';
import { wordTable, type Word } from '../../word-table.js';
import type { Mode } from './modes.js';
import type { Unit } from './units.js';

/**
 * What takes the place of removed channels, as it stands in a condition and its key. Means, donors and coefficients come from a
 * fixed set of reference images run through the intact network; the set's content stands here, not the floats computed from it.
 * How each kind is computed: `core/probe/fill.ts`.
 */
export type Fill =
  | { readonly kind: 'zero' }
  | { readonly kind: 'mean'; readonly per: 'channel' | 'position'; readonly reference: Digest }
  | { readonly kind: 'resample'; readonly draw: number; readonly reference: Digest }
  | SubstituteFill
  | OptimalFill
  | IntactFill
  | ConstantFill;

/** Not a word of the spec: what the channels are in the intact network on the same image, whatever was removed before them. */
export interface IntactFill {
  readonly kind: 'intact';
}

/** What other kernels say about the removed ones: ridge regression, fitted on the reference images. */
export interface SubstituteFill {
  readonly kind: 'substitute';
  /** Which kernels tell of a removed one: those that stay at its site, or those of sites before it. */
  readonly from: 'same' | 'earlier';
  /** How many of these are asked at most, by a seeded draw. */
  readonly pool: number;
  /** Places of a map that are compared at most, evenly spread. */
  readonly positions: number;
  /** Parts of the reference images, each predicted from a fit to the others, by which each kernel's penalty is chosen. */
  readonly folds: number;
  /** What is tried, relative to the variance of one kernel, besides no prediction at all. */
  readonly penalties: readonly number[];
  readonly reference: Digest;
}

/** The constant that does the least damage to the reference images in the place of the one channel that is removed. */
export interface OptimalFill {
  readonly kind: 'optimal';
  /** How often the reference images are evaluated for a channel, at most. */
  readonly evaluations: number;
  readonly reference: Digest;
}

/** Not a word of the spec: one number, as a search for the best one tries it. */
export interface ConstantFill {
  readonly kind: 'constant';
  readonly value: number;
}

export interface FillRow extends Word {
  /** Whether its values come from the reference images. */
  readonly reference: boolean;
  /** Whether a draw decides its values, so that the key `draws` says how many conditions it makes. */
  readonly drawn: boolean;
  readonly of: (reference: Digest, draw: number) => Fill;
  /** Where it is fitted to other kernels: which. */
  readonly from?: SubstituteFill['from'];
  /** Which removals it has a meaning for, where not for all. */
  readonly only?: { readonly units: readonly Unit[]; readonly modes?: readonly Mode[]; readonly because: string };
}

/** Folds by which a penalty is chosen. A set of reference images must have as many. */
export const SUBSTITUTE_FOLDS = 4;

const fit = {
  folds: SUBSTITUTE_FOLDS,
  // The least leaves of an exact copy less than 1e-7 of its deviation; below it double precision has nothing more to say.
  penalties: [1, 0.1, 0.01, 1e-3, 1e-4, 1e-5, 1e-6, 1e-8],
};

/** What a spec may put in the place of removed channels. */
export const fills = wordTable<FillRow>()({
  zero: {
    meaning: '0',
    reference: false,
    drawn: false,
    of: () => ({ kind: 'zero' }),
  },
  mean: {
    meaning: 'the channel’s mean over the reference images and all positions',
    reference: true,
    drawn: false,
    of: (reference) => ({ kind: 'mean', per: 'channel', reference }),
  },
  'mean-position': {
    meaning: 'the channel’s mean over the reference images at each position',
    reference: true,
    drawn: false,
    of: (reference) => ({ kind: 'mean', per: 'position', reference }),
  },
  optimal: {
    meaning:
      'the constant that does the least damage to the reference images in the kernel’s place, found by evaluating them eight times for each kernel; one kernel at a time',
    reference: true,
    drawn: false,
    only: { units: ['kernel'], modes: ['each'], because: 'it is looked for with the kernel removed alone' },
    of: (reference) => ({ kind: 'optimal', evaluations: 8, reference }),
  },
  resample: {
    meaning: 'the same channel’s activations on seeded other images of the reference set, `draws` times',
    reference: true,
    drawn: true,
    of: (reference, draw) => ({ kind: 'resample', draw, reference }),
  },
  substitute: {
    meaning:
      'what the kernels that stay at the site say about it, image by image and place by place: a ridge regression that is fitted on the reference images',
    reference: true,
    drawn: false,
    from: 'same',
    only: { units: ['kernel', 'stream'], because: 'it tells a kernel from those that stay at its site' },
    of: (reference) => ({ kind: 'substitute', from: 'same', pool: 512, positions: 1024, ...fit, reference }),
  },
  'substitute-earlier': {
    meaning:
      'the same of kernels of sites before it, whose maps are as large or larger; one kernel, layer or block at a time',
    reference: true,
    drawn: false,
    from: 'earlier',
    only: {
      units: ['kernel', 'layer', 'block'],
      modes: ['each'],
      because: 'it reads sites before the removed one as they are in the intact network',
    },
    of: (reference) => ({ kind: 'substitute', from: 'earlier', pool: 256, positions: 256, ...fit, reference }),
  },
});

export type FillName = keyof typeof fills;
