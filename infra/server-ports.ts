import { createServer } from 'node:net';

/** Ports of one server on the loopback interface, kept over restarts so that clients find it again. */
export interface ServerPorts {
  readonly grpc: number;
  readonly http: number;
  readonly metrics: number;
  readonly ui: number;
}

/** The server ended before it answered. */
export class ServerEnded extends Error {}

const mostTries = 4;

/**
 * Starts a server on ports that nobody listens on: those `wanted` where they are free. Between the look at a port and the
 * server's own, another process may take it (any outgoing connection takes one of the same range), so a server that ends at
 * once is started again on others.
 *
 * @param launch Rejects with ServerEnded when the server ended before it answered.
 */
export async function onFreePorts<T>(
  wanted: ServerPorts | undefined,
  launch: (ports: ServerPorts) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    // The wanted ones are tried once more: clients wait there, and what held them may have been gone a moment later.
    const ports = await freePorts(attempt <= 2 ? wanted : undefined);
    try {
      return await launch(ports);
    } catch (error) {
      if (!(error instanceof ServerEnded) || attempt === mostTries) throw error;
    }
  }
}

/** Four different ports of the loopback interface that nobody listens on; those `wanted` as far as they are free. */
async function freePorts(wanted: ServerPorts | undefined): Promise<ServerPorts> {
  // Held all at once, so that they differ.
  const held = await Promise.all(
    [wanted?.grpc, wanted?.http, wanted?.metrics, wanted?.ui].map((port) => hold(port ?? 0).catch(() => hold(0))),
  );
  const [grpc = 0, http = 0, metrics = 0, ui = 0] = held.map(({ port }) => port);
  await Promise.all(held.map(({ release }) => release()));
  return { grpc, http, metrics, ui };
}

function hold(wanted: number): Promise<{ readonly port: number; readonly release: () => Promise<void> }> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(wanted, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      resolve({ port, release: () => new Promise((done) => server.close(() => done())) });
    });
  });
}
