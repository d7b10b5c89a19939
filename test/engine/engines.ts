import { openOnnxruntime } from '../../core/engine/onnxruntime.js';
import { openReference } from '../../core/engine/reference.js';
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

/** Engines that the conformance suite is run on. docs/networks.md has a column for each. */
export const testedEngines: readonly TestedEngine[] = [reference, onnxruntime];
