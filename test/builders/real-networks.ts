import { readFileSync } from 'node:fs';
import path from 'node:path';
import { readNpy } from '../../core/data/npy.js';
import { openOnnxruntime } from '../../core/engine/onnxruntime.js';
import { anatomyOf } from '../../core/anatomy/anatomy.js';
import { importOnnx } from '../../core/import/onnx/import-onnx.js';
import type { Graph } from '../../core/network/graph.js';
import { ReferenceSet } from '../../core/probe/reference-set.js';
import { InstrumentedNetwork } from '../../core/probe/instrumented-network.js';
import { float32, type Tensor } from '../../core/tensor.js';
import { sharedFile } from './shared-data.js';

/** A network of the shared data, by the path of its ONNX file. */
export const sharedNetwork = (file: string): Graph =>
  importOnnx(path.basename(file, '.onnx'), readFileSync(sharedFile(file)));

/** What the tool that a network comes from gave for an input: `vectors/<model>/{input,output}.npy`. */
export const vectors = (model: string): { readonly input: Tensor; readonly output: Tensor } => ({
  input: readNpy('input.npy', readFileSync(sharedFile(`vectors/${model}/input.npy`))),
  output: readNpy('output.npy', readFileSync(sharedFile(`vectors/${model}/output.npy`))),
});

const MEAN = [0.485, 0.456, 0.406];
const STD = [0.229, 0.224, 0.225];

/** CIFAR-10 images as ResNet-20 takes them, read without percuss's own reader. */
export function cifarImages(file: string, count: number): { images: Tensor<'float32'>; labels: Uint16Array } {
  const bytes = readFileSync(sharedFile(`images/cifar10/${file}`));
  const images = new Float32Array(count * 3072);
  const labels = new Uint16Array(count);
  for (let i = 0; i < count; i++) {
    labels[i] = bytes[i * 3073] as number;
    for (let j = 0; j < 3072; j++) {
      const c = Math.floor(j / 1024);
      images[i * 3072 + j] = ((bytes[i * 3073 + 1 + j] as number) / 255 - (MEAN[c] as number)) / (STD[c] as number);
    }
  }
  return { images: float32([count, 3, 32, 32], images), labels };
}

/** A network of shared/data on onnxruntime, tapped, with 64 training images as its reference. */
export async function tapReal(name: string): Promise<{ network: InstrumentedNetwork; reference: ReferenceSet }> {
  const graph = sharedNetwork(`models/${name}.onnx`);
  const engine = await openOnnxruntime();
  const network = new InstrumentedNetwork(graph, anatomyOf(graph, { after: 'activation' }), engine);
  const { images } = cifarImages('cifar10_train_0000-1999.bin', 64);
  return { network, reference: new ReferenceSet(network, 'reference', images) };
}
