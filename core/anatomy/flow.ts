import type { Graph, Node, ValueId } from '../network/graph.js';
import type { Arithmetic, ChannelSources, NodeInputs, Role, Window } from '../network/operators/operator.js';

/** What the operator rows say of one node, asked once. */
export interface Facts {
  readonly node: Node;
  /** Place in topological order. */
  readonly position: number;
  readonly role: Role;
  readonly inputs: NodeInputs;
  /** Values it reads that are not constants. */
  readonly activations: readonly ValueId[];
  readonly output: ValueId;
  /** What the channels of its one output are made of; `mixed` where it has several. */
  readonly sources: ChannelSources;
  /** The same for each of its outputs. */
  readonly sourcesOf: readonly ChannelSources[];
  readonly window: Window | 'global' | undefined;
  readonly arithmetic: Arithmetic | undefined;
  readonly rectifies: boolean;
  readonly keepsSign: boolean;
}

/** The part of a network that one of its outputs depends on, seen as flow of channels. */
export interface Flow {
  readonly graph: Graph;
  readonly output: ValueId;
  /** In topological order. */
  readonly nodes: readonly Facts[];
  readonly producer: ReadonlyMap<ValueId, Facts>;
  readonly readers: ReadonlyMap<ValueId, readonly Facts[]>;
  /** How many take this value: nodes, and the world if it is the output. */
  uses(value: ValueId): number;
  /** Number of channels (axis 1) of a value; undefined where it has none that is known. */
  channels(value: ValueId): number | undefined;
}
