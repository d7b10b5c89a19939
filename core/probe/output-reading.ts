import { logSoftmax } from '../divergence.js';
import { largest, smallest } from '../extremes.js';
import type { OutputKind } from '../spec/words/output-kinds.js';

/** The smallest normal float32: probabilities below it count as it, so that a rounded 0 does not make a loss infinite. */
const TINY = 2 ** -126;

/** What rounding may leave of a probability of 0. */
const ROUNDING = 1e-6;

/** How far the numbers of a row may lie from a distribution that was rounded: half precision, or eight bits a class. */
const LOOSE = 0.02;
/** How near they must come before logits are taken for probabilities: what float32 leaves of a softmax, and half precision. */
const TIGHT = 2e-3;

interface OutputReading {
  /** Below it nothing can be measured of an output. */
  readonly least: number;
  /** Natural logarithms of probabilities of outputs [images × classes], or the values themselves, in float64. */
  readonly log: (outputs: ArrayLike<number>, classes: number) => Float64Array;
  /** What is wrong with what an intact network gives on at least one image, if it is read so. */
  readonly problem: (outputs: Float32Array, classes: number) => string | undefined;
}

const readings: { readonly [K in OutputKind]: OutputReading } = {
  logits: {
    least: -Infinity,
    log: (outputs, classes) => logSoftmax(Float64Array.from(outputs), classes),
    problem: (outputs, classes) => {
      const images = outputs.length / classes;
      for (let i = 0; i < images; i++) if (!isDistribution(outputs, i * classes, classes, TIGHT)) return undefined;
      return (
        `the outputs are read as logits, but they are probabilities: on each of ${images} images all ${classes} lie within 0 and 1 ` +
        'and sum to 1. A second softmax would make every damage many times too small; write output: { kind: probabilities }, or export the network without its softmax.'
      );
    },
  },
  probabilities: {
    // Beyond rounding, since a negative number has no logarithm.
    least: -ROUNDING,
    log: (outputs) => Float64Array.from(outputs, (probability) => Math.log(Math.max(probability, TINY))),
    problem: (outputs, classes) => {
      for (let i = 0; i < outputs.length / classes; i++) {
        if (isDistribution(outputs, i * classes, classes, LOOSE)) continue;
        const row = outputs.subarray(i * classes, (i + 1) * classes);
        const [low, high] = [smallest(row), largest(row)].map((value) => Number(value.toPrecision(4)));
        const sum = Number(row.reduce((total, value) => total + value, 0).toPrecision(4));
        return (
          `the outputs are read as probabilities, but on image ${i} they run from ${low} to ${high} and sum to ${sum}. ` +
          'Write output: { kind: logits } for scores before a softmax, or their logarithms; give the name of the output behind the softmax (output.name) if there is one; ' +
          'outputs of one sigmoid each are no distribution over classes, and are compared as kind: values.'
        );
      }
      return undefined;
    },
  },
  values: { least: -Infinity, log: (outputs) => Float64Array.from(outputs), problem: () => undefined },
};

/** Whether measures can be taken of one image's outputs: all are finite, and none is below what its kind can be. */
export function isMeasurable(outputs: ArrayLike<number>, start: number, classes: number, kind: OutputKind): boolean {
  const { least } = readings[kind];
  for (let c = start; c < start + classes; c++) {
    const value = outputs[c] as number;
    if (!Number.isFinite(value) || value < least) return false;
  }
  return true;
}

/**
 * Natural logarithms of class probabilities, float64, [images × classes]. Logits go through a log-softmax that takes the
 * largest away first; outputs of kind `values` stay as they are.
 */
export const logProbabilities = (outputs: ArrayLike<number>, classes: number, kind: OutputKind): Float64Array =>
  readings[kind].log(outputs, classes);

/** As `logProbabilities`, with NaN for every output of an image of which no measures can be taken. */
export function measurableLogs(outputs: ArrayLike<number>, classes: number, kind: OutputKind): Float64Array {
  const log = logProbabilities(outputs, classes, kind);
  for (let start = 0; start < log.length; start += classes)
    if (!isMeasurable(outputs, start, classes, kind)) log.fill(Number.NaN, start, start + classes);
  return log;
}

/** What is wrong between outputs [images × classes] and the way in which they are read, if anything. */
export const kindProblem = (outputs: Float32Array, classes: number, kind: OutputKind): string | undefined =>
  outputs.length === 0 ? undefined : readings[kind].problem(outputs, classes);

/** Values that are not finite are not this check's to judge: they count as fitting. */
function isDistribution(outputs: Float32Array, start: number, classes: number, tolerance: number): boolean {
  let sum = 0;
  for (let c = start; c < start + classes; c++) {
    const value = outputs[c] as number;
    if (!Number.isFinite(value)) return true;
    if (value < -tolerance || value > 1 + tolerance) return false;
    sum += value;
  }
  return Math.abs(sum - 1) <= tolerance;
}
