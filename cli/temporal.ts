import type { Client } from '@temporalio/client';
import { join } from 'node:path';
import { PercussError } from '../core/errors.js';
import { connectClient, type TemporalAddress } from '../infra/connection.js';
import { stateFolder, temporalSettings } from '../infra/settings.js';
import { findUserServer } from '../infra/user-server.js';

/** Where `percuss server` keeps its files. */
export const serverFolder = (): string => join(stateFolder(), 'server');

/**
 * The Temporal to talk to: the configured one (profile or environment), else the one that `percuss server` keeps.
 * @throws PercussError TEMPORAL_UNREACHABLE if there is neither.
 */
export async function findTemporal(
  profile: string | undefined,
): Promise<TemporalAddress & { readonly source: string }> {
  const configured = temporalSettings(profile);
  if (configured.value) {
    const { address, namespace, connectionOptions } = configured.value;
    return { address, namespace: namespace ?? 'default', options: connectionOptions, source: configured.source };
  }
  const own = await findUserServer(serverFolder());
  if (own) return { ...own, source: 'percuss server' };
  throw new PercussError(
    'TEMPORAL_UNREACHABLE',
    'no Temporal is configured and none of our own runs: start one with percuss server start, set TEMPORAL_ADDRESS or a profile, or use percuss run, which brings its own',
  );
}

/** A client of that Temporal, for as long as `work` takes. */
export async function withClient<T>(profile: string | undefined, work: (client: Client) => Promise<T>): Promise<T> {
  const client = await connectClient(await findTemporal(profile));
  try {
    return await work(client);
  } finally {
    await client.connection.close();
  }
}
