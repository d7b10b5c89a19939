import * as tf from '@tensorflow/tfjs-core';
import { messageOf, PercussError } from '../../errors.js';
import { devicesOf, type DeviceName } from '../../numeric-mode.js';

/** TensorFlow's native library, as it is known once it is in this process. */
export interface NativeTensorFlow {
  /** Of the npm package and of the library. */
  readonly version: string;
  readonly usesGpu: boolean;
}

/**
 * Loads TensorFlow's native library into this process, where it registers the backend `tensorflow`. Where its packages
 * stand, and what they read from the environment, only the composition root knows.
 *
 * @throws PercussError ENGINE_UNAVAILABLE, saying how to set it up.
 */
export type LoadTensorFlow = (device: 'cpu' | 'cuda', threads: number) => NativeTensorFlow;

/** A backend of TensorFlow.js. All copies of tfjs-core in a process share one engine, which has one backend in use at a time. */
export interface Backend {
  readonly name: string;
  readonly version: string;
  /** What follows, until anybody waits for anything, is computed here. */
  use(): void;
}

/** @throws PercussError ENGINE_UNAVAILABLE if this process cannot compute there. */
export async function openBackend(
  device: DeviceName,
  threads: number,
  load: LoadTensorFlow | undefined,
): Promise<Backend> {
  // No check of this mode is missed, and its greetings on stderr are.
  tf.enableProdMode();
  const known = devicesOf('tfjs').find((name) => name === device);
  switch (known) {
    case 'js':
      await import('@tensorflow/tfjs-backend-cpu');
      return started('cpu', tf.version_core, known);
    case 'wasm':
      await import('@tensorflow/tfjs-backend-wasm');
      return started('wasm', tf.version_core, known);
    case 'cpu':
    case 'cuda':
      return startNative(known, threads, load);
    case undefined:
      throw unavailable(device, 'TensorFlow.js has no such device');
  }
}

function startNative(device: 'cpu' | 'cuda', threads: number, load: LoadTensorFlow | undefined): Promise<Backend> {
  if (!load) throw unavailable(device, 'this process does not know where native TensorFlow.js is set up');
  const { version, usesGpu } = load(device, threads);
  if (device === 'cuda' && !usesGpu) throw unavailable(device, 'TensorFlow finds no GPU on this machine');
  return started('tensorflow', version, device);
}

async function started(name: string, version: string, device: DeviceName): Promise<Backend> {
  const ready = await tf.setBackend(name).catch((cause: unknown) => {
    throw unavailable(device, messageOf(cause));
  });
  if (!ready) throw unavailable(device, `its backend ${name} does not start`);
  return {
    name,
    version,
    use() {
      // Done when it returns, since the backend has started.
      if (tf.getBackend() !== name) void tf.setBackend(name);
    },
  };
}

function unavailable(device: string, reason: string): PercussError {
  return new PercussError(
    'ENGINE_UNAVAILABLE',
    `tfjs cannot compute on ${device} here: ${reason}. Choose another device of tfjs (wasm needs no set-up), or another engine.`,
    { details: { device } },
  );
}
