import { canonicalJson } from '../../canonical.js';
import type { Ledger } from '../../ledger/ledger.js';
import { comparedImpulses } from '../../plan/null-groups.js';
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

/** A network as it is stored, for comparison with others. */
interface Loaded {
  readonly network: ComparedNetwork;
  /** What decides whether another network got the same impulses: bases, places, channels and signs, and the input. */
  readonly impulses: string | undefined;
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
      const common: Common = {
        impulses: first.impulses !== undefined && first.impulses === second.impulses,
        examples: a.reference === b.reference,
      };
      await sink.append('between', betweenRows(first.network, second.network, common, second.nulls, seed));
      await sink.append('between', betweenRows(second.network, first.network, common, first.nulls, seed));
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

function impulsesOf(outline: ModelOutline, groups: readonly ResponseResultRead[]): string {
  return canonicalJson({
    reference: outline.reference,
    image: [...outline.image],
    input: outline.model.input as never,
    bases: groups.map(({ group, impulses }) => ({
      base: group.base as never,
      impulses: impulses.map((impulse) => ({ ...impulse })),
    })),
  });
}
