import { divergence } from '../divergence.js';
import { outputKinds, type OutputKind } from '../spec/words/output-kinds.js';
import { isMeasurable, logProbabilities } from './output-reading.js';

/** What `predicted` holds where the largest output is no class, and where an output is not finite: never a label. */
export const NO_CLASS = 65535;

/** The largest float32: what a finite loss or KL beyond it counts as. */
const LARGEST = (2 - 2 ** -23) * 2 ** 127;

/** Index of the largest of finite outputs, the first of equals. */
function argmax(values: ArrayLike<number>, start: number, count: number): number {
  let best = 0;
  for (let c = 1; c < count; c++) if ((values[start + c] as number) > (values[start + best] as number)) best = c;
  return best;
}

/** The largest output of each image, class offset taken away; NO_CLASS where that is no class. */
export function predictions(
  outputs: ArrayLike<number>,
  classes: number,
  { classOffset, kind }: Pick<MetricsContext, 'classOffset' | 'kind'>,
): Uint16Array {
  const log = logProbabilities(outputs, classes, kind);
  return Uint16Array.from({ length: outputs.length / classes }, (_, i) => {
    if (!log.subarray(i * classes, (i + 1) * classes).every(Number.isFinite)) return NO_CLASS;
    const best = argmax(log, i * classes, classes) - classOffset;
    return best < 0 ? NO_CLASS : best;
  });
}

/** Loss and KL are NaN, and the prediction is no class, where outputs are not finite: there and nowhere else. */
export interface ImageMetrics {
  readonly predicted: Uint16Array;
  readonly loss: Float32Array;
  readonly kl: Float32Array;
}

export interface MetricsContext {
  readonly classes: number;
  readonly classOffset: number;
  readonly kind: OutputKind;
  readonly labels: Uint16Array;
  /** Log probabilities (or values) of the intact network on the same images. */
  readonly baseline: Float64Array;
}

/**
 * Per image: prediction, loss −log q(label), and KL(p ‖ q) = Σ p (log p − log q) of the intact p from the lesioned q, where 0 · log 0 is 0. For
 * `values`, loss and KL are half the squared distance to the intact output: the KL of two Gaussians of unit variance.
 * An image of which no measures can be taken (`isMeasurable`) counts as wrong, and its loss and KL as missing: NaN. What is
 * finite stays finite: beyond the largest float32 it counts as that.
 */
export function imageMetrics(outputs: ArrayLike<number>, context: MetricsContext): ImageMetrics {
  const { classes, classOffset, kind, labels, baseline } = context;
  const logQ = logProbabilities(outputs, classes, kind);
  const classed = outputKinds[kind].classes;
  const images = labels.length;
  const predicted = new Uint16Array(images);
  const loss = new Float32Array(images);
  const kl = new Float32Array(images);
  for (let i = 0; i < images; i++) {
    const start = i * classes;
    if (!isMeasurable(outputs, start, classes, kind)) {
      predicted[i] = NO_CLASS;
      loss[i] = kl[i] = Number.NaN;
      continue;
    }
    const damage = divergence(baseline, logQ, start, classes, classed);
    const best = argmax(outputs, start, classes) - classOffset;
    predicted[i] = best < 0 ? NO_CLASS : best;
    kl[i] = Math.min(LARGEST, Math.max(0, damage));
    const own = classed ? -(logQ[start + (labels[i] as number) + classOffset] as number) : damage;
    loss[i] = Math.min(LARGEST, own);
  }
  return { predicted, loss, kl };
}
