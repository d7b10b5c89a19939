import type { Workload } from '../core/plan/prediction.js';
import type { Lesion } from './sweep.js';

/** Multiply-accumulates that lesions take an image, each beginning that several have in common computed once. */
export interface SharedWork {
  /** With beginnings shared. */
  readonly shared: number;
  /** And where an only cut, of one channel, is carried on as a difference. */
  readonly carried: number;
}

/**
 * The least work of lesions as a tree of their cuts, all of them in one run: what sharing can save at most. From each
 * cut on, the network runs once to the furthest next cut, and once to the end for a lesion that ends here.
 */
export function sharedWork(lesions: readonly Lesion[], workload: Workload): SharedWork {
  const behind = (site: string): number => workload.behind(site, false).macs;
  const furthest = (group: readonly Lesion[], depth: number): number =>
    Math.min(...group.map(({ cuts }) => behind(cuts[depth]?.site ?? '')));
  const below = (group: readonly Lesion[], depth: number): SharedWork => {
    const total = { shared: 0, carried: 0 };
    for (const same of grouped(group, ({ cuts }) => JSON.stringify(cuts[depth]))) {
      const cut = same[0]?.cuts[depth];
      if (!cut) continue;
      const going = same.filter(({ cuts }) => cuts.length > depth + 1);
      const ends = going.length < same.length;
      const onwards = going.length === 0 ? 0 : behind(cut.site) - furthest(going, depth + 1);
      const deeper = below(going, depth + 1);
      total.shared += (ends ? behind(cut.site) : onwards) + deeper.shared;
      total.carried +=
        (ends ? workload.behind(cut.site, depth === 0 && cut.channels.length === 1).macs : 0) +
        onwards +
        deeper.carried;
    }
    return total;
  };
  const intact = workload.whole.macs - furthest(lesions, 0);
  const { shared, carried } = below(lesions, 0);
  return { shared: intact + shared, carried: intact + carried };
}

function grouped<T>(list: readonly T[], by: (item: T) => string): readonly (readonly T[])[] {
  const groups = new Map<string, T[]>();
  for (const item of list) {
    const key = by(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return [...groups.values()];
}
