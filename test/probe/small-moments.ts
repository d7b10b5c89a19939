import { poolOf } from '../../core/probe/kernel-pool.js';
import { gatherMoments, type Moments } from '../../core/probe/moments.js';
import { withChoices } from '../../core/probe/site-substitutes.js';
import type { MomentsSource } from '../../core/probe/substituting.js';
import type { InstrumentedNetwork } from '../../core/probe/instrumented-network.js';
import type { Tensor } from '../../core/tensor.js';

/** Moments gathered where they are asked for, without a store. */
export const momentsFrom =
  (network: InstrumentedNetwork, reference: Tensor): MomentsSource =>
  async (substitution) => {
    const pool = poolOf(network.anatomy, substitution);
    const { fill } = substitution;
    const [moments] = await gatherMoments(network, reference, [pool], fill.folds);
    return { ...withChoices(moments as Moments, pool, fill), pool };
  };
