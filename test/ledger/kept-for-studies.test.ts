import { describe, expect, test } from 'vitest';
import { sha256 } from '../../core/digest.js';
import { PercussError } from '../../core/errors.js';
import { Ledger } from '../../core/ledger/ledger.js';
import { SEMANTICS } from '../../core/plan/identity.js';
import { storeIdentity } from '../../core/store/identity.js';
import { memoryStore } from '../../core/store/memory-store.js';
import type { ObjectStore } from '../../core/store/object-store.js';
import { tensor, type Tensor } from '../../core/tensor.js';
import { cellsOf, provenance, scope } from './cells-of.js';
import { plant, resolvedStudy } from './hostile-store.js';
import { openLedger } from '../builders/ledger.js';

const id = sha256('a study');
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

async function keysBelow(store: ObjectStore, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
}

describe('studies', () => {
  test('are listed by the time of their first submission, those of one time by id', async () => {
    const { store, ledger } = openLedger();
    const ids = ['a', 'b', 'c', 'd', 'e', 'f'].map((text) => sha256(text)).sort();
    // In the order of the list; keys have another.
    const order = [3, 0, 5, 1, 2, 4];
    const time = ['01', '02', '02', '03', '03', '03'];
    for (const [place, index] of order.entries()) {
      const created = `2026-11-${time[place]}T08:00:00.000Z`;
      await plant(store, `roots/${ids[index]}.json`, { id: ids[index] ?? '', study: `s${index}`, created });
    }
    expect((await ledger.listStudies()).map(({ study }) => study)).toEqual(['s3', 's0', 's5', 's1', 's2', 's4']);
  });

  test('say where their spec is, and what is wrong with an id of another', async () => {
    const { ledger } = openLedger();
    expect(ledger.studyRef(id)).toEqual({ key: `studies/${id}/study.json`, sha256: id });
    await expect(ledger.putStudy(id, resolvedStudy('demo'))).rejects.toThrow(
      new RegExp(`study demo has the hash \\w{64}, not ${id}`),
    );
  });

  test('have as outputs what has a hash at the end of its name, and nothing else', async () => {
    const { store, ledger } = openLedger();
    const ref = await ledger.putOutput(id, 'tables/models.parquet', bytes('PAR1'));
    for (const other of ['study.json', 'decisions/yaml.json', `x-${id}.html.bak0`, `${id}.html`]) {
      await store.putIfAbsent(`studies/${id}/${other}`, bytes('x'));
    }
    expect((await ledger.outputsOf(id)).map(({ key }) => key)).toEqual([ref.key]);
  });

  test('replace what is the latest by the next number, whoever else writes', async () => {
    const { store, ledger } = openLedger();
    const ref = { key: `studies/${id}/report-${id}.html`, sha256: id };
    const latest = (failed: number) => ({
      state: 'complete',
      percuss: '0',
      failed,
      outputs: { report: ref, summary: ref, tables: {} },
    });
    const folder = `studies/${id}/latest/`;
    await ledger.putLatestOutputs(id, latest(1));
    expect(await keysBelow(store, folder)).toEqual([`${folder}000000001.json`]);
    await ledger.putLatestOutputs(id, latest(2));
    expect(await keysBelow(store, folder)).toEqual([`${folder}000000002.json`]);
    // Another process takes the next number after this one has looked which there are.
    let raced = false;
    const racing: ObjectStore = {
      ...store,
      putIfAbsent: async (key, content, options) => {
        if (!raced) {
          raced = true;
          await plant(store, key, latest(3));
        }
        return store.putIfAbsent(key, content, options);
      },
    };
    await new Ledger(racing).putLatestOutputs(id, latest(4));
    expect(await keysBelow(store, folder)).toEqual([`${folder}000000003.json`, `${folder}000000004.json`]);
    expect(await ledger.latestOutputs(id)).toEqual(latest(4));
  });

  test('number their submissions, also where two are begun at a time', async () => {
    const { store, ledger } = openLedger();
    const numbers = await Promise.all([1, 2, 3].map(() => ledger.beginSubmission(id)));
    expect(numbers.sort()).toEqual([1, 2, 3]);
    const first = await store.get(`studies/${id}/submissions/000001.json`);
    expect(JSON.parse(new TextDecoder().decode(first))).toEqual({ number: 1 });
  });
});

