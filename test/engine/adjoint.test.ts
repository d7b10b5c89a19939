import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';

/*
 * The definitions of the operators compute in float32. With these two they compute in float64, the same lines of them, so that differences
 * of neighbouring arguments tell a derivative to eight places. Only in this file's process.
 */
vi.hoisted(() => {
  Object.assign(globalThis, { Float32Array: Float64Array });
  Math.fround = (x) => x;
});

import { evaluateGraph } from '../../core/engine/reference.js';
import { AdjointProgram, COTANGENT } from '../../core/network/adjoint.js';
import { buildGraph, type NodeDraft } from '../../core/network/build.js';
import type { Graph, Shape, ValueId } from '../../core/network/graph.js';
import { operators, type OperatorName } from '../../core/network/operators/table.js';
import { float32, sizeOf, type Tensor } from '../../core/tensor.js';
import { conformanceCases } from './cases.js';
import { noise, single, type Attributes } from './conformance-case.js';
import { randomGraph } from './random-graph.js';

/** Cotangents of each image. */
const COTANGENTS = 3;
const STEP = 1e-6;
/** Of the largest magnitude that the sum could have. */
const TOLERANCE = 1e-7;
/** What float64 leaves of a difference over twice the step. */
const ROUNDING = 1e-8;

type Feeds = ReadonlyMap<string, Tensor>;

const floats = (t: Tensor | undefined): Float32Array => t?.data as Float32Array;

/** Jᵀ·c by percuss, at each wanted value; those on which the output does not depend are left out. */
function passedBack(graph: Graph, feeds: Feeds, output: ValueId, wanted: readonly ValueId[], cotangent: Tensor) {
  const found = new Map<ValueId, ValueId>();
  const request = { graph, output, wanted, cotangents: cotangent.shape[0]! / imagesOf(feeds) };
  const program = new AdjointProgram(request, (value, gradient) => found.set(value, gradient.id));
  if (found.size === 0) return new Map<ValueId, Tensor>();
  const values = evaluateGraph(
    program.build('adjoint', [...found.values()]),
    new Map([...feeds, [COTANGENT, cotangent]]),
  );
  return new Map([...found].map(([value, id]) => [value, values.get(id) as Tensor]));
}

const imagesOf = (feeds: Feeds): number => [...feeds.values()][0]?.shape[0] as number;

const moved = (t: Tensor, direction: Tensor, by: number): Tensor =>
  float32(
    t.shape,
    floats(t).map((x, i) => x + by * floats(direction)[i]!),
  );

/**
 * Holds ⟨Jᵀc, v⟩ to ⟨c, J·v⟩, J·v by central differences, for each input that varies and random c and v. Gives how many rows were compared, and
 * how many not, since a function bends within the step: there the differences on either side differ.
 */
function expectAdjoint(name: string, graph: Graph, feeds: Feeds, output: ValueId, wanted: readonly ValueId[]) {
  const images = imagesOf(feeds);
  const at = (fed: Feeds): Tensor => evaluateGraph({ ...graph, outputs: [output] }, fed).get(output) as Tensor;
  const value = at(feeds);
  const rows = images * COTANGENTS;
  const cotangent = noise(`${name} cotangent`, [COTANGENTS * (value.shape[0] as number), ...value.shape.slice(1)]);
  const gradients = passedBack(graph, feeds, output, wanted, cotangent);
  const tally = { compared: 0, bent: 0 };
  for (const id of wanted) {
    const x = feeds.get(id) as Tensor;
    const direction = noise(`${name} ${id} direction`, x.shape);
    const [above, below] = [STEP, -STEP].map((by) => floats(at(new Map([...feeds, [id, moved(x, direction, by)]]))));
    const [size, own] = [value.data.length / images, x.data.length / images];
    const gradient = gradients.get(id)?.data ?? new Float32Array(COTANGENTS * x.data.length);
    for (let row = 0; row < rows; row++) {
      const from = Math.floor(row / COTANGENTS) * size;
      let [forward, backward, scale, bend] = [0, 0, 0, 0];
      for (let i = 0; i < size; i++) {
        const weight = floats(cotangent)[row * size + i]! / (2 * STEP);
        const [up, down] = [above![from + i]! - floats(value)[from + i]!, floats(value)[from + i]! - below![from + i]!];
        forward += weight * (up + down);
        scale += Math.abs(weight * (up + down));
        bend += Math.abs(weight * (up - down));
      }
      for (let i = 0; i < own; i++) {
        const part = Number(gradient[row * own + i]) * floats(direction)[Math.floor(row / COTANGENTS) * own + i]!;
        backward += part;
        scale += Math.abs(part);
      }
      const isBent = bend > 1e-3 * scale + ROUNDING;
      tally[isBent ? 'bent' : 'compared'] += 1;
      if (!isBent && !(Math.abs(forward - backward) <= TOLERANCE * scale + ROUNDING))
        expect.fail(`${name}, by ${id}, row ${row}: ${backward} instead of ${forward}`);
    }
  }
  return tally;
}

