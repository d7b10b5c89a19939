import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import type * as tensorflow from '@tensorflow/tfjs';

import type { LoadTensorFlow } from '../../core/engine/tfjs/backend.js';
import { messageOf, PercussError } from '../../core/errors.js';
import { cacheFolder, setForLibraries } from '../settings.js';
import {
  libraryVersion,
  packageVersion,
  prefixOf,
  tensorFlowVariants,
  type TensorFlowVariant,
} from './tfjs-variant.js';

export interface LoadOptions {
  readonly device?: TensorFlowVariant['device'];
  /** Threads of one operation; the first load of a process decides. */
  readonly threads?: number;
  /** percuss's cache folder. */
  readonly cache?: string;
}

let loaded: TensorFlowVariant['device'] | undefined;

/**
 * Native TensorFlow.js (`@tensorflow/tfjs-node`, or `-gpu`), as built by `npm run setup:tfjs`, in this process.
 *
 * @throws PercussError ENGINE_UNAVAILABLE if it has not been set up, does not load, or if this process has the other one.
 */
export function loadNativeTensorFlow(options: LoadOptions = {}): typeof tensorflow {
  const { device = 'cpu', threads = 1, cache = cacheFolder() } = options;
  const variant = tensorFlowVariants[device];
  const prefix = prefixOf(variant, cache);
  if (!existsSync(join(prefix, 'package.json')))
    throw unavailable(
      `${variant.npmPackage} is not set up (looked in ${prefix}); run \`${variant.command}\` in a clone of percuss`,
    );
  if (loaded !== undefined && loaded !== device)
    throw unavailable(
      `this process has TensorFlow's library for ${loaded} already, and both do not fit into one: open one of the two devices in a process`,
    );
  setForLibraries({
    TF_CPP_MIN_LOG_LEVEL: '2',
    TF_NUM_INTRAOP_THREADS: String(threads),
    TF_NUM_INTEROP_THREADS: '1',
    // Its kernels compute every row alike (docs/decisions/0031); by default only some processors get them.
    TF_ENABLE_ONEDNN_OPTS: '1',
    // Several compute processes share one GPU, in float32 and not in TF32.
    ...(device === 'cuda' ? { TF_FORCE_GPU_ALLOW_GROWTH: 'true', NVIDIA_TF32_OVERRIDE: '0' } : {}),
  });
  try {
    const tf = createRequire(join(prefix, 'package.json'))(variant.npmPackage) as typeof tensorflow;
    loaded = device;
    return tf;
  } catch (cause) {
    throw unavailable(
      `${variant.npmPackage} does not load (${messageOf(cause)}); run \`${variant.command}\` again`,
      cause,
    );
  }
}

/** How the engine `tfjs` gets its native library: composition roots hand it to `openEngine`. */
export const tensorFlowFromCache: LoadTensorFlow = (device, threads) => {
  const tf = loadNativeTensorFlow({ device, threads });
  const backend = tf.findBackend('tensorflow') as { readonly isUsingGpuDevice?: boolean } | undefined;
  return {
    version: `${packageVersion} (TensorFlow ${libraryVersion})`,
    usesGpu: backend?.isUsingGpuDevice === true,
  };
};

function unavailable(message: string, cause?: unknown): PercussError {
  return new PercussError('ENGINE_UNAVAILABLE', message, cause === undefined ? {} : { cause });
}
