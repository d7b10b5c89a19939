import { PercussError } from '../core/errors.js';
import type { Ledger } from '../core/ledger/ledger.js';
import { nearestName } from '../core/select.js';

/** A stored study. */
export interface FoundStudy {
  readonly id: string;
  readonly study: string;
  readonly created: string;
}

/** Finds a study by its name, its id, or the beginning of its id; of several with one name, the newest. @throws PercussError NOT_FOUND. */
export async function findStudy(ledger: Ledger, asked: string): Promise<FoundStudy> {
  const studies = await ledger.listStudies();
  const byId = studies.filter(({ id }) => asked.length >= 6 && id.startsWith(asked));
  if (byId.length > 1) {
    throw new PercussError('NOT_FOUND', `${asked} is the beginning of ${byId.length} studies' ids; give more of it`);
  }
  const found = byId[0] ?? studies.filter(({ study }) => study === asked).at(-1);
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