const varying = (feeds: Feeds): ValueId[] =>
  [...feeds].filter(([, { dtype }]) => dtype === 'float32').map(([id]) => id);

describe('every operator passes cotangents back as its definition passes small changes on', () => {
  /** Cases that are no functions of images one by one, and why. */
  const apart: Readonly<Record<string, string>> = {
    'Where in five dimensions': 'its operands have other numbers of images',
    'Where with one shift for all': 'its operands have other numbers of images',
    'Reshape to one more dimension': 'it moves the axis of the images',
  };
  const smooth = conformanceCases().filter(
    ({ name, graph }) =>
      !(name in apart) &&
      !graph.outputs.some((output) => graph.truths.has(output)) &&
      graph.nodes.some(({ op }) => typeof operators[op].adjoint === 'function'),
  );

  test.each(smooth.map((one) => [one.name, one] as const))('%s', (name, { graph, feeds }) => {
    for (const output of graph.outputs) expect(expectAdjoint(name, graph, feeds, output, varying(feeds)).bent).toBe(0);
  });

  test('and there is a case of each that has an adjoint', () => {
    const tried = new Set(smooth.flatMap(({ graph }) => graph.nodes.map(({ op }) => op)));
    const all = Object.keys(operators) as OperatorName[];
    expect(all.filter((op) => typeof operators[op].adjoint === 'function' && !tried.has(op))).toEqual([]);
  });
});

