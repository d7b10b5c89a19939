import type { Digest } from '../digest.js';
import { outputForm, SKETCH_VALUES } from '../plan/kept-outputs.js';
import { randomStream } from '../random.js';
import { outputKinds, type OutputKind } from '../spec/words/output-kinds.js';
import { isMeasurable, logProbabilities } from './output-reading.js';

/** Outputs of a chunk, as they are kept of a lesion. */
export interface OutputKeeping {
  /** [images × values] of outputs [images × classes]. */
  kept(outputs: Float32Array): Float32Array;
}

export interface SketchContext {
  /** Of the chunk: which directions are drawn follows from it alone, so that they are the same for all conditions. */
  readonly chunk: Digest;
  readonly classes: number;
  readonly kind: OutputKind;
  /** Natural logs of the probabilities of the intact network (or its values), [images × classes]. */
  readonly baseline: Float64Array;
}

/** Outputs themselves up to 100 of them, a sketch above. */
export function outputKeeping(context: SketchContext): OutputKeeping {
  if (outputForm(context.classes) === 'whole') return { kept: numbersOf };
  const signs = signsOf(context);
  return { kept: (outputs) => sketchOf(outputs, signs, context) };
}

/** A copy in which everything that is no number is the same NaN, so that equal outputs are equal bytes. */
export const numbersOf = (outputs: Float32Array): Float32Array =>
  outputs.map((value) => (Number.isNaN(value) ? Number.NaN : value));

/** One bit a class and direction, 16 directions in a number: of each image its own, [images × classes]. */
function signsOf({ chunk, classes, baseline }: SketchContext): Uint16Array {
  const random = randomStream(0, 'sketch', chunk);
  const signs = new Uint16Array(baseline.length);
  for (let at = 0; at < signs.length; at += 2) {
    const word = random.uint32();
    signs[at] = word >>> 16;
    if (at + 1 < signs.length) signs[at + 1] = word & 0xffff;
  }
  if (signs.length % classes !== 0) throw new RangeError(`${signs.length} outputs are no images of ${classes}`);
  return signs;
}

/**
 * The change of each image's outputs in 16 random directions. With Δz the change of the log probabilities (any constant of a row is the
 * same), p the intact ones and v_c = √p_c (Δz_c − Σ p Δz), |v|² is Δz' (diag p − p p') Δz, twice the KL to second order; entry j is
 * Σ_c ± v_c / 4 with independent signs, so that the squared length of 16 of them has the mean |v|² (Achlioptas, JCSS 66, 2003). Of values
 * that are no classes v is Δz. Linear in Δz: sketches of changes that add up add up.
 */
function sketchOf(outputs: Float32Array, signs: Uint16Array, { classes, kind, baseline }: SketchContext): Float32Array {
  const log = logProbabilities(outputs, classes, kind);
  const classed = outputKinds[kind].classes;
  const images = baseline.length / classes;
  const sketch = new Float32Array(images * SKETCH_VALUES);
  const sums = new Float64Array(SKETCH_VALUES);
  for (let i = 0; i < images; i++) {
    if (!isMeasurable(outputs, i * classes, classes, kind)) {
      sketch.fill(Number.NaN, i * SKETCH_VALUES, (i + 1) * SKETCH_VALUES);
      continue;
    }
    let mean = 0;
    if (classed) {
      for (let c = i * classes; c < (i + 1) * classes; c++) {
        const p = Math.exp(baseline[c] as number);
        mean += p * ((log[c] as number) - (baseline[c] as number));
      }
    }
    sums.fill(0);
    for (let c = i * classes; c < (i + 1) * classes; c++) {
      const root = classed ? Math.exp((baseline[c] as number) / 2) : 1;
      const v = root * ((log[c] as number) - (baseline[c] as number) - mean);
      const bits = signs[c] as number;
      for (let j = 0; j < SKETCH_VALUES; j++) sums[j] = (sums[j] as number) + ((bits >>> j) & 1 ? v : -v);
    }
    for (let j = 0; j < SKETCH_VALUES; j++) {
      sketch[i * SKETCH_VALUES + j] = (sums[j] as number) / Math.sqrt(SKETCH_VALUES);
    }
  }
  return sketch;
}
