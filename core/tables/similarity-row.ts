import type { ExcessColumn, LeadingName, SimilarityName } from '../analysis/similarity.js';

/** Two sites that are compared. */
export interface SitePair {
  model: string;
  site_a: string;
  site_b: string;
  depth_a: number;
  depth_b: number;
  type_a: string;
  type_b: string;
  kernels: number;
}

/** An ordered pair of sites with every measure of `core/analysis/similarity.ts`: value, that of the null, and their difference. */
export type SimilarityRow = SitePair & { [M in SimilarityName]: M extends LeadingName ? number : number | null } & {
  [M in SimilarityName as `${M}_null`]: number | null;
} & { [C in ExcessColumn]: number | null };
