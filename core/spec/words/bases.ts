import { wordTable, type Word } from '../../word-table.js';

export interface BaseRow extends Word {
  /** Whether it is made of the reference images, whose content is then part of what identifies a response. */
  readonly reference: boolean;
}

/** Flat images on which impulses ride. How each is made: `core/probe/base-image.ts`. */
export const bases = wordTable<BaseRow>()({
  'normalised-zero': { meaning: 'zeros after preprocessing', reference: false },
  black: { meaning: 'black pixels', reference: false },
  'mean-image': { meaning: 'the mean reference image', reference: true },
});

export type BaseName = keyof typeof bases;
