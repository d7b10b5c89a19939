import type { NumericMode } from '../../numeric-mode.js';
import type { Engine } from '../engine.js';
import { processorClass } from '../processor.js';
import { openBackend, type LoadTensorFlow } from './backend.js';
import { uploaded } from './device-tensor.js';
import { TfjsProgram } from './program.js';

export interface TfjsOptions {
  /** `cpu` and `cuda`: TensorFlow's native library; `wasm`; `js`: plain JavaScript. */
  readonly device: NumericMode['device'];
  /** Of the native library; the first engine of a process decides. */
  readonly threads?: number;
  readonly tensorflow?: LoadTensorFlow;
}

/**
 * TensorFlow.js, on one of its backends. Runs block the event loop. Engines on different devices may be open side by
 * side, but for `cpu` and `cuda`, which are two builds of one library.
 *
 * @throws PercussError ENGINE_UNAVAILABLE if the device is not there; the message says the way out.
 */
export async function openTfjs({ device, threads = 1, tensorflow }: TfjsOptions): Promise<Engine> {
  const backend = await openBackend(device, threads, tensorflow);
  return {
    mode: { engine: 'tfjs', precision: 'float32', device },
    provenance: {
      engine: 'tfjs',
      version: backend.version,
      device,
      processor: device === 'js' ? `node ${process.versions.node}` : await processorClass(),
    },
    compile: (graph) => new Promise((resolve) => resolve(new TfjsProgram(graph, backend))),
    upload: (tensor) => uploaded(tensor, backend),
    close: () => Promise.resolve(),
  };
}
