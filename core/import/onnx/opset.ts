import type { ModelProto } from 'onnx-buf';
import { PercussError } from '../../errors.js';
import { invalidModel } from './translation.js';

/** The newest that onnxruntime 1.30 runs. */
export const NEWEST_OPSET = 26;

export const OLDEST_OPSET = 6;

/** The version of ONNX's own operators that a model asks for. @throws PercussError MODEL_INVALID if it asks for two. */
export function opsetOf(name: string, model: ModelProto): number {
  const own = model.opsetImport.filter((entry) => entry.domain === '' || entry.domain === 'ai.onnx');
  const versions = new Set(own.map((entry) => Number(entry.version)));
  if (versions.size > 1) throw invalidModel(name, `it asks for opsets ${[...versions].join(' and ')} at once`);
  return [...versions][0] ?? 0;
}

/** @throws PercussError MODEL_UNSUPPORTED for an opset that is not read, with the way out. */
export function checkOpset(name: string, opset: number): void {
  if (opset > NEWEST_OPSET) {
    throw new PercussError(
      'MODEL_UNSUPPORTED',
      `model "${name}" uses opset ${opset}; ${NEWEST_OPSET} is the newest that is read. Export it with an older one: torch.onnx.export(…, opset_version=${NEWEST_OPSET})`,
      { details: { model: name, opset } },
    );
  }
  if (opset < OLDEST_OPSET) {
    throw new PercussError(
      'MODEL_UNSUPPORTED',
      `model "${name}" uses opset ${opset}; ${OLDEST_OPSET} is the oldest that is read. Convert it: onnx.version_converter.convert_version(model, 13)`,
      { details: { model: name, opset } },
    );
  }
}
