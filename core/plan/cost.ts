/**
 * What work is predicted to take, for batch sizes and for `percuss plan`. It decides how work is divided, never what is
 * computed. `core/study/calibrate.ts` measures it on a machine.
 */
export interface CostModel {
  /** Multiply-accumulates a second, one compute process. */
  readonly macsPerSecond: number;
  /** Bytes of activations that operators read and write, a second. */
  readonly bytesPerSecond: number;
  /** Bytes that the host makes for the rows of a run, or reads of them, a second. */
  readonly hostBytesPerSecond: number;
  /** Seconds of host work for a row besides: taking its outputs, prediction, loss and KL. */
  readonly secondsPerRow: number;
  /** Seconds that a run of a program takes besides. */
  readonly secondsPerRun: number;
  /** Seconds that a node takes while its program is made, once a process. */
  readonly secondsPerNode: number;
}

/** Of one core of a processor with AVX2. */
export const defaultCost: CostModel = {
  macsPerSecond: 30e9,
  bytesPerSecond: 15e9,
  hostBytesPerSecond: 1e9,
  secondsPerRow: 4e-6,
  secondsPerRun: 2e-4,
  secondsPerNode: 3e-4,
};

/** What an image costs in a part of a network. */
export interface Work {
  readonly macs: number;
  /** See `NodeCost.bytes`. */
  readonly bytes: number;
  /** Bytes that the host makes or reads for it: what is fed for each row apart, what is recorded. */
  readonly hostBytes: number;
  /** Nodes of the program that does it, which must be made once. */
  readonly nodes: number;
}

/** Rows of a run, about. */
const rowsPerRun = 64;

/** Seconds for `rows` images through a part of a network. */
export function secondsFor(rows: number, { macs, bytes, hostBytes }: Work, model: CostModel = defaultCost): number {
  const perRow =
    macs / model.macsPerSecond +
    bytes / model.bytesPerSecond +
    hostBytes / model.hostBytesPerSecond +
    model.secondsPerRow;
  return rows * perRow + Math.ceil(rows / rowsPerRun) * model.secondsPerRun;
}

/** The work of both. */
export function sumOf(a: Work, b: Work): Work {
  return {
    macs: a.macs + b.macs,
    bytes: a.bytes + b.bytes,
    hostBytes: a.hostBytes + b.hostBytes,
    nodes: a.nodes + b.nodes,
  };
}

/** Bytes of one cell of so many images: prediction, loss and KL, key, state and effect. */
export function cellBytes(images: number): number {
  return 10 * images + 48;
}
