import { buildGraph } from '../../core/network/build.js';
import { DYNAMIC, type Shape } from '../../core/network/graph.js';
import { float32, type Tensor } from '../../core/tensor.js';
import { mask, noise, single, type ConformanceCase } from './conformance-case.js';

const comparisons = ['Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual'] as const;

/** Whole and half numbers from −2 to 2, so that some are equal. */
function halves(purpose: string, shape: Shape): Tensor<'float32'> {
  const { data } = noise(purpose, shape);
  return float32(
    shape,
    data.map((value) => Math.max(-2, Math.min(2, Math.round(2 * value) / 2))),
  );
}

const withNaN = float32([2, 3], [Number.NaN, 1, -0, Infinity, -Infinity, 0]);

/** A mask that is made, moved about in every way in which operators move elements, and read. */
function movedTruths(): ConformanceCase {
  const x = noise('moved truths', [3, 4, 2, 6]);
  const flat = { axis: 1 };
  return {
    name: 'Where by a mask that was moved',
    feeds: new Map([['x', x]]),
    graph: buildGraph({
      name: 'moved truths',
      inputs: [{ id: 'x', shape: [DYNAMIC, 4, 2, 6], dtype: 'float32' }],
      outputs: ['y'],
      nodes: [
        { id: 'above', op: 'Greater', inputs: ['x', 'c'], outputs: ['above'] },
        { id: 'turned', op: 'Transpose', inputs: ['above'], outputs: ['turned'], attributes: { perm: [0, 1, 3, 2] } },
        { id: 'back', op: 'Transpose', inputs: ['turned'], outputs: ['back'], attributes: { perm: [0, 1, 3, 2] } },
        { id: 'parts', op: 'Split', inputs: ['back'], outputs: ['p', 'q'], attributes: { axis: 1, split: [1, 3] } },
        { id: 'joined', op: 'Concat', inputs: ['q', 'p'], outputs: ['joined'], attributes: flat },
        {
          id: 'picked',
          op: 'Gather',
          inputs: ['joined'],
          outputs: ['picked'],
          attributes: { axis: 1, indices: [3, 0, 1, 2] },
        },
        {
          id: 'cut',
          op: 'Slice',
          inputs: ['picked'],
          outputs: ['cut'],
          attributes: { starts: [0], ends: [1], axes: [3], steps: [1] },
        },
        { id: 'wide', op: 'Expand', inputs: ['cut'], outputs: ['wide'], attributes: { shape: [1, 4, 2, 6] } },
        { id: 'flat', op: 'Flatten', inputs: ['wide'], outputs: ['flat'], attributes: flat },
        { id: 'shaped', op: 'Reshape', inputs: ['flat'], outputs: ['shaped'], attributes: { shape: [0, 4, 2, 6] } },
        { id: 'y', op: 'Where', inputs: ['shaped', 'x', 'c'], outputs: ['y'] },
      ],
      constants: new Map([['c', noise('moved c', [4, 1, 1])]]),
    }),
  };
}

/** Comparisons, what is made of them, and functions that rise in steps. */
export const truthCases = (x: Tensor): readonly ConformanceCase[] => [
  ...comparisons.flatMap((op) => [
    single(`${op} of activations`, op, [x, halves('other', [3, 4, 1, 6])], [], {}),
    single(`${op} with itself and NaN`, op, [withNaN, withNaN], [], {}),
    single(`${op} with a constant per channel`, op, [halves('halves', [3, 4, 5, 6])], [halves('c', [4, 1, 1])], {}),
  ]),
  ...(['And', 'Or', 'Xor', 'Equal'] as const).map((op) =>
    single(`${op} of truth values`, op, [mask('a', [3, 4, 5, 6]), mask('b', [3, 4, 1, 1])], [], {}),
  ),
  single('Not', 'Not', [mask('not', [3, 4, 5, 6])], [], {}),
  ...(['Ceil', 'Floor', 'Round', 'Sign'] as const).map((op) =>
    single(op, op, [halves('halves', [3, 4, 5, 6])], [], {}),
  ),
  ...(['Sin', 'Cos'] as const).map((op) => single(op, op, [noise(op, [40, 50])], [], {})),
  movedTruths(),
];