describe('geometry', () => {
  const side = {
    kernel: fc.integer({ min: 1, max: 4 }),
    stride: fc.integer({ min: 1, max: 3 }),
    before: fc.integer({ min: 0, max: 3 }),
    behind: fc.integer({ min: 0, max: 3 }),
    size: fc.integer({ min: 5, max: 9 }),
  };
  const sides = fc.tuple(fc.record(side), fc.record(side));
  const attributesOf = ([down, across]: readonly {
    kernel: number;
    stride: number;
    before: number;
    behind: number;
  }[]) => ({
    strides: [down!.stride, across!.stride],
    pads: [down!.before, across!.before, down!.behind, across!.behind],
  });

  test('of convolutions of any stride, dilation, padding and grouping', () => {
    fc.assert(
      fc.property(
        sides,
        fc.constantFrom(1, 2, 4),
        fc.integer({ min: 1, max: 2 }),
        fc.integer({ min: 1, max: 2 }),
        fc.integer({ min: 1, max: 2 }),
        (both, group, each, down, across) => {
          const [first, second] = both;
          fc.pre(
            first.size + first.before + first.behind > down * (first.kernel - 1) &&
              second.size + second.before + second.behind > across * (second.kernel - 1),
          );
          const x = noise('conv', [2, 4, first.size, second.size]);
          const weights = noise('weights', [4 * each, 4 / group, first.kernel, second.kernel]);
          const attributes = { ...attributesOf(both), dilations: [down, across], group };
          const { graph, feeds } = single('Conv', 'Conv', [x], [weights], attributes);
          expectAdjoint(JSON.stringify(attributes), graph, feeds, 'y0', ['x0']);
        },
      ),
      { seed: 1, numRuns: 150 },
    );
  });

  test.each(['MaxPool', 'AveragePool'] as const)('of %ss of any stride, padding and rounding', (op) => {
    fc.assert(
      fc.property(
        sides,
        fc.constantFrom(0, 1),
        fc.constantFrom(0, 1),
        fc.integer({ min: 1, max: 2 }),
        (both, ceil, counted, apart) => {
          const dilation = op === 'MaxPool' ? apart : 1;
          fc.pre(
            both.every(
              ({ kernel, before, behind, size }) =>
                before < kernel && behind < kernel && size + before + behind > dilation * (kernel - 1),
            ),
          );
          const [first, second] = both;
          const attributes = {
            ...attributesOf(both),
            kernel_shape: [first.kernel, second.kernel],
            dilations: [dilation, dilation],
            ceil_mode: ceil,
            count_include_pad: counted,
          };
          const { graph, feeds } = single(op, op, [noise('pool', [2, 3, first.size, second.size])], [], attributes);
          // Windows of nothing but padding have no largest pixel.
          fc.pre(
            evaluateGraph(graph, feeds)
              .get('y0')!
              .data.every((y) => Number.isFinite(Number(y))),
          );
          expectAdjoint(JSON.stringify(attributes), graph, feeds, 'y0', ['x0']);
        },
      ),
      { seed: 2, numRuns: 150 },
    );
  });

  test('of slices in any step, either way', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -9, max: 9 }),
        fc.integer({ min: -9, max: 9 }),
        fc.constantFrom(-3, -2, -1, 1, 2, 3),
        (start, end, step) => {
          const attributes = { starts: [start, 1], ends: [end, 4], axes: [2, 1], steps: [step, 1] };
          const { graph, feeds } = single('Slice', 'Slice', [noise('slice', [2, 4, 7, 3])], [], attributes);
          fc.pre(graph.shapes.get('y0')!.every((dim) => dim !== 0));
          expectAdjoint(JSON.stringify(attributes), graph, feeds, 'y0', ['x0']);
        },
      ),
      { seed: 3, numRuns: 60 },
    );
  });

  test('of paddings of any mode, negative ones included', () => {
    const pads = fc.array(fc.integer({ min: -2, max: 3 }), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(pads, fc.constantFrom('constant', 'edge', 'reflect'), ([a, b, c, d, e, f], mode) => {
        const attributes = { mode, pads: [0, a!, b!, c!, 0, d!, e!, f!], value: 0.5 };
        const { graph, feeds } = single('Pad', 'Pad', [noise('pad', [2, 4, 5, 6])], [], attributes);
        fc.pre(graph.shapes.get('y0')!.every((dim) => dim !== 0));
        expectAdjoint(JSON.stringify(attributes), graph, feeds, 'y0', ['x0']);
      }),
      { seed: 4, numRuns: 60 },
    );
  });

  test('of operands that are broadcast to each other, both computed', () => {
    const shapes: readonly (readonly [Shape, Shape])[] = [
      [
        [2, 3, 4, 5],
        [2, 3, 1, 1],
      ],
      [
        [2, 1, 4, 1],
        [2, 3, 1, 5],
      ],
      [
        [2, 3, 4, 5],
        [2, 3, 4, 5],
      ],
    ];
    for (const op of ['Add', 'Sub', 'Mul', 'Div', 'Max', 'Min'] as const)
      for (const [a, b] of shapes) {
        const { graph, feeds } = single(op, op, [noise(`${op} a`, a), noise(`${op} b`, b)], [], {});
        expectAdjoint(`${op} of ${a.join()} and ${b.join()}`, graph, feeds, 'y0', ['x0', 'x1']);
      }
  });

  test('of matrices, and of stacks of them, both computed', () => {
    for (const [a, b] of [
      [
        [2, 3, 4],
        [2, 4, 5],
      ],
      [
        [2, 3, 4, 5],
        [2, 1, 5, 2],
      ],
      [
        [2, 3, 4, 5],
        [2, 3, 5, 2],
      ],
    ] as const) {
      const { graph, feeds } = single('MatMul', 'MatMul', [noise('a', a), noise('b', b)], [], {});
      expectAdjoint(`MatMul of ${a.join()} and ${b.join()}`, graph, feeds, 'y0', ['x0', 'x1']);
    }
  });

  test('of slopes that are computed', () => {
    const { graph, feeds } = single('PRelu', 'PRelu', [noise('x', [2, 3, 4, 4]), noise('slope', [2, 3, 1, 1])], [], {});
    expectAdjoint('PRelu', graph, feeds, 'y0', ['x0', 'x1']);
  });
});

test('whole networks pass cotangents back, at the image and at a value on the way that several nodes read', () => {
  const all = { compared: 0, bent: 0 };
  fc.assert(
    fc.property(randomGraph(), fc.nat(), ({ graph, input }, draw) => {
      const read = graph.nodes.filter(({ outputs }) => !graph.outputs.includes(outputs[0] as string));
      const value = read[draw % read.length]!.outputs[0] as string;
      // A second feed is added to the value, so that a change of it is a change of the feed.
      const shape = graph.shapes.get(value) as Shape;
      const changed: NodeDraft = { id: 'change', op: 'Add', inputs: [value, 'change'], outputs: ['changed'] };
      const nodes = graph.nodes.flatMap((node): NodeDraft[] => {
        const own = { ...node, inputs: node.inputs.map((id) => (id === value ? 'changed' : id)) };
        return node.outputs.includes(value) ? [own, changed] : [own];
      });
      const probed = buildGraph({
        ...graph,
        nodes,
        inputs: [...graph.inputs, { id: 'change', shape, dtype: 'float32' }],
      });
      const images = input.shape[0] as number;
      const feeds = new Map<string, Tensor>([
        ['x', input],
        ['change', float32([images, ...shape.slice(1)], new Float32Array(images * sizeOf(shape.slice(1))))],
      ]);
      const { compared, bent } = expectAdjoint('network', probed, feeds, graph.outputs[0] as string, ['x', 'change']);
      all.compared += compared;
      all.bent += bent;
    }),
    { seed: 5, numRuns: 60 },
  );
  expect(all.bent).toBeLessThan(0.05 * all.compared);
});

