import type { Digest } from '../../digest.js';
import { wordTable, type Word } from '../../word-table.js';

/**
 * What takes the place of removed channels, as it stands in a condition and its key. Means and donors come from a fixed set
 * of reference images run through the intact network; the set's content stands here, not the floats computed from it. How
 * each kind is computed: `core/probe/fill.ts`.
 */
export type Fill =
  | { readonly kind: 'zero' }
  | { readonly kind: 'mean'; readonly per: 'channel' | 'position'; readonly reference: Digest }
  | { readonly kind: 'resample'; readonly draw: number; readonly reference: Digest }
  | IntactFill;

/** Not a word of the spec: what the channels are in the intact network on the same image, whatever was removed before them. */
export interface IntactFill {
  readonly kind: 'intact';
}

export interface FillRow extends Word {
  /** Whether its values come from the reference images. */
  readonly reference: boolean;
  /** Whether a draw decides its values, so that the key `draws` says how many conditions it makes. */
  readonly drawn: boolean;
  readonly of: (reference: Digest, draw: number) => Fill;
}

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
  resample: {
    meaning: 'the same channel’s activations on seeded other images of the reference set, `draws` times',
    reference: true,
    drawn: true,
    of: (reference, draw) => ({ kind: 'resample', draw, reference }),
  },
});

export type FillName = keyof typeof fills;
