import { describe, expect, test } from 'vitest';
import { sha256 } from '../../core/digest.js';
import { Ledger } from '../../core/ledger/ledger.js';
import { recordProblem } from '../../core/ledger/record-kinds.js';
import { limits } from '../../core/limits.js';
import { memoryStore } from '../../core/store/memory-store.js';
import type { ObjectStore } from '../../core/store/object-store.js';
import { plant, resolvedStudy, stated } from './hostile-store.js';
import { openLedger } from '../builders/ledger.js';

const id = sha256('a study');
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Notes which keys are read whole, and which only looked at. */
function watched(store: ObjectStore) {
  const reads: string[] = [];
  const get: ObjectStore['get'] = (key, range, options) => {
    reads.push(key);
    return store.get(key, range, options);
  };
  return { store: { ...store, get }, reads };
}

describe('content that is there already', () => {
  test('is not read again where it is as long, and is set aside where it is not', async () => {
    const { store, reads } = watched(memoryStore());
    const { ledger, notices } = openLedger(store);
    const digest = await ledger.putBlob(bytes('images'));
    await ledger.putBlob(bytes('images'));
    expect(reads).toEqual([]);
    await store.remove(`blobs/${digest}`);
    await store.putIfAbsent(`blobs/${digest}`, bytes('ima'));
    await ledger.putBlob(bytes('images'));
    expect(notices).toMatchObject([{ kind: 'set-aside', reason: 'it has 3 bytes instead of 6' }]);
  });

  test('is compared byte by byte where it is a table or a report', async () => {
    const store = memoryStore();
    const { ledger, notices } = openLedger(store);
    const ref = await ledger.putOutput(id, 'report.html', bytes('<p>'));
    expect(await ledger.putOutput(id, 'report.html', bytes('<p>'))).toEqual(ref);
    expect(notices).toEqual([]);
    await store.remove(ref.key);
    await store.putIfAbsent(ref.key, bytes('<q>'));
    await ledger.putOutput(id, 'report.html', bytes('<p>'));
    expect(await ledger.getOutput(ref)).toEqual(bytes('<p>'));
    expect(notices).toMatchObject([{ kind: 'set-aside', key: ref.key, reason: 'its content is damaged' }]);
  });

  test('and goes before it can be read is written', async () => {
    const store = memoryStore();
    const ref = await new Ledger(store).putOutput(id, 'report.html', bytes('<p>'));
    const fleeting: ObjectStore = {
      ...store,
      get: async (key, range, options) => {
        if (key !== ref.key) return store.get(key, range, options);
        await store.remove(key);
        return undefined;
      },
    };
    const { ledger, notices } = openLedger(fleeting);
    await ledger.putOutput(id, 'report.html', bytes('<p>'));
    expect(await store.get(ref.key)).toEqual(bytes('<p>'));
    expect(notices).toEqual([]);
  });
});

describe('what cannot be read says which object, why, and what to do', () => {
  test.each([
    ['is not there', undefined, { code: 'NOT_FOUND', message: /blobs\/\w+ is not in memory:.*Run it again/ }],
    [
      'is damaged',
      'imagen',
      { code: 'OBJECT_DAMAGED', message: /blobs\/\w+ .* SHA-256 is not \w{64}; run the study again/ },
    ],
  ])('a blob that %s', async (_, content, { code, message }) => {
    const store = memoryStore();
    const key = `blobs/${sha256('images')}`;
    if (content) await store.putIfAbsent(key, bytes(content));
    await expect(new Ledger(store).getBlob(sha256('images'))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
      details: { key },
    });
  });

  test('a record of another kind, or that is no JSON', async () => {
    const store = memoryStore();
    const { ledger, notices } = openLedger(store);
    for (const text of ['[', '{"index":"one","groups":[],"scores":{}}']) {
      const ref = { key: `plans/${sha256(text)}.json`, sha256: sha256(text) };
      await store.putIfAbsent(ref.key, bytes(text));
      await expect(ledger.getRecord(ref)).rejects.toMatchObject({ code: 'OBJECT_DAMAGED', details: { key: ref.key } });
    }
    expect(notices).toMatchObject([
      { reason: 'it is not JSON' },
      { reason: expect.stringMatching(/^it is not a planned stage \(index: .*number/) },
    ]);
  });

  test('a record above its limit, with its key', async () => {
    const store = memoryStore();
    const head: ObjectStore['head'] = async (key) => ({ key, bytes: limits.record.value + 1, written: 0 });
    const { ledger } = openLedger({ ...store, head });
    await expect(ledger.getStudy(id)).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      details: { key: `studies/${id}/study.json` },
    });
    // Only stages and analyses may be longer, not what has such a word within its key.
    const inner = { key: `failures/plans/${id}.json`, sha256: id };
    await expect(ledger.getRecord(inner)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    await expect(ledger.getRecord({ key: `plans/${id}.json`, sha256: id })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });
});

