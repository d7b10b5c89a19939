import { largest } from '../extremes.js';
import type { Json } from '../canonical.js';
import type { Digest } from '../digest.js';
import type { Anatomy, Site } from '../anatomy/site.js';
import type { ImpulseSpec } from '../spec/study-spec.js';
import { bases as flatBases, type BaseName } from '../spec/words/bases.js';
import { positionsOf, type Position } from './positions.js';
import { selectSites } from './target.js';

/** What the impulses ride on: a flat image, or one of the reference images. */
export type Base = BaseName | { readonly image: number };

/** All impulses at one place on one base, or those at one of its seeded positions, given to the network itself: what one response object holds. */
export interface ImpulseGroup {
  /** `input`, or the name of a site. */
  readonly at: string;
  readonly base: Base;
  readonly channels: readonly number[];
  readonly positions: readonly Position[];
  readonly amplitudes: { readonly unit: 'input' | 'std'; readonly values: readonly number[] };
  readonly record: readonly string[];
  readonly keep: ImpulseSpec['keep'];
}

export interface ImpulseContext {
  readonly seed: number;
  readonly anatomy: Anatomy;
  /** [channels, height, width] of an image in the network's input. */
  readonly image: readonly number[];
}

const all = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Readable name of a base: `normalised-zero`, `image 3`. */
export function printBase(base: Base): string {
  return typeof base === 'string' ? base : `image ${base.image}`;
}

/** Every group of impulses of one spec for one network, in canonical order: place, base, part of its positions. */
export function impulseGroupsOf(spec: ImpulseSpec, context: ImpulseContext): readonly ImpulseGroup[] {
  const recorded = selectSites(context.anatomy, spec.record);
  const places = spec.at === 'input' ? (['input'] as const) : selectSites(context.anatomy, spec.at);
  if (places.length === 0) return [];
  const bases: readonly Base[] =
    'images' in spec.bases ? all(spec.bases.images).map((image) => ({ image })) : spec.bases;
  return places.flatMap((place) => {
    const site = place === 'input' ? undefined : place;
    const shape = site ? site.shape : context.image;
    const deeper = recorded.filter((other) => site === undefined || other.depth > site.depth);
    const partsOf = positionsOf(spec, { seed: context.seed, shape, stride: site ? 1 : strideOf(deeper) });
    return bases.flatMap((base, index) =>
      partsOf(index).map((positions): ImpulseGroup => ({
        at: site ? site.name : 'input',
        base,
        channels: spec.channels === 'each' ? all(shape[0] as number) : spec.channels,
        positions,
        amplitudes: spec.amplitudes,
        record: deeper.map((other) => other.name),
        keep: spec.keep,
      })),
    );
  });
}

const strideOf = (sites: readonly Site[]): number =>
  largest([1, ...sites.map((site) => Math.round(Math.max(site.stride[0], site.stride[1])))]);

/** What identifies a group's responses besides network and numeric mode; the reference images count where they are used. */
export function impulseIdentity(group: ImpulseGroup, reference: Digest): Json {
  const usesReference =
    group.amplitudes.unit === 'std' || typeof group.base !== 'string' || flatBases[group.base].reference;
  return {
    ...(group as unknown as { [key: string]: Json }),
    variant: 'intact',
    reference: usesReference || group.at !== 'input' ? reference : null,
  };
}
