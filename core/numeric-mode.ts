/**
 * What decides the floats of a result besides the network: part of every cell's key and of the name of the task queue.
 * Engine builds and processors are provenance instead: they are kept with the result and never part of a key.
 */
export interface NumericMode {
  readonly engine: 'onnxruntime' | 'reference';
  readonly precision: 'float32' | 'float64';
  readonly device: 'cpu' | 'cuda' | 'webgpu';
}

/** The numeric mode as it stands in keys and queue names: `onnxruntime-float32-cpu`. */
export function printNumericMode(mode: NumericMode): string {
  return `${mode.engine}-${mode.precision}-${mode.device}`;
}
