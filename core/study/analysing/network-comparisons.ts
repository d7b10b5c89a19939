import { canonicalJson } from '../../canonical.js';
import type { Ledger } from '../../ledger/ledger.js';
import { comparedImpulses } from '../../spec/compared-impulses.js';
import type { ModelOutline } from '../../plan/outline.js';
import { gridOf } from '../../probe/grid.js';
import type { BaseParts } from '../../probe/null-signatures.js';
import { loadExamples, loadResponses } from '../reading/load-model-results.js';
import type { ResponseResultRead } from '../reading/model-results.js';
import type { NullReader } from '../reading/null-reader.js';
import { basesOf, signatureParts } from './rows/redundancy.js';
import { Comparison, type ComparedNetwork } from './rows/between.js';

/** Bytes of signatures that are held at most: of networks as they are stored, and as much again of those that are being compared. */
const HELD = 2 ** 28;

/** What decides whether another network got the same impulses. */
interface GivenImpulses {
  readonly input: string;
  /** By base, and by part of its positions: place, channels and signs. */
  readonly bases: readonly (readonly string[])[];
}

/** A network as it is stored, for comparison with others. */
interface Loaded {
  readonly network: ComparedNetwork;
  /** Undefined where it has no signatures. */
  readonly impulses: GivenImpulses | undefined;
  readonly bytes: number;
}

/** Networks that are read once as long as their signatures fit into so many bytes together; those behind that, each time they are asked for. */
class Networks {
  readonly #ledger: Ledger;
  readonly #seed: number;
  readonly #room: number;
  readonly #held = new Map<ModelOutline, Loaded>();
  #bytes = 0;

  constructor(ledger: Ledger, seed: number, room: number) {
    this.#ledger = ledger;
    this.#seed = seed;
    this.#room = room;
  }

  async read(outline: ModelOutline): Promise<Loaded> {
    const known = this.#held.get(outline);
    if (known) return known;
    const loaded = await load(this.#ledger, outline, this.#seed);
    if (this.#bytes + loaded.bytes <= this.#room) {
      this.#held.set(outline, loaded);
      this.#bytes += loaded.bytes;
    }
    return loaded;
  }
}

/**
 * Compares the networks of a study with each other: network by network each of the others from it, as many at a time as have room, so that
 * its nulls, which are held one at a time, are read once for all of these.
 */
export class NetworkComparisons {
  readonly #models: readonly ModelOutline[];
  readonly #networks: Networks;
  readonly #seed: number;
  readonly #room: number;

  /** @param room bytes of signatures that are held at most, of networks as they are stored, and as much of those that are compared; at least one pair is. */
  constructor(ledger: Ledger, models: readonly ModelOutline[], seed: number, room = HELD) {
    this.#models = models;
    this.#networks = new Networks(ledger, seed, room);
    this.#seed = seed;
    this.#room = room;
  }

  /** Comparisons of the others from one network, in the order of the study. */
  async *from(outline: ModelOutline): AsyncGenerator<readonly Comparison[], void> {
    const others = this.#models.filter((other) => other !== outline);
    if (others.length === 0) return;
    const predicting = await this.#networks.read(outline);
    while (others.length > 0) {
      const comparisons: Comparison[] = [];
      // Each comparison has the signatures of both at their common points.
      for (let bytes = 0; others.length > 0 && (comparisons.length === 0 || bytes <= this.#room);) {
        const other = others.shift() as ModelOutline;
        const loaded = await this.#networks.read(other);
        const alike = commonImpulses(loaded.impulses, predicting.impulses);
        const common = { impulses: alike && cutTo(alike), examples: other.reference === outline.reference };
        comparisons.push(new Comparison(loaded.network, predicting.network, common, this.#seed));
        bytes += alike ? loaded.bytes + predicting.bytes : 0;
      }
      yield comparisons;
    }
  }
}

/** Nulls of which the shuffled ones, as they are read, stand in for their network in comparisons. */
export function standingIn(reader: NullReader, comparisons: readonly Comparison[]): NullReader {
  const able = comparisons.filter(({ isByImpulses }) => isByImpulses);
  return {
    variants: reader.variants,
    read: async (variant) => {
      const parts = await reader.read(variant);
      if (parts && 'shuffled' in variant) for (const comparison of able) comparison.standIn(parts);
      return parts;
    },
  };
}

/** Reads the shuffled networks once more, for comparisons that had no room when they were read. */
export async function standNulls(reader: NullReader, comparisons: readonly Comparison[]): Promise<void> {
  if (!comparisons.some(({ isByImpulses }) => isByImpulses)) return;
  const standing = standingIn(reader, comparisons);
  for (const variant of reader.variants) if ('shuffled' in variant) await standing.read(variant);
}

async function load(ledger: Ledger, outline: ModelOutline, seed: number): Promise<Loaded> {
  const compared = comparedImpulses(outline.impulses.map(({ spec }) => spec));
  const responses = compared ? await loadResponses(ledger, outline, seed, compared.name) : [];
  const groups = responses.flatMap((set) => set.groups);
  const recorded = groups[0]?.group.record ?? [];
  const sites = outline.anatomy.sites.filter(({ name }) => recorded.includes(name));
  const signatures = basesOf(groups).length < 2 ? undefined : copied(signatureParts(groups, sites));
  return {
    network: {
      name: outline.model.name,
      sites: outline.anatomy.sites,
      places: gridOf(sites).places,
      signatures,
      examples: await loadExamples(ledger, outline, seed),
    },
    impulses: signatures && impulsesOf(outline, groups),
    bytes: [...(signatures?.values() ?? [])].flat(2).reduce((sum, part) => sum + part.byteLength, 0),
  };
}

/** Of its own memory, so that what else stands in the objects of responses is let go. */
const copied = (parts: BaseParts): BaseParts =>
  new Map([...parts].map(([site, bases]) => [site, bases.map((parts) => parts.map((part) => part.slice()))]));

function impulsesOf({ reference, image, model }: ModelOutline, groups: readonly ResponseResultRead[]): GivenImpulses {
  return {
    input: canonicalJson({ reference, image: [...image], input: model.input as never }),
    bases: basesOf(groups).map((parts) =>
      parts.map(({ group, impulses }) =>
        canonicalJson({ base: group.base as never, impulses: impulses.map((impulse) => ({ ...impulse })) }),
      ),
    ),
  };
}

/** How many bases, and parts of their positions. */
interface Taken {
  readonly bases: number;
  readonly parts: number;
}

/** What two networks were given alike, where one of them was given no more than the other, or more of the same; undefined elsewhere. */
function commonImpulses(a: GivenImpulses | undefined, b: GivenImpulses | undefined): Taken | undefined {
  if (!a || !b || a.input !== b.input) return undefined;
  const bases = Math.min(a.bases.length, b.bases.length);
  const parts = Math.min(a.bases[0]?.length ?? 0, b.bases[0]?.length ?? 0);
  const of = ({ bases: all }: GivenImpulses): string =>
    JSON.stringify(all.slice(0, bases).map((own) => own.slice(0, parts)));
  return of(a) === of(b) ? { bases, parts } : undefined;
}

/** The first of the bases of signatures, and of their positions, alone. */
const cutTo =
  ({ bases, parts }: Taken) =>
  (signatures: BaseParts): BaseParts =>
    new Map([...signatures].map(([site, own]) => [site, own.slice(0, bases).map((base) => base.slice(0, parts))]));
