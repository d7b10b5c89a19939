import type { Engine } from '../engine/engine.js';
import type { Graph } from '../network/graph.js';
import { nullOf, type NullVariant } from '../plan/network-variant.js';
import type { NullName } from '../spec/words/nulls.js';
import type { Tensor } from '../tensor.js';
import { shuffledNetwork } from './shuffled-network.js';

/** Makes a null of a network: number `index` of its kind, calibrated on tiles of reference images. */
type NullMaker = (
  graph: Graph,
  engine: Engine,
  reference: readonly Tensor[],
  seed: number,
  index: number,
) => Promise<Graph>;

const makers: { readonly [N in NullName]: NullMaker } = { shuffled: shuffledNetwork };

/** The null of a network that a variant names. */
export function nullNetwork(
  graph: Graph,
  engine: Engine,
  reference: readonly Tensor[],
  seed: number,
  variant: NullVariant,
): Promise<Graph> {
  const { kind, index } = nullOf(variant);
  return makers[kind](graph, engine, reference, seed, index);
}