describe('where a function bends, as in PyTorch', () => {
  const slopeAt = (op: OperatorName, x: readonly number[], attributes: Attributes = {}): number[] => {
    const { graph, feeds } = single(op, op, [float32([1, x.length], x)], [], attributes);
    const cotangent = float32(
      [1, x.length],
      x.map(() => 1),
    );
    return [...floats(passedBack(graph, feeds, 'y0', ['x0'], cotangent).get('x0'))];
  };
  const pooled = (op: OperatorName, x: readonly number[], attributes: Attributes): number[] => {
    const { graph, feeds } = single(op, op, [float32([1, 1, 2, 2], x)], [], attributes);
    const cotangent = float32([1, 1, 1, 1], [6]);
    return [...floats(passedBack(graph, feeds, 'y0', ['x0'], cotangent).get('x0'))];
  };
  const window = { kernel_shape: [2, 2], strides: [2, 2], pads: [0, 0, 0, 0], dilations: [1, 1], ceil_mode: 0 };

  test('the first of equal pixels of a window has it all; largest values along axes have equal shares', () => {
    expect(pooled('MaxPool', [1, 3, 3, 3], window)).toEqual([0, 6, 0, 0]);
    expect(pooled('GlobalMaxPool', [1, 2, 3, 3], {})).toEqual([0, 0, 6, 0]);
    expect(pooled('ReduceMax', [1, 3, 3, 3], { axes: [2, 3], keepdims: 1 })).toEqual([0, 2, 2, 2]);
  });

  test.each([
    ['Relu', [-1, 0, 1], [0, 0, 1], {}],
    ['Clip', [-1, 0, 3, 6, 7], [0, 0, 1, 0, 0], { min: 0, max: 6 }],
    ['LeakyRelu', [-1, 0, 1], [0.25, 0.25, 1], { alpha: 0.25 }],
    ['Abs', [-2, 0, 2], [-1, 0, 1], {}],
    ['HardSigmoid', [-2, 0, 2], [0, 0.25, 0], { alpha: 0.25, beta: 0.5 }],
    ['HardSwish', [-3, 0, 3], [0, 0.5, 1], {}],
    ['Elu', [0, 1], [0.5, 1], { alpha: 0.5 }],
  ] as const)('%s', (op, x, slopes, attributes) => {
    expect(slopeAt(op, x, attributes)).toEqual(slopes);
  });

  test('equal operands have half each; a norm of zeros passes nothing', () => {
    const halves = single('Max', 'Max', [float32([1, 2], [1, 2]), float32([1, 2], [1, 3])], [], {});
    const back = passedBack(halves.graph, halves.feeds, 'y0', ['x0', 'x1'], float32([1, 2], [1, 1]));
    expect([...floats(back.get('x0')), ...floats(back.get('x1'))]).toEqual([0.5, 0, 0.5, 1]);
    const norm = single('ReduceL2', 'ReduceL2', [float32([1, 2], [0, 0])], [], { axes: [1], keepdims: 1 });
    expect([...floats(passedBack(norm.graph, norm.feeds, 'y0', ['x0'], float32([1, 1], [1])).get('x0'))]).toEqual([
      0, 0,
    ]);
  });

  test('nothing passes steps and comparisons', () => {
    for (const op of ['Ceil', 'Floor', 'Round', 'Sign'] as const) {
      const { graph, feeds } = single(op, op, [noise('steps', [2, 3])], [], {});
      expect([op, passedBack(graph, feeds, 'y0', ['x0'], noise('c', [2, 3])).size]).toEqual([op, 0]);
    }
  });
});

test('what gradients do not pass is named, all of it at once', () => {
  const node = (id: string, op: OperatorName, inputs: readonly string[], attributes: Attributes): NodeDraft => ({
    id,
    op,
    inputs,
    outputs: [`${id}:0`],
    attributes,
  });
  const graph = buildGraph({
    name: 'odd',
    inputs: [{ id: 'x', shape: [-1, 3, 3, 3], dtype: 'float32' }],
    outputs: ['y'],
    constants: new Map(),
    nodes: [
      node('mixing', 'ReduceMean', ['x'], { axes: [0], keepdims: 1 }),
      node('moving', 'Transpose', ['x'], { perm: [1, 0, 2, 3] }),
      node('back', 'Transpose', ['moving:0'], { perm: [1, 0, 2, 3] }),
      { id: 'sum', op: 'Add', inputs: ['mixing:0', 'back:0'], outputs: ['y'] },
    ],
  });
  const attempt = (): unknown => new AdjointProgram({ graph, output: 'y', wanted: ['x'], cotangents: 1 }, () => {});
  expect(attempt).toThrow(/"odd".*gradients do not pass ReduceMean "mixing".*Transpose "back"/);
});
