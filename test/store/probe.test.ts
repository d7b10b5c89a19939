import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStore } from '../../core/store/open.js';

/** Ways in which servers that call themselves S3-compatible were seen to differ. */
interface Lies {
  readonly overwrites?: boolean;
  readonly ignoresChecksums?: boolean;
  readonly forgetsPages?: boolean;
  readonly garbles?: boolean;
  readonly fails?: boolean;
}

const servers: Server[] = [];
const before = { ...process.env };
beforeAll(() => {
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'very-secret' });
});
afterAll(() => {
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) {
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  }
  for (const server of servers) server.close();
});

/** As much of S3 as the probe asks for, right but for the lies that are told. */
async function fakeS3(lies: Lies): Promise<{ readonly url: string; readonly requests: string[] }> {
  const objects = new Map<string, Buffer>();
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://localhost');
    requests.push(`${request.method} ${url.pathname}`);
    const answer = (status: number, code: string): void => {
      response.writeHead(status, { 'content-type': 'application/xml' });
      response.end(status < 300 ? '' : `<Error><Code>${code}</Code><Message>${code}</Message></Error>`);
    };
    void bodyOf(request).then((body) => {
      const key = decodeURIComponent(url.pathname.replace(/^\/[^/]*\/?/, ''));
      if (lies.fails) return answer(403, 'AccessDenied');
      if (request.method === 'HEAD') return answer(200, '');
      if (request.method === 'DELETE') return answer(objects.delete(key) ? 204 : 204, '');
      if (request.method === 'PUT') {
        if (!lies.overwrites && request.headers['if-none-match'] === '*' && objects.has(key))
          return answer(412, 'PreconditionFailed');
        if (!lies.ignoresChecksums && request.headers['x-amz-checksum-crc32'] === 'AAAAAA==')
          return answer(400, 'BadDigest');
        objects.set(key, lies.garbles ? Buffer.concat([Buffer.from('5\r\n'), body]) : body);
        return answer(200, '');
      }
      if (url.searchParams.get('list-type') === '2') return response.end(list(objects, url.searchParams, lies));
      return response.end(objects.get(key));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(server);
  return { url: `s3://bucket/p?endpoint=http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

function list(objects: ReadonlyMap<string, Buffer>, query: URLSearchParams, lies: Lies): string {
  const after = query.get('continuation-token') ?? '';
  const keys = [...objects.keys()].sort().filter((key) => key.startsWith(query.get('prefix') ?? '') && key > after);
  const page = keys.slice(0, Number(query.get('max-keys') ?? 1000));
  const more = !lies.forgetsPages && page.length < keys.length;
  return `<?xml version="1.0"?><ListBucketResult><IsTruncated>${more}</IsTruncated>${
    more ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : ''
  }${page.map((key) => `<Contents><Key>${key}</Key><Size>1</Size></Contents>`).join('')}</ListBucketResult>`;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

describe('the probe of an S3 server', () => {
  test('passes a server that does what is asked, and asks it once', async () => {
    const { url, requests } = await fakeS3({});
    await openStore(url);
    const asked = requests.length;
    await openStore(url);
    expect(requests).toHaveLength(asked);
    expect(requests.filter((request) => request.startsWith('DELETE'))).toHaveLength(4);
  });

  test.each<[string, Lies, RegExp]>([
    ['overwrites', { overwrites: true }, /answered 200 to a second write .* 412 was expected/],
    ['ignores checksums', { ignoresChecksums: true }, /answered 200 to a write with a wrong checksum/],
    ['forgets pages', { forgetsPages: true }, /listing 3 objects page by page gave 1/],
    ['garbles bytes', { garbles: true }, /did not come back as it was written/],
  ])('refuses one that %s, and says so', async (_, lies, reason) => {
    const { url } = await fakeS3(lies);
    await expect(openStore(url)).rejects.toMatchObject({
      code: 'STORE_UNSUITABLE',
      message: expect.stringMatching(reason),
    });
  });

  test('tells a server that denies or is not there from one that lies, and names its host without secrets', async () => {
    const { url } = await fakeS3({ fails: true });
    const nobody = 's3://bucket/p?endpoint=http://127.0.0.1:1';
    for (const place of [url, nobody]) {
      const error: unknown = await openStore(place).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'STORE_UNREACHABLE', message: expect.stringMatching(/127\.0\.0\.1:\d+/) });
      expect(`${String(error)}${JSON.stringify(error)}`).not.toContain('very-secret');
    }
  });
});
