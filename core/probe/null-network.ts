import type { Graph } from '../network/graph.js';
import { nullOf, type NullVariant } from '../plan/network-variant.js';
import type { MadeNullName } from '../spec/words/nulls.js';
import type { Recalibration } from './recalibration.js';
import { reinitialisedNetwork } from './reinitialised-network.js';
import { shuffledNetwork } from './shuffled-network.js';

/** Gives a network the weights of number `index` of the nulls of a kind. */
type NullMaker = (graph: Graph, seed: number, index: number) => Graph;

const makers: { readonly [N in MadeNullName]: NullMaker } = {
  shuffled: shuffledNetwork,
  reinitialised: reinitialisedNetwork,
};

/** The null of a network that a variant names: other weights, fitted to the reference images. */
export function nullNetwork(
  graph: Graph,
  recalibration: Recalibration,
  seed: number,
  variant: NullVariant,
): Promise<Graph> {
  const { kind, index } = nullOf(variant);
  return recalibration.fit(makers[kind](graph, seed, index));
}
