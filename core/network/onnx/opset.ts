import { PercussError } from '../../errors.js';

/** The newest that onnxruntime 1.30 runs. */
export const NEWEST_OPSET = 26;

/** @throws PercussError MODEL_UNSUPPORTED for an opset that is not read, with the way out. */
export function checkOpset(name: string, opset: number): void {
  if (opset > NEWEST_OPSET) {
    throw new PercussError(
      'MODEL_UNSUPPORTED',
      `model "${name}" uses opset ${opset}; ${NEWEST_OPSET} is the newest that is read. Export it with an older one: torch.onnx.export(…, opset_version=${NEWEST_OPSET})`,
      { details: { model: name, opset } },
    );
  }
  if (opset < 6) {
    throw new PercussError(
      'MODEL_UNSUPPORTED',
      `model "${name}" uses opset ${opset}; 6 is the oldest that is read. Convert it: onnx.version_converter.convert_version(model, 13)`,
      { details: { model: name, opset } },
    );
  }
}
