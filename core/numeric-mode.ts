/**
 * The devices on which each engine computes, as far as they decide floats; the first is the usual one. `tfjs`: `cpu` and
 * `cuda` are TensorFlow's native library, `wasm` and `js` need none.
 */
export const engineDevices = {
  onnxruntime: ['cpu', 'cuda', 'tensorrt', 'webgpu'],
  tfjs: ['cpu', 'cuda', 'wasm', 'js'],
  reference: ['cpu'],
} as const;

export type EngineName = keyof typeof engineDevices;
export type DeviceName = (typeof engineDevices)[EngineName][number];

export const engineNames = Object.keys(engineDevices) as readonly EngineName[];
export const deviceNames: readonly DeviceName[] = [...new Set(Object.values(engineDevices).flat())];

/**
 * What decides the floats of a result besides the network: part of every cell's key and of the name of the task queue.
 * Engine builds and processors are provenance instead: they are kept with the result and never part of a key.
 */
export interface NumericMode {
  readonly engine: EngineName;
  readonly precision: 'float32' | 'float64';
  readonly device: DeviceName;
}

/** Whether an engine has such a device at all; whether a machine has it shows when the engine is opened. */
export function hasDevice(engine: EngineName, device: DeviceName): boolean {
  return (engineDevices[engine] as readonly DeviceName[]).includes(device);
}

/** The numeric mode as it stands in keys and queue names: `onnxruntime-float32-cpu`. */
export function printNumericMode(mode: NumericMode): string {
  return `${mode.engine}-${mode.precision}-${mode.device}`;
}