describe('a record that states its hash', () => {
  const key = `studies/${id}/decisions/yaml.json`;

  test.each([
    ['another hash', `{"sha256":"${sha256('x')}","value":"x"}`],
    ['no hash', '"x"'],
    ['something before it', ` ${new TextDecoder().decode(stated('"x"'))}`],
    ['something behind it', `${new TextDecoder().decode(stated('"x"'))} `],
  ])('(%s) is set aside and told', async (_, text) => {
    const store = memoryStore();
    await store.putIfAbsent(key, bytes(text));
    const { ledger, notices } = openLedger(store);
    expect(await ledger.getDecision(id, 'yaml')).toBeUndefined();
    expect(notices).toMatchObject([{ kind: 'set-aside', reason: expect.stringMatching(/hash that it states/) }]);
  });

  test('and is above its limit is left where it is', async () => {
    const most = limits.record.value;
    const store = memoryStore();
    const asked: unknown[] = [];
    const long = (length: number): ObjectStore => ({
      ...store,
      get: async (_, range) => {
        asked.push(range);
        return new Uint8Array(Math.min(length, range?.to ?? length));
      },
    });
    const { ledger, notices } = openLedger(long(most + 100));
    expect(await ledger.getDecision(id, 'yaml')).toBeUndefined();
    expect(notices).toEqual([{ kind: 'ignored', key, reason: expect.stringMatching(`more than ${most} bytes`) }]);
    // One byte more than the limit tells that there are more.
    expect(asked).toEqual([{ from: 0, to: most + 1 }]);
  });

  test('that cannot be had nor written ends in an error after some attempts', async () => {
    let attempts = 0;
    const store: ObjectStore = {
      ...memoryStore(),
      get: async () => new Uint8Array(limits.record.value + 1),
      putIfAbsent: async () => {
        attempts++;
        return false;
      },
    };
    await expect(openLedger(store).ledger.putDecision(id, 'yaml', 'study: x')).rejects.toMatchObject({
      code: 'OBJECT_DAMAGED',
      message: expect.stringMatching(/yaml\.json in memory: is no record.*remove it, then run the study again/),
      details: { key },
    });
    expect(attempts).toBe(20);
  });
});

describe('a stored study', () => {
  const set = { name: 'test', shape: [3, 8, 8], classes: null, chunks: [] };
  const network = {
    name: 'net',
    content: id,
    format: 'onnx',
    files: [{ name: 'net.onnx', blob: id }],
    data: 'test',
    reference: 'test',
    input: { divide: 1, mean: [0], std: [1], order: 'rgb' },
    output: { kind: 'logits', classOffset: 0 },
    after: 'activation',
  };
  const impulse = {
    name: 'i',
    models: ['net'],
    at: 'input',
    channels: 'each',
    positions: 'center',
    amplitudes: { unit: 'std', values: [1] },
    bases: { images: 1 },
    record: [],
    keep: 'responses',
  };
  const ablation = {
    name: 'a',
    models: ['net'],
    unit: 'kernel',
    layers: [],
    mode: 'each',
    fill: ['zero'],
    draws: 1,
    fractions: [],
    trials: 1,
    spread: [],
    order: 'random',
  };
  const problem = (more: Parameters<typeof resolvedStudy>[1]) =>
    recordProblem(`studies/${id}/study.json`, resolvedStudy('x', more));

  test.each([
    ['an image set', { models: [{ ...network, data: 'other' }] }, /names other, which it does not define/],
    ['a set of reference', { models: [{ ...network, reference: 'train' }] }, /names train, which/],
    ['a network to ablate', { ablations: [{ ...ablation, models: ['net', 'gone'] }] }, /names gone, which/],
    ['a network to send impulses through', { impulses: [{ ...impulse, models: ['gone'] }] }, /names gone, which/],
  ])('names only what it defines: %s', (_, more, reason) => {
    const whole = { data: [set], models: [network], ...more };
    expect(problem({ data: [set], models: [network], ablations: [ablation], impulses: [impulse] })).toBeUndefined();
    expect(problem(whole)).toMatch(reason);
  });
});

describe('keys that percuss does not give', () => {
  test('are told and left alone', async () => {
    const store = memoryStore();
    const key = `studies/${id}/submissions/notes.json`;
    await plant(store, key, null);
    const { ledger, notices } = openLedger(store);
    expect(await ledger.beginSubmission(id)).toBe(1);
    expect(notices).toEqual([{ kind: 'ignored', key, reason: expect.stringMatching(/not one that percuss gives/) }]);
    expect(await store.head(key)).toBeDefined();
  });
});
