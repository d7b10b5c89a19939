import { signatureSet, type SignatureSet, type SiteParts } from '../../core/analysis/signature.js';
import { randomStream, type RandomStream } from '../../core/random.js';

/** One kernel's responses, base after base, [bases × points]. */
export type Row = Float32Array;

export const bases = 8;
export const points = 40;

export const stream = (...purpose: string[]): RandomStream => randomStream(11, 'planted', ...purpose);

export const noiseRow = (random: RandomStream): Row =>
  Float32Array.from({ length: bases * points }, () => random.normal());

export const noiseRows = (random: RandomStream, count: number): Row[] =>
  Array.from({ length: count }, () => noiseRow(random));

/** Σ weight · row. */
export const mixture = (rows: readonly Row[], weights: readonly number[]): Row =>
  Float32Array.from(rows[0]!, (_, f) => rows.reduce((total, row, i) => total + weights[i]! * row[f]!, 0));

/** A signature set with planted rows: sites in order of depth. */
export function planted(sites: readonly (readonly Row[])[]): SignatureSet {
  return signatureSet(
    sites.map((rows, depth): SiteParts => ({
      site: `site${depth}`,
      depth,
      kernels: rows.length,
      parts: Array.from({ length: bases }, (_, base) => [
        Float32Array.from(rows.flatMap((row) => [...row.subarray(base * points, (base + 1) * points)])),
      ]),
    })),
  );
}
