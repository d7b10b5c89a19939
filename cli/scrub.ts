import { Ledger } from '../core/ledger/ledger.js';
import { openStore } from '../core/store/open.js';
import { absoluteStoreUrl } from '../core/store/url.js';
import { scrubStore, type DamagedObject, type Scrub } from '../core/study/collecting/scrub.js';
import { printBytes } from '../core/study/print.js';
import { storeUrl } from '../infra/settings.js';
import { exitCodes } from './exit.js';
import type { CommonOptions } from './session.js';
import { openTerminal } from './terminal.js';

/** `percuss doctor --scrub`: every object of the store against its hash, and what is damaged set aside. */
export async function scrubCommand(options: CommonOptions): Promise<void> {
  const terminal = openTerminal(options.json === true);
  const store = await openStore(absoluteStoreUrl(storeUrl(options.store).value));
  try {
    const found = await scrubStore(new Ledger(store), terminal.progress);
    terminal.result(found, () => scrubLines(found));
    if (found.damaged.length > 0) process.exitCode = exitCodes.incomplete;
  } finally {
    await store.close();
  }
}

function damagedLine({ key, reason, setAside, studies }: DamagedObject): string {
  const whose = studies.length === 0 ? 'of no study' : `of ${studies.map((id) => id.slice(0, 12)).join(', ')}`;
  return `  ${key}: ${reason} (${setAside ? 'set aside' : 'it stays where it is'}; ${whose})`;
}

function scrubLines({ objects, bytes, damaged, foreign, studies }: Scrub): readonly string[] {
  return [
    `${objects} objects (${printBytes(bytes)}) read: ${damaged.length === 0 ? 'all are what their keys say' : `${damaged.length} damaged`}`,
    ...damaged.map(damagedLine),
    ...studies.map(
      ({ id, study }) =>
        `${study} (${id.slice(0, 12)}) may lack something now: run its spec again (percuss run SPEC or percuss submit SPEC), which stores or computes anew what is missing and nothing else`,
    ),
    ...(foreign.objects > 0
      ? [`${foreign.objects} objects are not of percuss, and were left alone: ${foreign.named.join(', ')}`]
      : []),
  ];
}
