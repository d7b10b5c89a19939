import { describe, expect, test } from 'vitest';
import { DYNAMIC, type Graph, type Shape } from '../../core/network/graph.js';
import type { ImageFacts } from '../../core/spec/check.js';
import { SmallNetwork } from '../import/fixtures/small-network.js';
import { checkedAgainst, checkedSpec, residualNetwork } from './checked-networks.js';

/** Ten outputs, `fc`, behind one that has five, `five`. */
function twoOutputs(): Graph {
  const net = new SmallNetwork(3);
  const stem = net.conv('stem', net.input, 4);
  const pooled = net.node('Flatten', 'flat5', [net.node('GlobalAveragePool', 'pool5', [stem])], { axis: 1 });
  const weights = net.constant('five.weight', [4, 5]);
  const five = net.node('Gemm', 'five', [pooled, weights], { alpha: 1, beta: 1, transA: 0, transB: 0 }, 5);
  return net.graph(five, net.head(stem, 10));
}

/** The same network with an output of another shape. */
function withOutput(graph: Graph, shape: Shape): Graph {
  return { ...graph, shapes: new Map(graph.shapes).set(graph.outputs.at(-1) as string, shape) };
}

const graphs = { net: residualNetwork() };
const ten = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];
const nine = ten.filter((name) => name !== 'bird');
const net = (keys = ''): string => checkedSpec(`net: { file: n.onnx, data: test${keys} }`);
const shifts =
  'a missing class shifts the labels of all that follow; give classes: all names, in the order of the outputs; a class may then have no pictures';
const same = 'give both sets the same classes: all names, in the order of the outputs';

describe('one output with a softmax over it', () => {
  const single = { net: withOutput(residualNetwork(), [DYNAMIC, 1]) };

  test('shows no damage', () => {
    expect(checkedAgainst(net(', output: { kind: logits }'), single)).toEqual([
      '«logits» net has one output, and a softmax over one class is always 1: no damage could be seen (write output: { kind: values }, or export the network with one output for each class)',
    ]);
  });

  test('is none where values are predicted', () => {
    expect(checkedAgainst(net(', output: { kind: values }'), single)).toEqual([]);
  });
});

test.each<[string, Shape]>([
  ['of open size', [DYNAMIC, DYNAMIC]],
  ['of no size', [DYNAMIC, 0]],
])('an output %s tells nothing about labels', (_, shape) => {
  expect(checkedAgainst(net(), { net: withOutput(residualNetwork(), shape) })).toEqual([]);
});

test('an output whose shape is not known tells nothing about labels', () => {
  const { net: graph } = graphs;
  const unknown = new Map([['net', { ...graph, shapes: new Map<string, Shape>() }]]);
  expect(checkedAgainst(net(), graphs, { test: { labelsMax: 99 } }, { graphs: unknown })).toEqual([]);
});

test('outputs at several positions count all together', () => {
  const map = { net: withOutput(residualNetwork(), [DYNAMIC, 2, 3, 4]) };
  expect(checkedAgainst(net(), map, { test: { labelsMax: 23 } })).toEqual([]);
  expect(checkedAgainst(net(), map, { test: { labelsMax: 24 } })).toEqual([
    '«test» test has labels up to 24, but net has 24 outputs, 0 to 23 (do the labels belong to this network?)',
  ]);
});

test('labels are those of the output that is named, else of the last', () => {
  const graph = { net: twoOutputs() };
  expect(checkedAgainst(net(), graph)).toEqual([]);
  expect(checkedAgainst(net(', output: { name: five }'), graph)).toEqual([
    '«test» test has labels up to 9, but net has 5 outputs, 0 to 4 (do the labels belong to this network?)',
  ]);
});

describe('labels', () => {
  const labelled = (keys: string, facts: Partial<ImageFacts>): string[] =>
    checkedAgainst(net(keys), graphs, { test: facts });

  test('of images that could not be read are not judged', () => {
    expect(checkedAgainst(net(), graphs, {})).toEqual([]);
  });

  test('beyond the outputs', () => {
    expect(labelled('', { labelsMax: 9 })).toEqual([]);
    expect(labelled('', { labelsMax: 10 })).toEqual([
      '«test» test has labels up to 10, but net has 10 outputs, 0 to 9 (do the labels belong to this network?)',
    ]);
  });

  test('of regression are none', () => {
    expect(labelled(', output: { kind: values }', { labelsMax: 10 })).toEqual([]);
  });

  test('that count from 1', () => {
    expect(labelled('', { labelsMin: 1, labelsMax: 10 })).toEqual([
      '«test» test has labels up to 10, but net has 10 outputs, 0 to 9 (the labels seem to count from 1: store them from 0 on (label - 1))',
    ]);
    expect(labelled('', { labelsMin: 1, labelsMax: 11 })).toEqual([
      '«test» test has labels up to 11, but net has 10 outputs, 0 to 9 (do the labels belong to this network?)',
    ]);
  });

  test('beyond the outputs by the class offset, or without it', () => {
    expect(labelled(', output: { class-offset: 1 }', { labelsMax: 8 })).toEqual([]);
    expect(labelled(', output: { class-offset: 1 }', { labelsMax: 9 })).toEqual([
      '«1» test has labels up to 9 and class-offset 1, but net has 10 outputs, 0 to 9 (do the labels belong to this network?)',
    ]);
    expect(labelled(', output: { class-offset: 1 }', { labelsMin: 1, labelsMax: 9 })).toEqual([
      '«1» test has labels up to 9 and class-offset 1, but net has 10 outputs, 0 to 9 (the labels seem to count from 1: store them from 0 on (label - 1))',
    ]);
    expect(labelled(', output: { class-offset: 1 }', { labelsMax: 10 })).toEqual([
      '«test» test has labels up to 10 and class-offset 1, but net has 10 outputs, 0 to 9 (do the labels belong to this network?)',
    ]);
  });
});

