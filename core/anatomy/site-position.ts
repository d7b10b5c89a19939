import type { Role } from '../network/operators/operator.js';
import { wordTable, type Word } from '../word-table.js';

export interface SitePositionRow extends Word {
  /** What belongs to a convolution up to there. A bias written as a node of its own is part of the convolution. */
  readonly passable: ReadonlySet<Role>;
  /** What is looked for; where the way ends without it, that is told. Undefined: nothing. */
  readonly wanted: 'normalisation' | 'activation' | undefined;
}

/** Where behind a convolution its kernels are cut. */
export const sitePositions = wordTable<SitePositionRow>()({
  conv: { meaning: 'at the convolution itself', passable: new Set<Role>(['bias']), wanted: undefined },
  norm: {
    meaning: 'behind its normalisation',
    passable: new Set<Role>(['bias', 'scale', 'normalisation', 'identity']),
    wanted: 'normalisation',
  },
  activation: {
    meaning: 'behind its normalisation and activation',
    passable: new Set<Role>(['bias', 'scale', 'normalisation', 'identity', 'activation']),
    wanted: 'activation',
  },
});

export type SitePosition = keyof typeof sitePositions;
