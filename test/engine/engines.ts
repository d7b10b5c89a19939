import { openOnnxruntime } from '../../core/engine/onnxruntime.js';
import { openReference } from '../../core/engine/reference.js';
import { openTfjs } from '../../core/engine/tfjs/engine.js';
import { tensorFlowFromCache } from '../../infra/setup/load-tfjs.js';
import type { ConformanceOptions } from './conformance.js';
import type { Engine } from '../../core/engine/engine.js';

export interface TestedEngine {
  readonly name: string;
  readonly open: () => Promise<Engine>;
  readonly options: ConformanceOptions;
}

export const reference: TestedEngine = { name: 'reference', open: openReference, options: {} };

export const onnxruntime: TestedEngine = {
  name: 'onnxruntime',
  open: () => openOnnxruntime(),
  options: { skip: { 'LRN of even size': 'onnxruntime takes odd sizes only' } },
};

/** The native library; see `native-tensorflow.ts`. */
export const tfjsCpu: TestedEngine = {
  name: 'tfjs, cpu',
  open: () => openTfjs({ device: 'cpu', tensorflow: tensorFlowFromCache }),
  options: {},
};

export const tfjsWasm: TestedEngine = {
  name: 'tfjs, wasm',
  open: () => openTfjs({ device: 'wasm' }),
  options: {},
};

export const tfjsJs: TestedEngine = { name: 'tfjs, js', open: () => openTfjs({ device: 'js' }), options: {} };

/** Engines that the conformance suite is run on. docs/networks.md has a column for each. */
export const testedEngines: readonly TestedEngine[] = [reference, onnxruntime, tfjsCpu, tfjsWasm, tfjsJs];
