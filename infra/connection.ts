import { Client, Connection } from '@temporalio/client';
import type { ConnectionOptions } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { PercussError, messageOf } from '../core/errors.js';
import { logLevel } from './settings.js';

/** Where a Temporal is, with everything needed to reach it. Never logged or stored: it may hold credentials. */
export interface TemporalAddress {
  readonly address: string;
  readonly namespace: string;
  /** TLS, API key and metadata, as `@temporalio/envconfig` gives them. */
  readonly options?: NativeConnectionOptions;
}

/** A client that is connected, or PercussError TEMPORAL_UNREACHABLE. */
export async function connectClient(temporal: TemporalAddress): Promise<Client> {
  try {
    const options: ConnectionOptions = { ...temporal.options, address: temporal.address, connectTimeout: '10s' };
    const connection = await Connection.connect(options);
    return new Client({ connection, namespace: temporal.namespace });
  } catch (error) {
    throw unreachable(temporal, error);
  }
}

let installed = false;

/**
 * Temporal's runtime, once a process and before its first connection: our log level, and no signal handlers, since
 * those are the command's.
 */
export function installRuntime(): void {
  if (installed) return;
  installed = true;
  const level = logLevel();
  const core = level === 'WARN' ? 'ERROR' : level;
  Runtime.install({
    logger: new DefaultLogger(level),
    telemetryOptions: { logging: { forward: {}, filter: { core, other: 'ERROR' } } },
    shutdownSignals: [],
  });
}

/** The connection of a worker, or PercussError TEMPORAL_UNREACHABLE. */
export async function connectWorker(temporal: TemporalAddress): Promise<NativeConnection> {
  installRuntime();
  try {
    return await NativeConnection.connect({ ...temporal.options, address: temporal.address });
  } catch (error) {
    throw unreachable(temporal, error);
  }
}

export function unreachable(temporal: Pick<TemporalAddress, 'address' | 'namespace'>, error: unknown): PercussError {
  const reason = messageOf(error).split('\n', 1)[0]?.slice(0, 200);
  return new PercussError(
    'TEMPORAL_UNREACHABLE',
    `no Temporal answers at ${temporal.address} (namespace ${temporal.namespace}; ${reason}): check the address and the network, or run without it by --in-process`,
    { details: { address: temporal.address, namespace: temporal.namespace }, cause: error },
  );
}