describe('classes by name', () => {
  const named = (keys: string, tested: readonly string[] | null, reference: readonly string[] | null): string[] =>
    checkedAgainst(net(keys), graphs, { test: { classes: tested }, train: { classes: reference } });

  test.each<[string, readonly string[], string | undefined]>([
    ['as many as outputs', ten, undefined],
    [
      'one less',
      nine,
      `«tests» test has 9 classes (airplane, automobile, cat, deer, dog, frog, horse, ship, truck), but net has 10 outputs (${shifts})`,
    ],
    [
      'one more',
      [...ten, 'zebra'],
      '«tests» test has 11 classes (airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck, zebra), but net has 10 outputs (do the images belong to this network?)',
    ],
  ])('are as many as outputs: %s', (_, names, said) => {
    expect(named('', names, ten)).toEqual(said === undefined ? [] : [said]);
  });

  test('are as many as outputs but those that the class offset leaves out', () => {
    const offset = ', output: { class-offset: 1 }';
    expect(checkedAgainst(net(offset), graphs, { test: { classes: nine, labelsMax: 8 } })).toEqual([]);
    expect(checkedAgainst(net(offset), graphs, { test: { classes: ten } })).toEqual([
      expect.stringMatching(
        /^«tests» test has 10 classes \(.*\), but net has 10 outputs, of which class-offset leaves out 1 \(is class-offset right\?\)$/,
      ),
    ]);
    expect(checkedAgainst(net(offset), graphs, { test: { classes: [...ten, 'zebra'] } })).toEqual([
      expect.stringMatching(/^«tests» test has 11 classes .* leaves out 1 \(do the images belong to this network\?\)$/),
    ]);
    expect(checkedAgainst(net(offset), graphs, { test: { classes: nine.slice(1) } })).toEqual([
      expect.stringMatching(/^«tests» test has 8 classes .* leaves out 1 \(a missing class shifts /),
    ]);
  });

  test('of the reference images are told where they are given', () => {
    expect(named(', reference: train', null, nine)).toEqual([
      `«names.txt» train has 9 classes (airplane, automobile, cat, deer, dog, frog, horse, ship, truck), but net has 10 outputs (${shifts})`,
    ]);
    expect(named(', reference: train', ten, null)).toEqual([]);
    expect(named(', reference: train', null, null)).toEqual([]);
  });

  test('that are too few in both sets are told once', () => {
    expect(named(', reference: train', nine, nine)).toEqual([expect.stringMatching(/^«tests» test has 9 classes/)]);
  });

  test('that are wrong are told before the labels that follow from them', () => {
    expect(checkedAgainst(net(), graphs, { test: { classes: nine, labelsMax: 12 } })).toEqual([
      expect.stringMatching(/^«tests» test has 9 classes/),
    ]);
  });

  const differ = 'the classes of test and of train differ';
  const places = `labels are places among the names, so a missing class shifts all that follow; ${same}`;
  test.each<[string, readonly string[], readonly string[], string | undefined]>([
    ['the same', ten, ten, undefined],
    ['one is not in test', nine, ten, `«tests» ${differ}: test lacks bird, which train has (${places})`],
    ['one is not in train', ten, nine, `«names.txt» ${differ}: train lacks bird, which test has (${places})`],
    [
      'one has another spelling',
      [...nine, 'brid'],
      ten,
      `«tests» ${differ}: test lacks bird, which train has; train lacks brid, which test has (did you mean "brid"?; ${places})`,
    ],
    [
      'one is another',
      [...nine, 'submarine'],
      ten,
      `«tests» ${differ}: test lacks bird, which train has; train lacks submarine, which test has (extra: submarine; ${places})`,
    ],
    [
      'another order',
      ['airplane', 'bird', 'automobile', ...ten.slice(3)],
      ten,
      `«names.txt» test and train number their classes differently: class 1 is bird in the one, automobile in the other (${same})`,
    ],
  ])('agree between the two sets: %s', (_, tested, reference, said) => {
    expect(named(', reference: train', tested, reference)).toEqual(said === undefined ? [] : [said]);
  });

  test('that differ are told once, whatever they are as many as', () => {
    expect(named(', reference: train', nine, nine.toReversed())).toEqual([
      expect.stringMatching(/number their classes differently: class 0 is airplane in the one, truck in the other/),
    ]);
  });
});
