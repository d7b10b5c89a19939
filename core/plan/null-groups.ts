import type { Json } from '../canonical.js';
import type { Digest } from '../digest.js';
import type { Site } from '../anatomy/site.js';
import { smallest } from '../extremes.js';
import { smallestPair } from '../spec/compared-impulses.js';
import type { ImpulseSpec } from '../spec/study-spec.js';
import { sizeOf } from '../tensor.js';
import { printBase, type Base, type ImpulseGroup } from './impulses.js';
import type { NullVariant } from './network-variant.js';
import type { Position } from './positions.js';

/**
 * Impulses on several bases at the input, given to a null: what one object of signatures holds. They are those of the network
 * itself, less all amplitudes but the smallest pair, since nothing but signatures is asked of a null.
 */
export interface NullGroup {
  readonly variant: NullVariant;
  readonly bases: readonly { readonly base: Base; readonly positions: readonly Position[] }[];
  readonly channels: readonly number[];
  readonly amplitudes: ImpulseSpec['amplitudes'];
  readonly record: readonly string[];
}

/** Bytes of the signatures in one object at most, before what is 0 is left out; one base whatever it takes. */
const OBJECT_BYTES = 2 ** 27;
/** Bases in one object at most, so that more of them keep what is stored; fewer are a power of two, so that doubling them does. */
const OBJECT_BASES = 64;

/** Bytes of signatures on one base, at most: whole grids, which are no larger than the smallest map. */
export function signatureBytes(recorded: readonly Site[], pairs: number): number {
  const points = smallest(recorded.map((site) => sizeOf(site.shape.slice(1))));
  return recorded.reduce((sum, site) => sum + 4 * site.channels * pairs * points, 0);
}

/** How many bases stand in one object, whose signatures on one take so many bytes. */
export const basesOfObject = (bytes: number): number =>
  Math.max(1, Math.min(OBJECT_BASES, 2 ** Math.floor(Math.log2(OBJECT_BYTES / Math.max(1, bytes)))));

/** What is asked of nulls, by what is asked of the network itself: null by null, part of positions by part, so many bases at a time. */
export function nullGroupsOf(
  groups: readonly ImpulseGroup[],
  variants: readonly NullVariant[],
  sites: readonly Site[],
): readonly NullGroup[] {
  const [first] = groups;
  const pair = first && smallestPair(first.amplitudes.values);
  if (!first || !pair) return [];
  const recorded = sites.filter(({ name }) => first.record.includes(name));
  const each = basesOfObject(signatureBytes(recorded, first.channels.length * first.positions.length));
  const parts = byPart(groups).flatMap((own) =>
    Array.from({ length: Math.ceil(own.length / each) }, (_, part) =>
      own.slice(part * each, (part + 1) * each).map(({ base, positions }) => ({ base, positions })),
    ),
  );
  const { channels, record, amplitudes } = first;
  return variants.flatMap((variant) =>
    parts.map((bases) => ({ variant, bases, channels, amplitudes: { ...amplitudes, values: pair }, record })),
  );
}

/** The first group of each base, then the second of each: so that more positions keep what there is. */
function byPart(groups: readonly ImpulseGroup[]): readonly (readonly ImpulseGroup[])[] {
  const seen = new Map<string, number>();
  const parts: ImpulseGroup[][] = [];
  for (const group of groups) {
    const base = printBase(group.base);
    const part = seen.get(base) ?? 0;
    seen.set(base, part + 1);
    (parts[part] ??= []).push(group);
  }
  return parts;
}

/** What identifies the signatures of a null besides network and numeric mode. */
export function nullIdentity(group: NullGroup, seed: number, reference: Digest): Json {
  const { variant, ...rest } = group;
  return { ...(rest as unknown as { [key: string]: Json }), variant: { ...variant, seed }, reference };
}
