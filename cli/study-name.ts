import type { Digest } from '../core/digest.js';
import { PercussError } from '../core/errors.js';
import type { Ledger } from '../core/ledger/ledger.js';
import { nearestName } from '../core/select.js';

/** A stored study. */
export interface FoundStudy {
  readonly id: Digest;
  readonly study: string;
  readonly created: string;
}

/**
 * Finds a study by its name, its id, or the beginning of its id; of several with one name the newest, or where a report is wanted the
 * newest that has one: an edited spec that was only looked at (`baseline`, `preview`) takes no name away.
 *
 * @throws PercussError NOT_FOUND.
 */
export async function findStudy(
  ledger: Ledger,
  asked: string,
  { reported = false }: { readonly reported?: boolean } = {},
): Promise<FoundStudy> {
  const studies = await ledger.listStudies();
  const byId = studies.filter(({ id }) => asked.length >= 6 && id.startsWith(asked));
  if (byId.length > 1) {
    throw new PercussError('NOT_FOUND', `${asked} is the beginning of ${byId.length} studies' ids; give more of it`);
  }
  const named = studies.filter(({ study }) => study === asked);
  const found = byId[0] ?? (reported ? await newestReported(ledger, named) : undefined) ?? named.at(-1);
  if (found) return found;
  const near = nearestName(
    asked,
    studies.map(({ study }) => study),
  );
  throw new PercussError(
    'NOT_FOUND',
    `${ledger.url} holds no study ${asked}${near ? `; did you mean ${near}?` : ''} (percuss list shows all)`,
  );
}

async function newestReported(ledger: Ledger, studies: readonly FoundStudy[]): Promise<FoundStudy | undefined> {
  for (const one of studies.toReversed()) if ((await ledger.latestOutputs(one.id)) !== undefined) return one;
  return undefined;
}
