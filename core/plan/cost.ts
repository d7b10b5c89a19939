/**
 * What work is predicted to take, for batch sizes and for `percuss plan`. It decides how work is divided, never what is
 * computed. `percuss bench` measures it on a machine.
 */
export interface CostModel {
  /** Multiply-accumulates a second, one compute process. */
  readonly macsPerSecond: number;
  /** Bytes of activations a second, read and written by operators that do no multiply-accumulates. */
  readonly bytesPerSecond: number;
  /** Seconds that a run of a program takes besides. */
  readonly secondsPerRun: number;
}

/** Of one core of a processor with AVX2. */
export const defaultCost: CostModel = { macsPerSecond: 25e9, bytesPerSecond: 6e9, secondsPerRun: 2e-4 };

/** What an image costs in a part of a network. */
export interface Work {
  readonly macs: number;
  /** See `NodeCost.bytes`. */
  readonly bytes: number;
}

/** Seconds of host work for a row besides its run: gathering what is fed, prediction, loss and KL. */
const secondsPerRow = 1e-5;
/** Rows of a run, about. */
const rowsPerRun = 64;

/** Seconds for `rows` images through a part of a network. */
export function secondsFor(rows: number, { macs, bytes }: Work, model: CostModel = defaultCost): number {
  const perRow = macs / model.macsPerSecond + bytes / model.bytesPerSecond + secondsPerRow;
  return rows * perRow + Math.ceil(rows / rowsPerRun) * model.secondsPerRun;
}

/** Bytes of one cell of so many images: prediction, loss and KL, key, state and effect. */
export function cellBytes(images: number): number {
  return 10 * images + 48;
}
