import type { Digest } from '../digest.js';
import type { ValueId } from '../network/graph.js';
import type { Edit } from '../plan/condition.js';
import type { Fill, SubstituteFill } from '../spec/words/fills.js';
import type { IntactValues } from './intact-values.js';
import type { FillValues } from './fill-values.js';
import type { EarlierValues } from './earlier-values.js';
import type { ReferenceSet, SiteStatistics } from './reference-set.js';
import type { Substituting } from './substituting.js';

/** Where values of fills come from; what a kind `reads` is loaded. */
export interface FillSource {
  readonly reference: ReferenceSet;
  readonly statistics: ReadonlyMap<ValueId, SiteStatistics>;
  readonly intact: IntactValues;
  readonly substituting: Substituting;
  readonly earlier: EarlierValues;
  /** Best constants of the channels of sites, by name. */
  readonly optima: ReadonlyMap<string, Float64Array>;
  readonly chunk: Digest;
  readonly images: number;
}

/**
 * How a fill takes the place of a channel where a lesion is linearised: nothing does; what its values say, the same for all images; the maps of
 * other images, which `donors` names; what other kernels of the same image tell; or why its change at a site is not known beforehand, a clause.
 */
export type LinearisedFill =
  | 'nothing'
  | 'values'
  | { readonly donors: (reference: ReferenceSet, chunk: Digest, images: number) => Uint32Array }
  | { readonly told: SubstituteFill }
  | { readonly refused: string };

interface FillKind<F extends Fill> {
  /** What must be loaded: of the reference set statistics of its sites, the maps of the removed channels, moments or best constants; or the intact values of the images. */
  readonly reads: 'nothing' | 'statistics' | 'planes' | 'moments' | 'optima' | 'intact';
  /** Values at a site whose value in the graph is `value`. */
  readonly values: (fill: F, value: ValueId, source: FillSource, edit: Edit) => FillValues;
  readonly linearised: (fill: F) => LinearisedFill;
}

const ZERO = new Float32Array(1);

const kinds: { readonly [K in Fill['kind']]: FillKind<Extract<Fill, { kind: K }>> } = {
  zero: {
    reads: 'nothing',
    values: () => ({ reach: 'channel', values: () => ZERO }),
    linearised: () => 'nothing',
  },
  mean: {
    reads: 'statistics',
    values: ({ per }, value, { statistics }) => means[per](statistics.get(value) as SiteStatistics),
    linearised: () => 'values',
  },
  resample: {
    reads: 'planes',
    values: ({ draw }, value, { reference, chunk, images }) => {
      const donors = reference.donors(chunk, draw, images);
      return {
        reach: 'image',
        values: (channel, image) => reference.plane(value, channel, donors[image] as number),
      };
    },
    linearised: ({ draw }) => ({ donors: (reference, chunk, images) => reference.donors(chunk, draw, images) }),
  },
  substitute: {
    reads: 'moments',
    values: (fill, _value, { substituting, earlier }, edit) => substituting.values(edit, fill, earlier),
    linearised: (fill) => ({ told: fill }),
  },
  optimal: {
    reads: 'optima',
    values: (_fill, _value, { optima }, { site }) => {
      const constants = Float32Array.from(optima.get(site) as Float64Array);
      return { reach: 'channel', values: (channel) => constants.subarray(channel, channel + 1) };
    },
    linearised: () => ({ refused: 'its constants are found by lesions, which a preview spares' }),
  },
  constant: {
    reads: 'nothing',
    values: ({ value }) => {
      const constant = Float32Array.of(value);
      return { reach: 'channel', values: () => constant };
    },
    linearised: () => ({ refused: 'it is tried by a search' }),
  },
  intact: {
    reads: 'intact',
    values: (_fill, value, { intact }) => ({
      reach: 'image',
      values: (channel, image) => intact.plane(value, channel, image),
    }),
    linearised: () => ({ refused: 'what is held at its intact values is not linear in what is removed' }),
  },
};

/** Means over all positions, and at each. */
const means: { readonly [P in 'channel' | 'position']: (statistics: SiteStatistics) => FillValues } = {
  channel: ({ mean }) => {
    const values = Float32Array.from(mean);
    return { reach: 'channel', values: (channel) => values.subarray(channel, channel + 1) };
  },
  position: ({ mean, meanMap }) => {
    const map = Float32Array.from(meanMap);
    const positions = meanMap.length / mean.length;
    return { reach: 'position', values: (channel) => map.subarray(channel * positions, (channel + 1) * positions) };
  },
};

const kindOf = (fill: Fill): FillKind<Fill> => kinds[fill.kind] as FillKind<Fill>;

/** What must be loaded before the values of a fill are asked for. */
export const readsOf = (fill: Fill): FillKind<Fill>['reads'] => kindOf(fill).reads;

/** How a fill is linearised. */
export const linearisedFill = (fill: Fill): LinearisedFill => kindOf(fill).linearised(fill);

/** Values of an edit's fill at its site, whose value in the graph is `value`; what the fill reads must be loaded. */
export const fillValues = (edit: Edit, value: ValueId, source: FillSource): FillValues =>
  kindOf(edit.fill).values(edit.fill, value, source, edit);
