import type { Command } from 'commander';
import { Ledger } from '../core/ledger/ledger.js';
import type { LedgerNotice } from '../core/ledger/notice.js';
import { openStore } from '../core/store/open.js';
import { storeIdentity } from '../core/store/identity.js';
import { absoluteStoreUrl } from '../core/store/url.js';
import { storeUrl } from '../infra/settings.js';
import { openTerminal, type Terminal } from './terminal.js';

/** Options that every verb has. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly store?: string;
}

/** A verb's store and terminal. */
export interface Session {
  readonly terminal: Terminal;
  readonly ledger: Ledger;
  /** The store's id, drawn and written when it is first asked for. @throws PercussError OBJECT_DAMAGED for a damaged `store.json`. */
  storeId(): Promise<string>;
  close(): Promise<void>;
}

/** Options of the program itself, wherever on the line they stand. */
export function commonOptions(command: Command): CommonOptions {
  return command.optsWithGlobals<CommonOptions>();
}

/**
 * Opens the store that was asked for; what is not there is not made before something is written. Damaged objects and
 * disagreeing results are told as they are met.
 */
export async function openSession(options: CommonOptions): Promise<Session> {
  return openWith(options, true);
}

/** As `openSession`, for a verb that only reads: an S3 server is not tried out, which would write to it. */
export async function openReading(options: CommonOptions): Promise<Session> {
  return openWith(options, false);
}

async function openWith(options: CommonOptions, probe: boolean): Promise<Session> {
  const terminal = openTerminal(options.json === true);
  const store = await openStore(absoluteStoreUrl(storeUrl(options.store).value), { probe });
  const ledger = new Ledger(store, { onNotice: (notice) => terminal.say(printNotice(notice)) });
  return { terminal, ledger, storeId: () => storeIdentity(store), close: () => store.close() };
}

function printNotice(notice: LedgerNotice): string {
  switch (notice.kind) {
    case 'set-aside':
      return `set aside ${notice.key}: ${notice.reason}; it is kept as ${notice.aside}, and what it held is computed again`;
    case 'ignored':
      return `ignored ${notice.key}: ${notice.reason}`;
    case 'nondeterminism':
      return `${notice.objects.join(' and ')} disagree about ${notice.identity.slice(0, 12)}; the first is used`;
  }
}
