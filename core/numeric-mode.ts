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

/** Plain TypeScript and JavaScript take so many times as long for the same sums. */
const PLAIN = 100;

/** What is known of an engine, or of a device, before anything is measured. */
interface Facts {
  /** How many times as long it takes as native code on a processor, as far as plans assume. */
  readonly times: number;
  /** `first`: `auto` may become it; `last`: only where nothing else can be opened; `never`: by its name alone. */
  readonly automatic: 'first' | 'last' | 'never';
}

/** `reference` is the definition of operators, a thousandth as fast. */
export const engineFacts: { readonly [E in EngineName]: Facts } = {
  onnxruntime: { times: 1, automatic: 'first' },
  tfjs: { times: 1, automatic: 'first' },
  reference: { times: PLAIN, automatic: 'never' },
};

/** `wasm` and `js` are always slower than native code on the same processor. */
export const deviceFacts: { readonly [D in DeviceName]: Facts } = {
  cpu: { times: 1, automatic: 'first' },
  cuda: { times: 1, automatic: 'first' },
  tensorrt: { times: 1, automatic: 'first' },
  webgpu: { times: 1, automatic: 'first' },
  wasm: { times: 1, automatic: 'last' },
  js: { times: PLAIN, automatic: 'last' },
};

/** How far an engine was tried on each of its devices: the table of docs/engines.md. Texts are Markdown. */
export const engineStates: {
  readonly [E in EngineName]: { readonly [D in (typeof engineDevices)[E][number]]: string };
} = {
  onnxruntime: {
    cpu: 'the usual one; comes with the package',
    cuda: 'written after the documentation and sources of onnxruntime; **never run**',
    tensorrt: 'written after the documentation and sources of onnxruntime; **never run**',
    webgpu: 'comes with the package; tested on SwiftShader, a driver without a GPU; never run on a GPU',
  },
  tfjs: {
    cpu: 'TensorFlow’s native library; a set-up of 20 seconds',
    cuda: 'builds and loads here; **never run** on a GPU',
    wasm: 'comes with the package',
    js: 'comes with the package',
  },
  reference: { cpu: 'slow and obvious; for checks' },
};

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
