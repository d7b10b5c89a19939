import { largest, smallest } from '../../extremes.js';
import { PercussError } from '../../errors.js';
import type { OutputKind } from '../../spec/output-kind.js';

/** How far the numbers of a row may lie from a distribution that was rounded: half precision, or eight bits a class. */
const LOOSE = 0.02;
/** How near they must come before logits are taken for probabilities: what float32 leaves of a softmax, and half precision. */
const TIGHT = 2e-3;

/** The intact network on some images, as it gave its outputs. */
export interface IntactOutputs {
  readonly model: string;
  /** [images × classes]. */
  readonly outputs: Float32Array;
  readonly classes: number;
  readonly kind: OutputKind;
}

/**
 * Holds what an intact network gives against what its spec says of it, before anything is ablated or committed.
 * @throws PercussError SPEC_INVALID that says what the outputs are and what to write, where `output.kind` is another.
 */
export function checkIntactOutputs({ model, outputs, classes, kind }: IntactOutputs): void {
  const problem = kindProblem(outputs, classes, kind);
  if (problem === undefined) return;
  const path = `models.${model}.output.kind`;
  throw new PercussError('SPEC_INVALID', `${path}: ${problem} Nothing was ablated.`, { details: { path } });
}

/** What is wrong between outputs [images × classes] and the way in which they are read, if anything. */
export function kindProblem(outputs: Float32Array, classes: number, kind: OutputKind): string | undefined {
  const images = outputs.length / classes;
  if (images === 0) return undefined;
  switch (kind) {
    case 'values':
      return undefined;
    case 'logits': {
      for (let i = 0; i < images; i++) if (!isDistribution(outputs, i * classes, classes, TIGHT)) return undefined;
      return (
        `the outputs are read as logits, but they are probabilities: on each of ${images} images all ${classes} lie within 0 and 1 ` +
        'and sum to 1. A second softmax would make every damage many times too small; write output: { kind: probabilities }, or export the network without its softmax.'
      );
    }
    case 'probabilities': {
      for (let i = 0; i < images; i++) {
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
    }
  }
}

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
