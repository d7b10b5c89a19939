import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { randomStream } from '../../core/random.js';
import { floats, onnxFile } from '../builders/onnx-model.js';
import { writeInputs } from './yaml-study.js';

const images = 40;
const kernels = 6;

/** Three convolutions of `kernels` kernels with a window of so many pixels, with or without what bends them. */
function network(window: number, bent: boolean, weights: readonly (readonly number[])[]): Uint8Array {
  const attributes = { kernel_shape: [window, window], pads: [1, 1, 1, 1].map((pad) => (window === 1 ? 0 : pad)) };
  const names = ['conv1', 'conv2', 'conv3'];
  return onnxFile({
    inputs: { x: ['n', 3, 6, 6] },
    outputs: ['y'],
    nodes: [
      ...names.flatMap((name, i) => {
        const from = i === 0 ? 'x' : `${names[i - 1] as string}.${bent ? 'bent' : 'out'}`;
        const conv = { op: 'Conv', name, inputs: [from, `${name}.weight`], outputs: [`${name}.out`], attributes };
        return [conv, ...(bent ? [{ op: 'Relu', inputs: [`${name}.out`], outputs: [`${name}.bent`] }] : [])];
      }),
      { op: 'GlobalAveragePool', inputs: [bent ? 'conv3.bent' : 'conv3.out'], outputs: ['pooled'] },
      { op: 'Flatten', inputs: ['pooled'], outputs: ['flat'] },
      { op: 'MatMul', inputs: ['flat', 'fc.weight'], outputs: ['y'] },
    ],
    initialisers: [
      ...names.map((name, i) => floats(`${name}.weight`, [kernels, i === 0 ? 3 : kernels, window, window], weights[i])),
      floats(
        'fc.weight',
        [kernels, 4],
        Array.from({ length: 4 * kernels }, (_, i) => Math.sin(1 + i)),
      ),
    ],
  });
}

/**
 * Its kernels are mixtures of three channels, and each site is a copy of the one before: R² and systemic redundancy are 1 by both ends
 * of their brackets, on however few base images.
 */
const copies = (): Uint8Array => {
  const random = randomStream(3, 'copies');
  const mixed = Array.from({ length: 3 * kernels }, () => random.normal());
  const same = Array.from({ length: kernels ** 2 }, (_, i) => (i % (kernels + 1) === 0 ? 1 : 0));
  return network(1, false, [mixed, same, same]);
};

/** Kernels of their own, bent: of some tens of base images too little is known of these. */
const unlike = (): Uint8Array => {
  const random = randomStream(4, 'unlike');
  const drawn = (inputs: number): number[] => Array.from({ length: kernels * inputs * 9 }, () => random.normal() / 3);
  return network(3, true, [drawn(3), drawn(kernels), drawn(kernels)]);
};

/** A spec of both networks, with these impulses, nulls and no ablations. */
export function resolveStudy(folder: string, name: string, impulses: string, more = ''): string {
  const random = randomStream(5, 'resolve images');
  const pixels = Array.from({ length: images }, () => Float32Array.from({ length: 108 }, () => random.normal()));
  writeInputs(
    folder,
    copies(),
    pixels,
    [3, 6, 6],
    Array.from({ length: images }, (_, i) => i % 4),
  );
  writeFileSync(path.join(folder, 'unlike.onnx'), unlike());
  const file = path.join(folder, `${name}.yaml`);
  writeFileSync(
    file,
    `version: 1
study: ${name}
data: { test: { format: npy, files: x.npy, labels: y.npy, order: file } }
models: { copies: { file: net.onnx, data: test }, unlike: { file: unlike.onnx, data: test } }
impulses: { images: { ${impulses} } }
analysis: { nulls: { shuffled: 3 }, rarefy: { kernels: 6, sites: 3 } }
run: { engine: reference }
${more}`,
  );
  return file;
}
