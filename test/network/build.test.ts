import { expect, test } from 'vitest';
import { buildGraph, type NodeDraft } from '../../core/network/build.js';
import { DYNAMIC } from '../../core/network/graph.js';
import { float32 } from '../../core/tensor.js';

const relu = (id: string, from: string, to: string): NodeDraft => ({ id, op: 'Relu', inputs: [from], outputs: [to] });
const build = (nodes: readonly NodeDraft[], outputs: readonly string[] = ['y']) =>
  buildGraph({
    name: 'net',
    inputs: [{ id: 'x', shape: [DYNAMIC, 3], dtype: 'float32' }],
    outputs,
    nodes,
    constants: new Map([['c', float32([3], [1, 2, 3])]]),
  });

test('nodes and constants that no output needs are left out; paths default to ids', () => {
  const graph = build([relu('a', 'x', 'y'), relu('b', 'y', 'z')]);
  expect(graph.nodes).toEqual([
    { id: 'a', op: 'Relu', inputs: ['x'], outputs: ['y'], attributes: {}, path: 'a', aliases: [] },
  ]);
  expect([...graph.constants.keys()]).toEqual([]);
  expect([...graph.shapes]).toEqual([
    ['x', [DYNAMIC, 3]],
    ['y', [DYNAMIC, 3]],
  ]);
});

test.each([
  ['a value read before it is written', [relu('a', 'z', 'y'), relu('b', 'x', 'z')], /"a" reads "z" before/],
  ['a value with two sources', [relu('a', 'x', 'y'), relu('b', 'x', 'y')], /"y" has two sources/],
  ['two nodes of one name', [relu('a', 'x', 'z'), relu('a', 'z', 'y')], /two nodes are called "a"/],
  ['an output that nothing writes', [relu('a', 'x', 'z')], /nothing writes the output "y"/],
] as const)('%s is refused, naming graph and place', (_, nodes, message) => {
  expect(() => build(nodes)).toThrow(
    expect.objectContaining({ code: 'MODEL_INVALID', message: expect.stringMatching(message) }),
  );
  expect(() => build(nodes)).toThrow(/graph "net"/);
});

test('shapes that do not fit are refused by the node’s name', () => {
  const add: NodeDraft = { id: 'n', path: 'layer1.add', op: 'Add', inputs: ['x', 'c4'], outputs: ['y'] };
  const draft = { name: 'net', inputs: [{ id: 'x', shape: [DYNAMIC, 3], dtype: 'float32' as const }], outputs: ['y'] };
  const constants = new Map([['c4', float32([4], [1, 2, 3, 4])]]);
  expect(() => buildGraph({ ...draft, nodes: [add], constants })).toThrow(
    /Add "layer1\.add \(n\)": shapes \[\?, 3\] and \[4\]/,
  );
});

test('open dimensions may stand anywhere, as program graphs for many conditions need', () => {
  const graph = buildGraph({
    name: 'conditions',
    inputs: [
      { id: 'x', shape: [DYNAMIC, 4, 5, 5], dtype: 'float32' },
      { id: 'keep', shape: [DYNAMIC, 1, 4, 1, 1], dtype: 'bool' },
      { id: 'shift', shape: [DYNAMIC, DYNAMIC, 4, DYNAMIC, DYNAMIC], dtype: 'float32' },
    ],
    outputs: ['rows'],
    nodes: [
      { id: 'raise', op: 'Reshape', inputs: ['x'], outputs: ['x5'], attributes: { shape: [1, -1, 4, 5, 5] } },
      { id: 'edit', op: 'Where', inputs: ['keep', 'x5', 'shift'], outputs: ['e'] },
      { id: 'lower', op: 'Reshape', inputs: ['e'], outputs: ['rows'], attributes: { shape: [-1, 4, 5, 5] } },
    ],
    constants: new Map(),
  });
  expect(graph.shapes.get('x5')).toEqual([1, DYNAMIC, 4, 5, 5]);
  expect(graph.shapes.get('e')).toEqual([DYNAMIC, DYNAMIC, 4, 5, 5]);
  expect(graph.shapes.get('rows')).toEqual([DYNAMIC, 4, 5, 5]);
});
