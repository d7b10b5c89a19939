import type { Digest } from '../digest.js';
import type { ValueId } from '../network/graph.js';
import type { Edit } from '../plan/condition.js';
import type { ReferenceSet, SiteStatistics } from './reference-set.js';

/** How much of a map a fill prescribes: one number a channel, one map a channel, or one map a channel and image. */
export type FillReach = 'channel' | 'position' | 'image';

/** What replaces removed channels at one site, ready to be written into feeds. */
export interface FillValues {
  readonly reach: FillReach;
  /** Values for a channel of an image of the chunk: 1 element, or one for each position. */
  values(channel: number, image: number): Float32Array;
}

const ZERO = new Float32Array(1);

/** Values of fills, from the reference set; its statistics and planes must be loaded (see `prepareFills`). */
export function fillValues(
  edit: Edit,
  value: ValueId,
  source: {
    readonly reference: ReferenceSet;
    readonly statistics: ReadonlyMap<ValueId, SiteStatistics>;
    readonly chunk: Digest;
    readonly images: number;
  },
): FillValues {
  const { fill } = edit;
  switch (fill.kind) {
    case 'zero':
      return { reach: 'channel', values: () => ZERO };
    case 'mean':
      return meanValues(source.statistics.get(value) as SiteStatistics, fill.per);
    case 'resample': {
      const donors = source.reference.donors(source.chunk, fill.draw, source.images);
      return {
        reach: 'image',
        values: (channel, image) => source.reference.plane(value, channel, donors[image] as number),
      };
    }
  }
}

function meanValues({ mean, meanMap }: SiteStatistics, per: 'channel' | 'position'): FillValues {
  switch (per) {
    case 'channel': {
      const means = Float32Array.from(mean);
      return { reach: 'channel', values: (channel) => means.subarray(channel, channel + 1) };
    }
    case 'position': {
      const map = Float32Array.from(meanMap);
      const positions = meanMap.length / mean.length;
      return { reach: 'position', values: (channel) => map.subarray(channel * positions, (channel + 1) * positions) };
    }
  }
}
