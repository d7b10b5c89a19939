import { buildGraph } from './build.js';
import { DYNAMIC, type Graph, type GraphInput, type Node, type ValueId } from './graph.js';
import { segment } from './segment.js';

/**
 * Conditions that edit at so many cuts or more go through one program from their first cut on, with an edit at every later one:
 * drawn over all depths, they have hardly a beginning in common, and stopping at every cut would cost more than an edit
 * that is not used.
 */
export const SPREAD_CUTS = 3;

/**
 * A value that the program may edit, [images, C, H, W]: `Where(keep, x, shift)` with keep: bool [1, C, 1, 1] and shift: float32,
 * broadcast against x.
 */
export interface Selected {
  readonly value: ValueId;
  readonly keep: string;
  readonly shift: string;
}

export interface SpreadProgram {
  /** From what is alive at the cut, before the edit, to the outputs. */
  readonly graph: Graph;
  readonly selected: readonly Selected[];
}

/** The rest of a network behind a cut, with an edit at each of `values`: for one condition and many images at a time. */
export function spreadProgram(
  graph: Graph,
  name: string,
  cut: { readonly live: readonly ValueId[] },
  values: readonly ValueId[],
  outputs: readonly ValueId[],
): SpreadProgram {
  const rest = segment(graph, name, cut.live, outputs);
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
  const given = new Set(cut.live);
  return {
    graph: buildGraph({
      name,
      inputs: [...rest.inputs, ...inputs],
      outputs,
      nodes: [
        ...selected.filter(({ value }) => given.has(value)).flatMap(select),
        ...rest.nodes.flatMap((own) => [
          { ...own, inputs: own.inputs.map((read) => editedAs.get(read) ?? read) },
          ...selected.filter(({ value }) => own.outputs.includes(value)).flatMap(select),
        ]),
      ],
      constants: rest.constants,
    }),
    selected,
  };
}

const node = (
  op: Node['op'],
  output: ValueId,
  inputs: readonly ValueId[],
  attributes: Node['attributes'] = {},
): Omit<Node, 'path' | 'aliases'> => ({ id: `edit:${output}`, op, inputs, outputs: [output], attributes });
