/** How an engine or a device stands among others, before anything is measured. */
interface Facts {
  /** How many times as long it takes as native code on a processor, as far as plans assume. */
  readonly times: number;
  /** `first`: `auto` may become it; `last`: only where nothing else can be opened; `never`: by its name alone. */
  readonly automatic: 'first' | 'last' | 'never';
}

interface EngineRow extends Facts {
  /**
   * Its devices, as far as they decide floats, the usual one first, and how far it was tried on each: the table of
   * docs/engines.md. Texts are Markdown.
   */
  readonly devices: { readonly [device: string]: string };
}

/** Plain TypeScript and JavaScript take so many times as long for the same sums. */
const PLAIN = 100;

/** `tfjs`: `cpu` and `cuda` are TensorFlow's native library, `wasm` and `js` need none. `reference` is the definition of operators. */
const engines = {
  onnxruntime: {
    times: 1,
    automatic: 'first',
    devices: {
      cpu: 'the usual one; comes with the package',
      cuda: 'written after the documentation and sources of onnxruntime; **never run**',
      tensorrt: 'written after the documentation and sources of onnxruntime; **never run**',
      webgpu: 'comes with the package; tested on SwiftShader, a driver without a GPU; never run on a GPU',
    },
  },
  tfjs: {
    times: 1,
    automatic: 'first',
    devices: {
      cpu: 'TensorFlow’s native library; a set-up of 20 seconds',
      cuda: 'builds and loads here; **never run** on a GPU',
      wasm: 'comes with the package',
      js: 'comes with the package',
    },
  },
  reference: { times: PLAIN, automatic: 'never', devices: { cpu: 'slow and obvious; for checks' } },
} as const satisfies { readonly [engine: string]: EngineRow };

export type EngineName = keyof typeof engines;
export type DeviceOf<E extends EngineName> = Extract<keyof (typeof engines)[E]['devices'], string>;
export type DeviceName = { readonly [E in EngineName]: DeviceOf<E> }[EngineName];

/** `wasm` and `js` are always slower than native code on the same processor. */
export const deviceFacts: { readonly [D in DeviceName]: Facts } = {
  cpu: { times: 1, automatic: 'first' },
  cuda: { times: 1, automatic: 'first' },
  tensorrt: { times: 1, automatic: 'first' },
  webgpu: { times: 1, automatic: 'first' },
  wasm: { times: 1, automatic: 'last' },
  js: { times: PLAIN, automatic: 'last' },
};

export const engineFacts: { readonly [E in EngineName]: Facts } = engines;
export const engineNames = Object.keys(engines) as readonly EngineName[];

/** The devices of an engine, the usual one first. */
export function devicesOf<E extends EngineName>(engine: E): readonly [DeviceOf<E>, ...DeviceOf<E>[]] {
  return Object.keys(engines[engine].devices) as unknown as readonly [DeviceOf<E>, ...DeviceOf<E>[]];
}

/** How far an engine was tried on one of its devices, in Markdown. */
export function stateOf<E extends EngineName>(engine: E, device: DeviceOf<E>): string {
  const { devices }: EngineRow = engines[engine];
  return devices[device] ?? '';
}

export const deviceNames: readonly DeviceName[] = [
  ...new Set(engineNames.flatMap((engine) => [...devicesOf<EngineName>(engine)])),
];

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
  return (devicesOf(engine) as readonly DeviceName[]).includes(device);
}

/** The numeric mode as it stands in keys and queue names: `onnxruntime-float32-cpu`. */
export function printNumericMode(mode: NumericMode): string {
  return `${mode.engine}-${mode.precision}-${mode.device}`;
}

/** The numeric mode that is printed so; undefined for what this version does not know. */
export function readNumericMode(text: string): NumericMode | undefined {
  for (const engine of engineNames)
    for (const device of devicesOf(engine))
      for (const precision of ['float32', 'float64'] as const) {
        const mode: NumericMode = { engine, precision, device };
        if (printNumericMode(mode) === text) return mode;
      }
  return undefined;
}
