import { PercussError } from '../errors.js';
import type { NumericMode } from '../numeric-mode.js';
import type { Engine } from './engine.js';
import { openOnnxruntime } from './onnxruntime.js';
import { openReference } from './reference.js';
import type { LoadTensorFlow } from './tfjs/backend.js';

export interface EngineOptions {
  /** Threads of one run, for engines that have any; 1 by default. */
  readonly threads?: number;
  /** How TensorFlow's native library comes into this process, for `tfjs` on `cpu` and `cuda`. */
  readonly tensorflow?: LoadTensorFlow;
}

type Opener = (mode: NumericMode, options: EngineOptions) => Promise<Engine>;

/** Every engine, by the name it has in a numeric mode. A new one is a file and a row here, and the conformance suite run on it. */
const openers = {
  onnxruntime: ({ device }, options) => openOnnxruntime({ ...options, device }),
  // Loaded when it is wanted: it is large.
  tfjs: async ({ device }, options) => (await import('./tfjs/engine.js')).openTfjs({ ...options, device }),
  reference: () => openReference(),
} satisfies Record<NumericMode['engine'], Opener>;

/**
 * Opens the engine of a numeric mode.
 * @throws PercussError ENGINE_UNAVAILABLE if this machine cannot serve the mode.
 */
export async function openEngine(mode: NumericMode, options: EngineOptions = {}): Promise<Engine> {
  const opener: Opener = openers[mode.engine];
  const engine = await opener(mode, options);
  const { precision, device } = engine.mode;
  if (precision === mode.precision && device === mode.device) return engine;
  await engine.close();
  throw new PercussError(
    'ENGINE_UNAVAILABLE',
    `${mode.engine} computes in ${precision} on ${device} here, not in ${mode.precision} on ${mode.device}`,
    { details: { engine: mode.engine, device: mode.device, precision: mode.precision } },
  );
}
