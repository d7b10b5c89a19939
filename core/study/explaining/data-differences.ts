import type { Json } from '../../canonical.js';
import type { Chunk } from '../../data/chunk.js';
import { sha256, type Digest } from '../../digest.js';
import type { ResolvedData } from '../../spec/resolved-study.js';
import { shareOf } from '../../spec/shares.js';
import type { DataSpec } from '../../spec/study-spec.js';
import { shown, type Difference } from './study-differences.js';

/** An image set of one of the two studies that are compared. */
export interface ComparedData {
  readonly data: ResolvedData;
  /** As its author declared it, where that is known. */
  readonly spec?: DataSpec;
  readonly seed: number;
  chunk(digest: Digest): Promise<Chunk>;
}

/** Images that are looked at; of more, the first. */
const MOST = 20_000;

interface Images {
  readonly pixels: readonly Digest[];
  readonly labels: readonly number[];
  readonly shape: string;
}

async function imagesOf({ data, chunk }: ComparedData): Promise<Images> {
  const [pixels, labels]: [Digest[], number[]] = [[], []];
  for (const { digest } of data.chunks) {
    if (pixels.length >= MOST) break;
    const { pixels: all, labels: own } = await chunk(digest);
    const size = all.data.length / Math.max(1, own.length);
    for (const [i, label] of own.entries()) {
      const { buffer, byteOffset, BYTES_PER_ELEMENT: bytes } = all.data;
      pixels.push(sha256(new Uint8Array(buffer, byteOffset + i * size * bytes, size * bytes)));
      labels.push(label);
    }
  }
  return { pixels, labels, shape: data.shape.join(' × ') };
}

/** Keys of an image set that say which images there are, in which order, and how they are decoded. */
const told = ['images', 'order', 'resize', 'crop', 'format'] as const;

/**
 * Why two image sets are not the same images: which keys of the spec differ, and what is seen when the images themselves are compared. At least
 * one difference, of sets whose chunks differ.
 */
export async function dataDifferences(here: ComparedData, there: ComparedData): Promise<readonly Difference[]> {
  const name = here.data.name;
  const found: Difference[] = [];
  const add = (key: string, ours: Json | undefined, theirs: Json | undefined): void => {
    const component = key === '' ? `data.${name}` : `data.${name}.${key}`;
    found.push({ component, share: shareOf(['data', name, key]), here: shown(ours), there: shown(theirs) });
  };
  if (here.spec && there.spec) {
    for (const key of told) {
      const [ours, theirs] = [here.spec[key], there.spec[key]];
      if (ours !== theirs) add(key, ours ?? 'not said', theirs ?? 'not said');
    }
  }
  const [ours, theirs] = [await imagesOf(here), await imagesOf(there)];
  const has = (key: string): boolean => found.some(({ component }) => component === `data.${name}.${key}`);
  const count = ({ data }: ComparedData): number => data.chunks.reduce((sum, { images }) => sum + images, 0);
  if (ours.shape !== theirs.shape) {
    if (!has('resize') && !has('crop')) add('shape', ours.shape, theirs.shape);
    return found;
  }
  if (count(here) !== count(there) && !has('images')) add('images', count(here), count(there));
  const labels = new Map(theirs.pixels.map((digest, i) => [digest, theirs.labels[i]]));
  const shared = ours.pixels.filter((digest) => labels.has(digest)).length;
  const relabelled = ours.pixels.filter(
    (digest, i) => labels.has(digest) && labels.get(digest) !== ours.labels[i],
  ).length;
  const common = Math.min(ours.pixels.length, theirs.pixels.length);
  const moved = ours.pixels.slice(0, common).filter((digest, i) => digest !== theirs.pixels[i]).length;
  // A seeded order is stratified by class, so that other labels make another order.
  if (relabelled > 0) add('labels', `${relabelled} of ${shared} images have others`, 'the same images');
  else if (moved > 0 && !has('order') && !has('resize') && !has('crop')) {
    const ordered = [here, there].every(({ spec }) => spec === undefined || spec.order === 'seeded');
    if (ordered && here.seed !== there.seed)
      add('order', `as seed ${here.seed} draws it`, `as seed ${there.seed} draws it`);
    else if (shared < common)
      add('files', `${shared} of ${ours.pixels.length} images are also there`, `${theirs.pixels.length} images`);
    else add('order', `${moved} of the first ${common} stand elsewhere`, 'the same images');
  }
  return found.length > 0 ? found : [{ component: `data.${name}`, share: 'values', here: null, there: null }];
}
