import { createServer } from 'node:http2';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, expect, test } from 'vitest';
import { connectClient } from '../../infra/connection.js';

/** A server that speaks gRPC and knows one answer: to describe a namespace succeeds, all else is unavailable. */
const server = createServer();
let refused = 0;
server.on('stream', (stream, headers) => {
  const knows = /DescribeNamespace|GetSystemInfo/.test(String(headers[':path']));
  if (!knows) refused++;
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': knows ? '0' : '14' }));
  stream.end(knows ? Buffer.alloc(5) : undefined);
});
afterAll(() => void server.close());

test('a call that is tried again after its connection was closed ends for the one who asked, and not the process', async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const thrown: unknown[] = [];
  const onThrown = (error: unknown): void => void thrown.push(error);
  process.on('uncaughtException', onThrown);
  try {
    const client = await connectClient({ address: `127.0.0.1:${port}`, namespace: 'default' });
    const asked = client.workflow
      .getHandle('nobody')
      .describe()
      .then(
        () => 'answered',
        () => 'refused',
      );
    await expect.poll(() => refused, { timeout: 10_000 }).toBeGreaterThan(0);
    await client.connection.close();
    // Without a guard the retry would throw in its timer, and this would never end.
    expect(await asked).toBe('refused');
    expect(thrown).toEqual([]);
  } finally {
    process.off('uncaughtException', onThrown);
  }
});
