import { PercussError } from '../../errors.js';
import { kindProblem } from '../../probe/output-reading.js';
import { modelPath } from '../../spec/model-path.js';
import type { OutputKind } from '../../spec/words/output-kinds.js';

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
  const path = `${modelPath(model)}.output.kind`;
  throw new PercussError('SPEC_INVALID', `${path}: ${problem} Nothing was ablated.`, { details: { path } });
}
