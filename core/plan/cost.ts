import { deviceFacts, engineFacts, type NumericMode } from '../numeric-mode.js';

/**
 * What work is predicted to take, for batch sizes and for `percuss plan`. It decides how work is divided, never what is
 * computed. `core/study/planning/calibrate.ts` measures it on a machine.
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
  /** Bytes of weights that programs take up while they are made, a second. */
  readonly weightBytesPerSecond: number;
  /** Seconds until a compute process that is started is ready. */
  readonly secondsPerProcess: number;
}

/** Of one core of a processor with AVX2. */
export const defaultCost: CostModel = {
  macsPerSecond: 30e9,
  bytesPerSecond: 15e9,
  hostBytesPerSecond: 1e9,
  secondsPerRow: 4e-6,
  secondsPerRun: 2e-4,
  secondsPerNode: 3e-4,
  weightBytesPerSecond: 5e8,
  secondsPerProcess: 0.5,
};

/** What a mode costs where nobody has measured it: batches would else take minutes where it is slow. */
export function usualCost({ engine, device }: NumericMode): CostModel {
  const times = Math.max(engineFacts[engine].times, deviceFacts[device].times);
  return { ...defaultCost, macsPerSecond: defaultCost.macsPerSecond / times };
}

/** What an image costs in a part of a network. */
export interface Work {
  readonly macs: number;
  /** See `NodeCost.bytes`. */
  readonly bytes: number;
  /** Bytes that the host makes or reads for it: what is fed for each row apart, what is recorded. */
  readonly hostBytes: number;
  /** Nodes of the program that does it, which must be made once, and bytes of its weights. */
  readonly nodes: number;
  readonly weightBytes: number;
}

export const noWork: Work = { macs: 0, bytes: 0, hostBytes: 0, nodes: 0, weightBytes: 0 };

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
    weightBytes: a.weightBytes + b.weightBytes,
  };
}

/**
 * How much longer the intact network takes where every value that one may cut at is handed over, than as one program: between
 * 2.1 and 2.3 times on ResNet-20 and ResNet-56 (docs/performance.md, log).
 */
export const HANDED_OVER = 2.2;

/** Seconds for `rows` images through a part of the intact network that hands over what is alive on the way. */
export function walkSeconds(rows: number, work: Work, model: CostModel = defaultCost): number {
  return work.macs + work.bytes === 0 ? 0 : HANDED_OVER * secondsFor(rows, work, model);
}

/** Seconds for making the program that does some work. */
export function makingSeconds({ nodes, weightBytes }: Work, model: CostModel = defaultCost): number {
  return nodes * model.secondsPerNode + weightBytes / model.weightBytesPerSecond;
}

/** Bytes of one cell of so many images: prediction, loss and KL, key, state and effect. */
export function cellBytes(images: number): number {
  return 10 * images + 48;
}
