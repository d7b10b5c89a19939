import { poolOf } from '../../core/probe/kernel-pool.js';
import { gatherMoments, type Moments } from '../../core/probe/moments.js';
import { withChoices } from '../../core/probe/site-substitutes.js';
import type { MomentsSource } from '../../core/probe/substituting.js';
import type { InstrumentedNetwork } from '../../core/probe/instrumented-network.js';
import type { Graph } from '../../core/network/graph.js';
import type { Tensor } from '../../core/tensor.js';
import { SmallNetwork } from '../import/fixtures/small-network.js';

/** Moments gathered where they are asked for, without a store. */
export const momentsFrom =
  (network: InstrumentedNetwork, reference: Tensor): MomentsSource =>
  async (substitution) => {
    const pool = poolOf(network.anatomy, substitution);
    const { fill } = substitution;
    const [moments] = await gatherMoments(network, reference, [pool], fill.folds);
    return { ...withChoices(moments as Moments, pool, fill), pool };
  };

/** Four convolutions, the third of which is a branch without an activation, with a shortcut around it. */
export function plain(): Graph {
  const net = new SmallNetwork(2, 8);
  const one = net.relu('relu1', net.conv('conv1', net.input, 10));
  const two = net.relu('relu2', net.conv('conv2', one, 10, { stride: 2 }));
  const joined = net.relu('relu3', net.add('add', net.conv('conv3', two, 10), two));
  return net.graph(net.head(net.relu('relu4', net.conv('conv4', joined, 6))));
}
