/** Where the kernels that predict one come from. */
export const poolNames = ['same', 'far'] as const;
export type PoolName = (typeof poolNames)[number];

/** R² of the kernels of one site from one kind of pool, by so many base images. */
export interface LearningRow {
  model: string;
  site: string;
  pool: PoolName;
  /** Kernels that predict one. */
  pool_size: number;
  bases: number;
  /** Kernels of the site that the means are over. */
  kernels: number;
  r2_low: number;
  r2_high: number;
  r2_resolved: boolean;
}
