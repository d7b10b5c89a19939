import { canonicalJson } from '../../canonical.js';
import type { Ledger } from '../../ledger/ledger.js';
import { comparedImpulses } from '../../spec/compared-impulses.js';
import type { ModelOutline } from '../../plan/outline.js';
import { gridOf } from '../../probe/grid.js';
import type { BaseParts } from '../../probe/null-signatures.js';
import type { RowSink } from '../../tables/row-sink.js';
import { loadExamples, loadResponses } from '../reading/load-model-results.js';
import type { ResponseResultRead } from '../reading/model-results.js';
import { nullReader } from '../reading/null-reader.js';
import { basesOf, signatureParts } from './rows/redundancy.js';
import { betweenRows, type Common, type ComparedNetwork } from './rows/between.js';

/** Nulls of the predicting network that R² stands against: their mean is asked for, and each takes the memory of a network. */
const NULLS = 3;

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
  readonly nulls: readonly BaseParts[];
}

/**
 * Compares every two networks of a study that have something in common, in both directions, in the order of the study. Two networks,
 * and three nulls of each, are held at a time.
 */
export async function compareNetworks(
  ledger: Ledger,
  models: readonly ModelOutline[],
  seed: number,
  sink: RowSink,
  signal?: AbortSignal,
): Promise<void> {
  for (const [i, a] of models.entries()) {
    const later = models.slice(i + 1);
    if (later.length === 0) return;
    const first = await load(ledger, a, seed);
    for (const b of later) {
      signal?.throwIfAborted();
      const second = await load(ledger, b, seed);
      const alike = commonImpulses(first.impulses, second.impulses);
      const common: Common = { impulses: alike !== undefined, examples: a.reference === b.reference };
      const [one, other] = alike ? [cutTo(first, alike), cutTo(second, alike)] : [first, second];
      await sink.append('between', betweenRows(one.network, other.network, common, other.nulls, seed));
      await sink.append('between', betweenRows(other.network, one.network, common, one.nulls, seed));
    }
  }
}

async function load(ledger: Ledger, outline: ModelOutline, seed: number): Promise<Loaded> {
  const compared = comparedImpulses(outline.impulses.map(({ spec }) => spec));
  const responses = compared ? await loadResponses(ledger, outline, seed, compared.name) : [];
  const groups = responses.flatMap((set) => set.groups);
  const recorded = groups[0]?.group.record ?? [];
  const sites = outline.anatomy.sites.filter(({ name }) => recorded.includes(name));
  const signatures = basesOf(groups).length < 2 ? undefined : signatureParts(groups, sites);
  const reader = nullReader(ledger, outline, seed);
  const nulls: BaseParts[] = [];
  for (const variant of reader.variants.filter((one) => 'shuffled' in one).slice(0, NULLS)) {
    const parts = await reader.read(variant);
    if (parts) nulls.push(parts);
  }
  return {
    network: {
      name: outline.model.name,
      sites: outline.anatomy.sites,
      places: gridOf(sites).places,
      signatures,
      examples: await loadExamples(ledger, outline, seed),
    },
    impulses: signatures && impulsesOf(outline, groups),
    nulls,
  };
}

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

/** A network with the first of its bases, and of their positions, alone. */
function cutTo(loaded: Loaded, { bases, parts }: Taken): Loaded {
  const cut = (signatures: BaseParts): BaseParts =>
    new Map([...signatures].map(([site, own]) => [site, own.slice(0, bases).map((base) => base.slice(0, parts))]));
  const { network, nulls } = loaded;
  const { signatures } = network;
  return {
    ...loaded,
    network: { ...network, signatures: signatures && cut(signatures) },
    nulls: nulls.map(cut),
  };
}
