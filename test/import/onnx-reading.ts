import { evaluateGraph } from '../../core/engine/reference.js';
import { importOnnx } from '../../core/import/onnx/import-onnx.js';
import type { Tensor } from '../../core/tensor.js';
import { onnxFile, type OnnxModel } from './onnx-model.js';

export const read = (model: OnnxModel) => importOnnx('net', onnxFile(model));
export const opsOf = (model: OnnxModel): string[] => read(model).nodes.map((node) => node.op);
export const valueOf = (model: OnnxModel, x: Tensor): number[] => {
  const graph = read(model);
  const [output] = evaluateGraph(graph, new Map([['x', x]])).values();
  return Array.from(output?.data as Float32Array);
};
