import { buildGraph } from '../network/build.js';
import { DYNAMIC, type Graph, type GraphInput, type Node, type ValueId } from '../network/graph.js';
import { readOnTheWay, segment } from './segment.js';

/**
 * A value that the program may edit, [images, C, H, W]: `Where(keep, x, shift)` with keep: bool [1, C, 1, 1] and shift: float32,
 * broadcast against x.
 */
export interface Selected {
  readonly value: ValueId;
  readonly keep: string;
  readonly shift: string;
}

/** From where to where a program goes, and which values on the way it may edit, those where it begins among them. */
export interface Stretch {
  readonly live: readonly ValueId[];
  readonly values: readonly ValueId[];
  readonly end: readonly ValueId[];
}

export interface TailProgram {
  readonly graph: Graph;
  readonly selected: readonly Selected[];
  /** The network's values that its outputs are, edited perhaps, by what these are called. */
  readonly outputs: ReadonlyMap<ValueId, string>;
}

/** A part of a network with an edit at each of some values: for one condition and many images at a time. */
export function tailProgram(graph: Graph, name: string, { live, values, end }: Stretch): TailProgram {
  const rest = segment(graph, name, readOnTheWay(graph, live, end), end);
  const selected = values.map((value) => ({ value, keep: `keep:${value}`, shift: `shift:${value}` }));
  const map = (value: ValueId): readonly number[] => (graph.shapes.get(value) as readonly number[]).slice(1);
  const inputs = selected.flatMap(({ value, keep, shift }): readonly GraphInput[] => {
    const [channels = 0, ...space] = map(value);
    return [
      { id: keep, shape: [1, channels, ...space.map(() => 1)], dtype: 'bool' },
      { id: shift, shape: [DYNAMIC, channels, ...space.map(() => DYNAMIC)], dtype: 'float32' },
    ];
  });
  const select = ({ value, keep, shift }: Selected): readonly Omit<Node, 'path' | 'aliases'>[] => [
    node('Where', `${value}|chosen`, [keep, value, shift]),
    // The shift's open dimensions would leave the map's open, too.
    node('Reshape', `${value}|edited`, [`${value}|chosen`], { shape: [DYNAMIC, ...map(value)] }),
  ];
  const editedAs = new Map(values.map((value) => [value, `${value}|edited`]));
  const given = new Set(live);
  const edited = (value: ValueId): ValueId => editedAs.get(value) ?? value;
  return {
    graph: buildGraph({
      name,
      inputs: [...rest.inputs, ...inputs],
      outputs: end.map(edited),
      nodes: [
        ...selected.filter(({ value }) => given.has(value)).flatMap(select),
        ...rest.nodes.flatMap((own) => [
          { ...own, inputs: own.inputs.map(edited) },
          ...selected.filter(({ value }) => own.outputs.includes(value)).flatMap(select),
        ]),
      ],
      constants: rest.constants,
    }),
    selected,
    outputs: new Map(end.map((value) => [value, edited(value)])),
  };
}

const node = (
  op: Node['op'],
  output: ValueId,
  inputs: readonly ValueId[],
  attributes: Node['attributes'] = {},
): Omit<Node, 'path' | 'aliases'> => ({ id: `edit:${output}`, op, inputs, outputs: [output], attributes });
