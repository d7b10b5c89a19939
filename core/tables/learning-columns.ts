import { count, model, number, r2Resolved, r2Upper, site, text, type Columns } from './column.js';

/** Where the kernels that predict one come from. */
export const poolNames = ['same', 'far'] as const;
export type PoolName = (typeof poolNames)[number];

/** The table `learning`. */
export const learningColumns = {
  model,
  site,
  pool: text('Where the kernels that predict one come from: same, its own site; far, sites far away.'),
  pool_size: count('kernels', 'Kernels that predict one: the same at each number of base images.'),
  bases: count('images', 'Number of base images: powers of two from 4, and all.'),
  kernels: count('kernels', 'Kernels of the site that the means are over.'),
  r2_low: number(
    'R²',
    'Mean over kernels of how well the pool predicts their signatures, on bases that it was not fitted to: the lower end.',
  ),
  r2_high: { ...r2Upper, nullable: false },
  r2_resolved: { ...r2Resolved, nullable: false },
} as const satisfies Columns;