describe('failures', () => {
  const failure = (name: string) => ({ key: sha256(name), code: 'ENGINE_FAILED', message: name });

  test('come by key, and none are written where there are none', async () => {
    const { store, ledger } = openLedger();
    await ledger.beginSubmission(id);
    await ledger.recordFailures(id, []);
    expect(await keysBelow(store, 'failures/')).toEqual([]);
    const names = ['a', 'b', 'c', 'd', 'e'];
    await ledger.recordFailures(id, names.map(failure));
    await ledger.recordFailures(id, [...names].reverse().map(failure));
    const keys = (await ledger.failuresOf(id)).map(({ key }) => key);
    expect(keys).toEqual(names.map((name) => sha256(name)).sort());
  });

  test('are not lost in silence where the store fails', async () => {
    const { store, ledger } = openLedger();
    await ledger.beginSubmission(id);
    await ledger.recordFailures(id, [failure('a')]);
    for (const error of [new PercussError('STORE_UNREACHABLE', 'gone'), new TypeError('ours')]) {
      const get: ObjectStore['get'] = () => Promise.reject(error);
      await expect(new Ledger({ ...store, get }).failuresOf(id)).rejects.toBe(error);
    }
  });
});

describe('a ledger', () => {
  test('has the address and the id of its store, and closes it', async () => {
    let closed = 0;
    const store: ObjectStore = { ...memoryStore(), close: async () => void closed++ };
    const ledger = new Ledger(store);
    expect(ledger.url).toBe('memory:');
    expect(await ledger.identity()).toBe(await storeIdentity(store));
    await ledger.close();
    expect(closed).toBe(1);
  });

  test('keeps stages by plan, and analyses by themselves', async () => {
    const { ledger } = openLedger();
    const plan = await ledger.putRecord('plans', { index: 1, groups: [], scores: {} });
    expect(plan.key).toBe(`plans/${plan.sha256}.json`);
    const tables = { models: { rows: 3, sha256: sha256('PAR1') } };
    const analysis = await ledger.putRecord('analyses', { tables });
    expect(analysis.key).toBe(`analyses/${analysis.sha256}.json`);
    expect(await ledger.getRecord(analysis)).toEqual({ tables });
  });

  test('decides once what holds for machines that are alike', async () => {
    const { store, ledger } = openLedger();
    const choice = (precision: string) => ({
      chosen: { engine: 'reference', precision, device: 'cpu' },
      machine: 'x64',
      measured: [],
    });
    expect(await ledger.getMachine('x64')).toBeUndefined();
    expect(await ledger.putMachine(choice('float32'))).toEqual(choice('float32'));
    expect(await ledger.putMachine(choice('float64'))).toEqual(choice('float32'));
    expect(await ledger.getMachine('x64')).toEqual(choice('float32'));
    expect(await ledger.getMachine('arm64')).toBeUndefined();
    expect(await keysBelow(store, '')).toEqual([`machines/${sha256('x64')}.json`]);
  });

  test('tells what stays where it is once, and everything else each time', async () => {
    const { store, ledger, notices } = openLedger();
    await plant(store, `studies/${id}/submissions/notes.json`, null);
    await plant(store, `studies/${id}/submissions/more.json`, null);
    for (const _ of [1, 2]) await ledger.failuresOf(id);
    expect(notices.map(({ kind }) => kind)).toEqual(['ignored', 'ignored']);
    for (const _ of [1, 2]) {
      await plant(store, `studies/${id}/decisions/yaml.json`, 7);
      await ledger.getDecision(id, 'yaml');
    }
    expect(notices.slice(2).map(({ kind }) => kind)).toEqual(['set-aside', 'set-aside']);
  });

  test('finds responses of other semantics where they are asked for', async () => {
    const { ledger } = openLedger();
    const old = { ...scope, semantics: 3 };
    const { key } = await ledger.commitResult(old, id, new Map(), {}, provenance);
    expect(key).toMatch(/^responses\/3\//);
    expect((await ledger.committedResults(scope)).size).toBe(0);
    expect((await ledger.committedResults(old)).size).toBe(1);
  });
});

describe('responses', () => {
  const one = (value: number, ...names: readonly string[]): ReadonlyMap<string, Tensor> =>
    new Map(names.map((name) => [name, tensor('float32', [2], Float32Array.of(value, 2))]));

  test.each([
    ['equal ones, of another machine', one(1, 'r', 's'), 0],
    ['those of another value', one(3, 'r', 's'), 1],
    ['those with a tensor more', one(1, 'r', 's', 't'), 1],
    ['those with a tensor less', one(1, 'r'), 1],
    ['those with another tensor', one(1, 'r', 'x'), 1],
    ['those of which one differs', new Map([...one(1, 'r'), ...one(3, 's')]), 1],
  ])('beside %s are told as often as they differ', async (_, other, told) => {
    const { ledger, notices } = openLedger();
    await ledger.commitResult(scope, id, one(1, 'r', 's'), {}, provenance);
    await ledger.commitResult(scope, id, other, {}, { ...provenance, processor: 'avx2' });
    const { size } = await ledger.committedResults(scope);
    expect(size).toBe(1);
    const first = await ledger.readResult(scope, id);
    expect((await ledger.committedResults(scope)).get(id)).toBe(first?.object);
    expect(notices.map(({ kind }) => kind)).toEqual(Array(told).fill('nondeterminism'));
  });

  test('that fail the check of who reads them are set aside, and one that passes is taken', async () => {
    const { ledger, notices } = openLedger();
    const refs = [
      await ledger.commitResult(scope, id, one(1, 'r'), {}, provenance),
      await ledger.commitResult(scope, id, one(3, 'r'), {}, provenance),
    ];
    const [first = '', second = ''] = refs.map(({ key }) => key).sort();
    const seen: string[] = [];
    const check = ({ object, tensors }: { readonly object: string; readonly tensors: ReadonlyMap<string, Tensor> }) => {
      seen.push(object);
      expect([...tensors.keys()]).toEqual(['r']);
      return object === first ? 'it is not for me' : undefined;
    };
    expect((await ledger.readResult(scope, id, { check }))?.object).toBe(second);
    expect(seen).toEqual([first, second]);
    expect(notices).toMatchObject([{ kind: 'set-aside', key: first, reason: 'it is not for me' }]);
  });

  test('with a name of no response are set aside when they are listed', async () => {
    const { store, ledger, notices } = openLedger();
    const { key } = await ledger.commitResult(scope, id, one(1, 'r'), {}, provenance);
    const other = `${key.slice(0, key.lastIndexOf('/') + 1)}notes.txt`;
    await store.putIfAbsent(other, bytes('x'));
    expect([...(await ledger.committedResults(scope)).values()]).toEqual([key]);
    expect(notices).toMatchObject([{ kind: 'set-aside', key: other }]);
  });
});

describe('builds and machines', () => {
  test('come by text, with their cells, however long a header is; what has none of ours is left out', async () => {
    const { store, ledger } = openLedger();
    const of = (processor: string) => ({ ...provenance, processor });
    await ledger.commitCells(scope, cellsOf(0, 1), 4, of('zen'));
    await ledger.commitCells(scope, cellsOf(1, 3), 4, of('avx2'));
    await ledger.commitCells(scope, cellsOf(3, 6), 4, of('neon'));
    const folder = `cells/${SEMANTICS}/${scope.model}/reference-float32-cpu/${scope.chunk}/`;
    expect(await keysBelow(store, folder)).toHaveLength(3);
    // With 5,000 blanks before it a header doesn't fit into the first look.
    const [key = ''] = await keysBelow(store, folder);
    const whole = (await store.get(key)) ?? new Uint8Array();
    const length = Number(new DataView(whole.buffer, whole.byteOffset).getBigUint64(0, true));
    const long = (blanks: number): Buffer => {
      const size = Buffer.alloc(8);
      size.writeBigUInt64LE(BigInt(length + blanks));
      return Buffer.concat([
        size,
        Buffer.alloc(blanks, ' '),
        whole.subarray(8, 8 + length),
        whole.subarray(8 + length),
      ]);
    };
    await store.remove(key);
    await store.putIfAbsent(key, long(5_000));
    const known = [
      { text: 'reference 1 on cpu (avx2), percuss 0.1.0', cells: 2 },
      { text: 'reference 1 on cpu (neon), percuss 0.1.0', cells: 3 },
      { text: 'reference 1 on cpu (zen), percuss 0.1.0', cells: 1 },
    ];
    expect(await ledger.provenanceOf(scope)).toEqual(known);
    await store.remove(key);
    await store.putIfAbsent(key, long(2 ** 20));
    expect(await ledger.provenanceOf(scope)).toHaveLength(2);
    for (const [name, content] of [
      ['short', bytes('1234567')],
      ['empty', bytes('')],
      ['foreign', bytes('no tensors at all')],
      ['eight', new Uint8Array(8)],
    ] as const) {
      await store.putIfAbsent(`${folder}${name}`, content);
    }
    await store.remove(key);
    await store.putIfAbsent(key, whole);
    expect(await ledger.provenanceOf(scope)).toEqual(known);
  });
});
