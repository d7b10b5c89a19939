import { describe, expect, test } from 'vitest';
import { canonicalJson, type Json } from '../../core/canonical.js';
import { sha256 } from '../../core/digest.js';
import type { ObjectStore } from '../../core/store/object-store.js';
import { tensor, type Tensor } from '../../core/tensor.js';
import { provenance, scope } from './cells-of.js';
import { resolvedStudy } from './hostile-store.js';
import { openLedger } from '../builders/ledger.js';

const id = sha256('a study');
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

async function replace(store: ObjectStore, key: string, content: Uint8Array): Promise<void> {
  await store.remove(key);
  await store.putIfAbsent(key, content);
}

describe('blobs and records', () => {
  test('are found by their content', async () => {
    const { ledger } = openLedger();
    const digest = await ledger.putBlob(bytes('images'));
    expect(digest).toBe(sha256('images'));
    expect(await ledger.getBlob(digest)).toEqual(bytes('images'));
    const ref = await ledger.putRecord('plans', { index: 1, groups: [], scores: {} });
    expect(ref).toEqual(await ledger.putRecord('plans', { scores: {}, groups: [], index: 1 }));
    expect(await ledger.getRecord(ref)).toEqual({ index: 1, groups: [], scores: {} });
  });

  test('that are missing or damaged are named, and can be written again', async () => {
    const { store, ledger, notices } = openLedger();
    const digest = await ledger.putBlob(bytes('images'));
    await replace(store, `blobs/${digest}`, bytes('imagen'));
    await expect(ledger.getBlob(digest)).rejects.toMatchObject({
      code: 'OBJECT_DAMAGED',
      message: expect.stringContaining(`blobs/${digest}`),
    });
    expect(notices).toMatchObject([{ kind: 'set-aside', key: `blobs/${digest}` }]);
    await expect(ledger.getBlob(digest)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await ledger.putBlob(bytes('images'));
    expect(await ledger.getBlob(digest)).toEqual(bytes('images'));
  });

  test('a truncated blob is replaced by whoever puts it', async () => {
    const { store, ledger } = openLedger();
    const digest = await ledger.putBlob(bytes('images'));
    await replace(store, `blobs/${digest}`, bytes('ima'));
    await ledger.putBlob(bytes('images'));
    expect(await ledger.getBlob(digest)).toEqual(bytes('images'));
  });
});

describe('a study', () => {
  test('has the hash of its resolved spec as its id', async () => {
    const { ledger } = openLedger();
    const study = resolvedStudy('demo');
    const hash = sha256(canonicalJson(study as unknown as Json));
    const ref = await ledger.putStudy(hash, study);
    expect(ref).toEqual({ key: `studies/${hash}/study.json`, sha256: hash });
    expect(await ledger.getStudy(hash)).toEqual(study);
    await expect(ledger.putStudy(id, study)).rejects.toMatchObject({ code: 'BUG' });
  });

  test('is decided by the first of many, and all adopt what it wrote', async () => {
    const { ledger } = openLedger();
    const decided = await Promise.all(['1', '2', '3', '4'].map((yaml) => ledger.putDecision(id, 'yaml', yaml)));
    expect(new Set(decided).size).toBe(1);
    expect(await ledger.getDecision(id, 'yaml')).toEqual(decided[0]);
    expect(await ledger.getDecision(id, 'mode')).toBeUndefined();
    const wave = (content: string) => ({ advance: {}, read: sha256(content) });
    expect(await ledger.putStage(id, 3, wave('first'))).toEqual(wave('first'));
    expect(await ledger.putStage(id, 3, wave('second'))).toEqual(wave('first'));
    expect(await ledger.getStage(id, 4)).toBeUndefined();
  });

  test('forgets a damaged decision, so that it is taken again', async () => {
    const { store, ledger, notices } = openLedger();
    await ledger.putDecision(id, 'mode', scope.mode);
    await replace(store, `studies/${id}/decisions/mode.json`, bytes('{"sha256":"…'));
    expect(await ledger.getDecision(id, 'mode')).toBeUndefined();
    expect(notices).toHaveLength(1);
    const other = { ...scope.mode, precision: 'float64' };
    expect(await ledger.putDecision(id, 'mode', other)).toEqual(other);
  });

  test('is listed with its name and latest outputs, the oldest first', async () => {
    const { store, ledger } = openLedger();
    expect(await ledger.listStudies()).toEqual([]);
    const root = await ledger.putRoot(id, { study: 'demo' });
    expect(await ledger.putRoot(id, { study: 'renamed' })).toEqual(root);
    expect(await ledger.listStudies()).toEqual([{ id, study: 'demo', created: root.created }]);
    const latest = (failed: number) => {
      const ref = { key: `studies/${id}/report-${id}.html`, sha256: id };
      return { state: 'complete', percuss: '0', failed, outputs: { report: ref, summary: ref, tables: {} } };
    };
    for (let n = 0; n < 12; n++) await ledger.putLatestOutputs(id, latest(n));
    expect(await ledger.latestOutputs(id)).toEqual(latest(11));
    for await (const { key } of store.list(`studies/${id}/latest/`)) await replace(store, key, bytes('{"n":'));
    expect(await ledger.latestOutputs(id)).toBeUndefined();
    await ledger.putLatestOutputs(id, latest(12));
    expect(await ledger.latestOutputs(id)).toEqual(latest(12));
  });

  test('keeps tables and reports under their names and hashes', async () => {
    const { ledger } = openLedger();
    const ref = await ledger.putOutput(id, 'tables/models.parquet', bytes('PAR1'));
    expect(ref.key).toBe(`studies/${id}/tables/models-${sha256('PAR1')}.parquet`);
    expect(await ledger.getOutput(ref)).toEqual(bytes('PAR1'));
    expect(await ledger.outputsOf(id)).toEqual([{ key: ref.key, bytes: 4, written: expect.any(Number) }]);
  });

  test('tries units that failed again with each submission', async () => {
    const { ledger } = openLedger();
    const failure = { key: sha256('cell'), code: 'ENGINE_FAILED', message: 'no' };
    expect(await ledger.beginSubmission(id)).toBe(1);
    await ledger.recordFailures(id, [failure]);
    await ledger.recordFailures(id, [failure, { ...failure, key: sha256('another') }]);
    expect((await ledger.failuresOf(id)).map(({ key }) => key).sort()).toEqual(
      [sha256('another'), sha256('cell')].sort(),
    );
    expect(await ledger.failuresOf(sha256('another study'))).toEqual([]);
    expect(await ledger.beginSubmission(id)).toBe(2);
    expect(await ledger.failuresOf(id)).toEqual([]);
  });
});

describe('responses', () => {
  const key = sha256('a response');
  const tensors = (value: number): ReadonlyMap<string, Tensor> =>
    new Map([['r', tensor('float32', [2], Float32Array.of(value, 2))]]);

  test('come back with their metadata', async () => {
    const { ledger } = openLedger();
    await ledger.commitResult(scope, key, tensors(1), { kind: 'profile' }, provenance);
    const read = await ledger.readResult(scope, key);
    expect(read?.tensors.get('r')).toEqual(tensors(1).get('r'));
    expect(read?.metadata).toMatchObject({ kind: 'profile', identity: key, model: scope.model });
    expect([...(await ledger.committedResults(scope))]).toEqual([[key, read?.object]]);
    expect(await ledger.readResult(scope, sha256('another'))).toBeUndefined();
  });

  test('that are damaged are set aside; of two that differ the first counts, and it is told', async () => {
    const { store, ledger, notices } = openLedger();
    const refs = [1, 2].map((value) => ledger.commitResult(scope, key, tensors(value), {}, provenance));
    const [first = '', second = ''] = (await Promise.all(refs)).map((ref) => ref.key).sort();
    expect((await ledger.readResult(scope, key))?.object).toBe(first);
    expect(notices).toEqual([{ kind: 'nondeterminism', identity: key, objects: [first, second] }]);
    await replace(store, first, bytes('not tensors'));
    expect((await ledger.readResult(scope, key))?.object).toBe(second);
    expect(notices[1]).toMatchObject({ kind: 'set-aside', key: first });
    expect((await ledger.committedResults(scope)).get(key)).toBe(second);
  });
});
