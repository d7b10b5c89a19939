import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Ledger } from '../../core/ledger/ledger.js';
import { fileStore } from '../../core/store/file-store.js';
import { openStore } from '../../core/store/open.js';
import { cellsOf, provenance, scope } from '../ledger/cells-of.js';
import { startS3Server } from '../s3-server.js';
import { storeContract } from './contract.js';

const server = await startS3Server();
if ('unavailable' in server) {
  test.skip(`S3: ${server.unavailable}`, () => undefined);
} else {
  afterAll(() => server.stop());
  await server.bucket('contract');
  let opened = 0;
  const at = (prefix: string): string => `s3://contract/${prefix}?endpoint=${encodeURIComponent(server.endpoint)}`;
  storeContract('SeaweedFS', () => openStore(at(`p${opened++}`), { probe: false }), { many: 1050, anyNames: false });

  describe('an S3 store', () => {
    test('passes the probe on a real server, which leaves nothing behind', async () => {
      const store = await openStore(at('probed'));
      for await (const { key } of store.list('')) expect.unreachable(key);
    });

    test('takes its endpoint from the environment', async () => {
      process.env['AWS_ENDPOINT_URL_S3'] = server.endpoint;
      try {
        const store = await openStore('s3://contract/environment');
        expect(await store.putIfAbsent('k', new Uint8Array(3))).toBe(true);
        expect(await (await openStore(at('environment'))).head('k')).toMatchObject({ key: 'k', bytes: 3 });
      } finally {
        delete process.env['AWS_ENDPOINT_URL_S3'];
      }
    });

    test('can be opened again by its own URL', async () => {
      const store = await openStore(at('again'));
      await store.putIfAbsent('k', new Uint8Array(1));
      expect(await (await openStore(store.url)).head('k')).toBeDefined();
    });

    test('names the bucket that is missing', async () => {
      const url = `s3://nowhere/p?endpoint=${server.endpoint}`;
      await expect(openStore(url)).rejects.toMatchObject({
        code: 'STORE_UNREACHABLE',
        message: expect.stringMatching(/127\.0\.0\.1:\d+ has no bucket nowhere: create it/),
      });
    });

    test('says so when credentials are wrong, without showing them', async () => {
      process.env['AWS_SECRET_ACCESS_KEY'] = 'another-secret';
      try {
        const error: unknown = await openStore(at('denied')).catch((reason: unknown) => reason);
        expect(error).toMatchObject({
          code: 'STORE_UNREACHABLE',
          message: expect.stringContaining('AWS_SECRET_ACCESS_KEY'),
        });
        expect(JSON.stringify(error) + String(error)).not.toMatch(/another-secret|percuss-test/);
      } finally {
        Object.assign(process.env, server.environment);
      }
    });

    test('holds a study that was copied from a folder, key by key', async () => {
      const folder = mkdtempSync(path.join(tmpdir(), 'percuss-moved-'));
      const local = fileStore(folder);
      const ledger = new Ledger(local);
      const cells = cellsOf(0, 30);
      await ledger.commitCells(scope, cells, 4, provenance);
      await ledger.writeIndexSegment(scope);
      await ledger.putRoot(scope.model, { study: 'moved' });
      const record = await ledger.putRecord('plans', { index: 1, groups: [], scores: {} });
      const moved = await openStore(at('moved'));
      for await (const { key } of local.list('')) {
        await moved.putIfAbsent(key, (await local.get(key)) ?? new Uint8Array());
      }
      rmSync(folder, { recursive: true });
      const there = new Ledger(moved, { onNotice: (notice) => expect.unreachable(JSON.stringify(notice)) });
      expect(await there.readCells(scope)).toEqual(new Map(cells.map((cell) => [cell.key, cell])));
      expect(await there.getRecord(record)).toEqual({ index: 1, groups: [], scores: {} });
      expect(await there.listStudies()).toMatchObject([{ id: scope.model, study: 'moved' }]);
    });
  });
}
