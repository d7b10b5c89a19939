import { DYNAMIC } from '../../network/graph.js';
import { UnsupportedNode } from '../unsupported.js';
import { numbers, scalar, type Rule, type Translation } from './translation.js';

function pair(t: Translation, name: string, otherwise: readonly [number, number]): readonly [number, number] {
  const given = t.attributes.ints(name, undefined);
  if (given === undefined) return otherwise;
  const [rows, columns] = given;
  if (rows === undefined || columns === undefined || given.length > 2)
    throw new UnsupportedNode('only two dimensions of space are supported');
  return [rows, columns];
}

interface Geometry {
  readonly size: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
}

/** Pads top, left, bottom, right; `auto_pad` worked out for the input's size. */
function padding(t: Translation, { size, strides, dilations }: Geometry): number[] {
  const mode = t.attributes.text('auto_pad', 'NOTSET');
  if (mode === 'VALID') return [0, 0, 0, 0];
  if (mode === 'NOTSET') return t.attributes.ints('pads', [0, 0, 0, 0]);
  if (mode !== 'SAME_UPPER' && mode !== 'SAME_LOWER') throw new UnsupportedNode(`auto_pad ${mode}`);
  const totals = ([0, 1] as const).map((axis) => {
    const extent = t.shape(0)[axis + 2];
    if (extent === undefined || extent === DYNAMIC)
      throw new UnsupportedNode(`auto_pad ${mode} needs a fixed image size`);
    const count = Math.ceil(extent / strides[axis]);
    return Math.max(0, (count - 1) * strides[axis] + (size[axis] - 1) * dilations[axis] + 1 - extent);
  });
  const small = totals.map((total) => Math.floor(total / 2));
  const large = totals.map((total) => Math.ceil(total / 2));
  return mode === 'SAME_UPPER' ? [...small, ...large] : [...large, ...small];
}

const conv: Rule = (t) => {
  const weights = t.shape(1);
  const [rows, columns] = weights.slice(2);
  if (weights.length !== 4 || rows === undefined || columns === undefined) {
    throw new UnsupportedNode(
      `only two-dimensional convolutions are supported, its weights have ${weights.length - 2} dimensions of space`,
    );
  }
  const geometry: Geometry = {
    size: [rows, columns],
    strides: pair(t, 'strides', [1, 1]),
    dilations: pair(t, 'dilations', [1, 1]),
  };
  const inputs = t.inputs.slice(0, (t.inputs[2] ?? '') === '' ? 2 : 3);
  t.add('Conv', inputs, {
    dilations: geometry.dilations,
    group: t.attributes.int('group', 1),
    pads: padding(t, geometry),
    strides: geometry.strides,
  });
};

const pool =
  (op: 'MaxPool' | 'AveragePool'): Rule =>
  (t) => {
    const geometry: Geometry = {
      size: pair(t, 'kernel_shape', [1, 1]),
      strides: pair(t, 'strides', [1, 1]),
      dilations: pair(t, 'dilations', [1, 1]),
    };
    if (op === 'MaxPool' && t.attributes.flag('storage_order', 0) !== 0)
      throw new UnsupportedNode('storage_order 1 is not supported');
    if (op === 'AveragePool' && geometry.dilations.some((dilation) => dilation !== 1))
      throw new UnsupportedNode('it is dilated');
    t.add(
      op,
      t.inputs.slice(0, 1),
      {
        kernel_shape: geometry.size,
        strides: geometry.strides,
        dilations: geometry.dilations,
        pads: padding(t, geometry),
        ceil_mode: t.attributes.flag('ceil_mode', 0),
        ...(op === 'AveragePool' ? { count_include_pad: t.attributes.flag('count_include_pad', 0) } : {}),
      },
      t.outputs.slice(0, 1),
    );
  };

const pad: Rule = (t) => {
  const rank = t.shape(0).length;
  const given = numbers(t, 'pads', 1) ?? [];
  const axes =
    numbers(t, 'axes', 3)?.map((axis) => (axis < 0 ? axis + rank : axis)) ?? Array.from({ length: rank }, (_, i) => i);
  if (new Set(axes).size !== axes.length || axes.some((axis) => !(axis >= 0 && axis < rank)))
    throw new UnsupportedNode(`axes ${axes.join(', ')} in ${rank} dimensions`);
  if (given.length !== 2 * axes.length)
    throw new UnsupportedNode(`${2 * axes.length} pads expected, got ${given.length}`);
  const pads = new Array<number>(2 * rank).fill(0);
  axes.forEach((axis, i) => {
    pads[axis] = given[i] as number;
    pads[axis + rank] = given[i + axes.length] as number;
  });
  const mode = t.attributes.text('mode', 'constant');
  if (!['constant', 'edge', 'reflect'].includes(mode))
    throw new UnsupportedNode(`padding mode ${mode} is not supported`);
  t.add('Pad', t.inputs.slice(0, 1), { mode, pads, value: scalar(t, 'value', 2, 0) });
};

/** Operators with windows. */
export const windowRules = {
  Conv: conv,
  MaxPool: pool('MaxPool'),
  AveragePool: pool('AveragePool'),
  Pad: pad,
} satisfies Record<string, Rule>;
