import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Engine } from '../../core/engine/engine.js';
import { anatomyOf } from '../../core/anatomy/anatomy.js';
import { importOnnx } from '../../core/import/onnx/import-onnx.js';
import { randomStream } from '../../core/random.js';
import { float32, type Tensor } from '../../core/tensor.js';
import { testedEngines, tfjsCpu } from '../engine/engines.js';
import { hasNativeTensorFlow } from '../engine/native-tensorflow.js';
import { expectAlike, lesionedKl, maskedKl } from '../import/fixtures/lesioned.js';
import { type OnnxNode, floats, onnxFile } from '../builders/onnx-model.js';

const size = 6;

/** Writes ONNX nodes down; values are called after what makes them. */
class FileDraft {
  readonly nodes: OnnxNode[] = [];
  readonly #initialisers: ReturnType<typeof floats>[] = [];

  node(op: string, name: string, inputs: readonly string[], attributes: OnnxNode['attributes'] = {}): string {
    this.nodes.push({ op, inputs, outputs: [name], name, attributes });
    return name;
  }

  number(value: number): string {
    return this.constant(`number${value}`, [], () => value);
  }

  constant(name: string, dims: readonly number[], fill?: () => number): string {
    const stream = randomStream(5, name);
    const length = dims.reduce((product, dim) => product * dim, 1);
    const data = Array.from({ length }, fill ?? (() => 2 * stream.uniform() - 1));
    if (!this.#initialisers.some((held) => held.name === name)) this.#initialisers.push(floats(name, dims, data));
    return name;
  }

  conv(name: string, from: string, channels: number, kernels: number): string {
    const weights = this.constant(`${name}.weight`, [kernels, channels, 3, 3]);
    const pads = [1, 1, 1, 1];
    return this.node('Conv', name, [from, weights, this.constant(`${name}.bias`, [kernels])], { pads });
  }

  relu = (name: string, from: string): string => this.node('Relu', name, [from]);

  file(from: string, channels: number): Uint8Array {
    const flat = this.node('Flatten', 'flat', [this.node('GlobalAveragePool', 'pool', [from])]);
    this.node('Gemm', 'logits', [flat, this.constant('fc.weight', [channels, 5])]);
    const inputs = { x: ['N', 3, size, size] };
    return onnxFile({ opset: 17, inputs, outputs: ['logits'], nodes: this.nodes, initialisers: this.#initialisers });
  }
}

type Activation = (f: FileDraft, x: string) => string;
const [float, truth] = [{ to: 1 }, { to: 9 }];
const gated =
  (compare: (f: FileDraft, x: string) => string): Activation =>
  (f, x) =>
    f.node('Mul', 'act', [x, f.node('Cast', 'gate', [compare(f, x)], float)]);

/** By what ends in it: each gives the value `act`. */
const activations: Readonly<Record<string, Activation>> = {
  'leaky ReLU by Greater and Where': (f, x) =>
    f.node('Where', 'act', [
      f.node('Greater', 'above', [x, f.number(0)]),
      x,
      f.node('Mul', 'below', [x, f.number(0.125)]),
    ]),
  'PReLU by LessOrEqual and Where': (f, x) => {
    const slopes = f.constant('slopes', [8, 1, 1]);
    const below = f.node('LessOrEqual', 'below', [x, f.number(0)]);
    return f.node('Where', 'act', [below, f.node('Mul', 'scaled', [x, slopes]), x]);
  },
  'a threshold for each channel': (f, x) =>
    f.node('Where', 'act', [f.node('Less', 'below', [x, f.constant('limits', [8, 1, 1])]), f.number(0.25), x]),
  'ELU by Where': (f, x) => {
    const below = f.node('Sub', 'below', [f.node('Exp', 'exp', [f.node('Min', 'low', [x, f.number(0)])]), f.number(1)]);
    return f.node('Where', 'act', [f.node('Greater', 'above', [x, f.number(0)]), x, below]);
  },
  'thresholded by Cast': gated((f, x) => f.node('Greater', 'above', [x, f.number(0.5)])),
  'a band by And': gated((f, x) =>
    f.node('And', 'inside', [
      f.node('GreaterOrEqual', 'above', [x, f.number(-0.5)]),
      f.node('Less', 'below', [x, f.number(0.5)]),
    ]),
  ),
  'hard shrinkage by Or': gated((f, x) =>
    f.node('Or', 'outside', [
      f.node('Greater', 'above', [x, f.number(0.5)]),
      f.node('Less', 'below', [x, f.number(-0.5)]),
    ]),
  ),
  'two steps by Xor and Not': gated((f, x) =>
    f.node('Not', 'not', [
      f.node('Xor', 'either', [
        f.node('Greater', 'above', [x, f.number(0.5)]),
        f.node('Greater', 'higher', [x, f.number(1)]),
      ]),
    ]),
  ),
  'where a ReLU is not 0, by Cast to truth values': (f, x) =>
    f.node('Where', 'act', [f.node('Cast', 'on', [f.relu('r', x)], truth), x, f.number(-0.25)]),
  'where a ReLU is 0, by Equal': gated((f, x) => f.node('Equal', 'off', [f.relu('r', x), f.number(0)])),
  'snake by Sin': (f, x) =>
    f.node('Add', 'act', [x, f.node('Pow', 'square', [f.node('Sin', 'sin', [x]), f.number(2)])]),
  'x · cos(x)': (f, x) => f.node('Mul', 'act', [x, f.node('Cos', 'cos', [x])]),
  'x · |sign(x)| + rest of x': (f, x) =>
    f.node('Add', 'act', [
      f.node('Mul', 'signed', [x, f.node('Sign', 'sign', [x])]),
      f.node('Sub', 'rest', [x, f.node('Floor', 'floor', [x])]),
    ]),
  'steps of a quarter, as training for few bits has them': (f, x) =>
    f.node('Add', 'act', [
      f.node('Div', 'steps', [f.node('Round', 'round', [f.node('Mul', 'four', [x, f.number(4)])]), f.number(4)]),
      f.node('Mul', 'tops', [f.node('Ceil', 'ceil', [x]), f.number(0.125)]),
    ]),
};

function activated(activation: Activation): Uint8Array {
  const f = new FileDraft();
  const site = activation(f, f.conv('conv1', 'x', 3, 8));
  return f.file(f.relu('relu2', f.conv('conv2', site, 8, 8)), 8);
}

/** Masks of the first map decide in the middle and at the end: they would be alive at every cut between. */
function masked(): Uint8Array {
  const f = new FileDraft();
  const stem = f.relu('stem', f.conv('conv0', 'x', 3, 8));
  const mask = f.node('Greater', 'mask', [stem, f.number(0.5)]);
  const one = f.relu('one', f.conv('conv1', stem, 8, 8));
  const either = f.node('Where', 'either', [mask, one, stem]);
  const two = f.relu('two', f.conv('conv2', either, 8, 8));
  const opposite = f.node('Not', 'opposite', [mask]);
  const both = f.node('Where', 'both', [opposite, two, one]);
  return f.file(f.relu('three', f.conv('conv3', both, 8, 8)), 8);
}

function someImages(): Tensor<'float32'> {
  const stream = randomStream(3, 'compared');
  const shape = [4, 3, size, size];
  return float32(
    shape,
    Float32Array.from({ length: 4 * 3 * size * size }, () => 2 * stream.uniform() - 1),
  );
}

const engines = testedEngines.filter((engine) => engine !== tfjsCpu || hasNativeTensorFlow);

describe.each(engines)('a lesion equals the file with a product more, on $name:', ({ open }) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await open();
  });
  afterAll(() => engine.close());

  /** Channels set to 0 at values of the file, as percuss does and by an edit of the file. */
  async function expectSame(
    file: Uint8Array,
    after: 'conv' | 'activation',
    values: readonly string[],
    channels: readonly number[],
  ): Promise<void> {
    const graph = importOnnx('compared', file);
    const anatomy = anatomyOf(graph, { after });
    const cut = values.map((value) => {
      const site = anatomy.sites.find((candidate) => candidate.value === value);
      if (site === undefined) throw new Error(`no site at ${value}, but ${anatomy.sites.map((s) => s.value).join()}`);
      return { value, site: site.name, shape: site.shape, channels };
    });
    const wanted = await maskedKl(file, { x: someImages() }, cut);
    expect(Math.max(...wanted), values.join()).toBeGreaterThan(1e-5);
    expectAlike(await lesionedKl(engine, graph, anatomy, someImages(), cut), wanted);
  }

  test.each(Object.entries(activations))('%s, behind it and before it', async (_, activation) => {
    const file = activated(activation);
    await expectSame(file, 'activation', ['act'], [1]);
    await expectSame(file, 'activation', ['act'], [0, 3]);
    await expectSame(file, 'conv', ['conv1'], [1]);
    await expectSame(file, 'conv', ['conv1'], [0, 3]);
  });

  test('masks of an early map that decide later, at every site and at several at once', async () => {
    const file = masked();
    for (const value of ['stem', 'one', 'two', 'three']) {
      await expectSame(file, 'activation', [value], [1]);
      await expectSame(file, 'activation', [value], [0, 3]);
    }
    await expectSame(file, 'activation', ['stem', 'two'], [2]);
    await expectSame(file, 'activation', ['one', 'two', 'three'], [2, 4]);
    await expectSame(file, 'activation', ['stem', 'one', 'two', 'three'], [2, 4]);
    await expectSame(file, 'conv', ['conv0', 'conv1', 'conv2'], [5]);
  });
});
