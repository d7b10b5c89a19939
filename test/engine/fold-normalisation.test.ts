import { describe, expect, test } from 'vitest';
import { evaluateGraph } from '../../core/engine/reference.js';
import { foldNormalisation } from '../../core/engine/tfjs/fold-normalisation.js';
import { buildGraph } from '../../core/network/build.js';
import { DYNAMIC, type Graph } from '../../core/network/graph.js';
import { float32, type Tensor } from '../../core/tensor.js';
import { expectClose } from './agreement.js';
import { noise } from './conformance-case.js';

const positive = (purpose: string): Tensor => {
  const { shape, data } = noise(purpose, [6]);
  return float32(
    shape,
    data.map((x) => Math.abs(x) + 0.2),
  );
};

/** Conv, BatchNormalization, Relu. */
function network(options: { bias?: boolean; group?: number; outputs?: string[]; fedScale?: boolean } = {}): Graph {
  const { bias = false, group = 1, outputs = ['y'], fedScale = false } = options;
  const parameters = new Map<string, Tensor>([
    ['w', noise('fold w', [6, 4 / group, 3, 3])],
    ['own', noise('fold own', [6])],
    ['scale', noise('fold scale', [6])],
    ['shift', noise('fold shift', [6])],
    ['mean', noise('fold mean', [6])],
    ['variance', positive('fold variance')],
  ]);
  if (fedScale) parameters.delete('scale');
  return buildGraph({
    name: 'normalised',
    inputs: [
      { id: 'x', shape: [DYNAMIC, 4, 7, 7], dtype: 'float32' },
      ...(fedScale ? [{ id: 'scale', shape: [6], dtype: 'float32' as const }] : []),
    ],
    outputs,
    nodes: [
      {
        id: 'conv',
        op: 'Conv',
        inputs: ['x', 'w', ...(bias ? ['own'] : [])],
        outputs: ['c'],
        attributes: { strides: [1, 1], pads: [1, 1, 1, 1], dilations: [1, 1], group },
      },
      {
        id: 'norm',
        op: 'BatchNormalization',
        inputs: ['c', 'scale', 'shift', 'mean', 'variance'],
        outputs: ['n'],
        attributes: { epsilon: 1e-5 },
      },
      { id: 'relu', op: 'Relu', inputs: ['n'], outputs: ['y'] },
    ],
    constants: parameters,
  });
}

describe('normalisation folded into the convolution before it', () => {
  test.each([{}, { bias: true }, { group: 2, bias: true }])('gives the same numbers: %o', (options) => {
    const graph = network(options);
    const folded = foldNormalisation(graph);
    expect(folded.nodes.map(({ op }) => op)).toEqual(['Conv', 'Relu']);
    const feeds = new Map([['x', noise('fold x', [2, 4, 7, 7])]]);
    const [expected, got] = [graph, folded].map((one) => evaluateGraph(one, feeds).get('y'));
    if (!expected || !got) expect.fail('no output');
    expectClose(got, expected, 1e-6);
  });

  test('is left alone where somebody else wants what the convolution gives, or a parameter is fed', () => {
    for (const graph of [network({ outputs: ['c', 'y'] }), network({ fedScale: true })]) {
      expect(foldNormalisation(graph)).toBe(graph);
    }
  });
});
