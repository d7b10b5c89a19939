/**
 * What work is predicted to take, for batch sizes and for `percuss plan`. Multiply-accumulates over a rate; the rate is
 * that of small convolutions on one core. It decides how work is divided, never what is computed.
 */
export interface CostModel {
  /** Multiply-accumulates a second, one compute process. */
  readonly macsPerSecond: number;
  /** Seconds that a run of a lesion program takes besides its arithmetic, by image. */
  readonly secondsPerRow: number;
}

export const defaultCost: CostModel = { macsPerSecond: 25e9, secondsPerRow: 4e-6 };

/** Seconds for `rows` images through a part of a network of `macs` multiply-accumulates an image. */
export function secondsFor(rows: number, macs: number, model: CostModel = defaultCost): number {
  return rows * (macs / model.macsPerSecond + model.secondsPerRow);
}

/** Bytes of one cell of so many images: prediction, loss and KL, key, state and effect. */
export function cellBytes(images: number): number {
  return 10 * images + 48;
}
