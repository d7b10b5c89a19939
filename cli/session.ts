import { resolve } from 'node:path';
import type { Command } from 'commander';
import { Ledger } from '../core/ledger/ledger.js';
import { openStore } from '../core/store/open.js';
import { storeIdentity } from '../core/store/identity.js';
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
  readonly storeId: string;
  close(): Promise<void>;
}

/** Options of the program itself, wherever on the line they stand. */
export function commonOptions(command: Command): CommonOptions {
  return command.optsWithGlobals<CommonOptions>();
}

/** A store's URL that means the same in every process: relative folders become absolute. */
export function absoluteStoreUrl(url: string): string {
  const folder = url.startsWith('file:') ? url.slice('file:'.length) : url;
  const isFolder = url.startsWith('file:') || !/^[a-z][a-z0-9+.-]*:/i.test(url);
  return isFolder && !folder.startsWith('//') && !folder.startsWith('~') ? `file:${resolve(folder)}` : url;
}

/** Opens the store that was asked for. Damaged objects and disagreeing results are told as they are met. */
export async function openSession(options: CommonOptions): Promise<Session> {
  const terminal = openTerminal(options.json === true);
  const store = await openStore(absoluteStoreUrl(storeUrl(options.store).value));
  const ledger = new Ledger(store);
  return { terminal, ledger, storeId: await storeIdentity(store), close: () => store.close() };
}
