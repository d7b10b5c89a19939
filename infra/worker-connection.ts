import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { unreachable, type TemporalAddress } from './connection.js';
import { logLevel } from './settings.js';

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
