import { describe, expect, test } from 'vitest';
import { canonicalJson, type Json } from '../../core/canonical.js';
import { sha256, type Ref } from '../../core/digest.js';
import type { Ledger } from '../../core/ledger/ledger.js';
import { mendStore } from '../../core/ledger/mend-store.js';
import { lookIdentity, storeIdentity } from '../../core/store/identity.js';
import type { ObjectStore } from '../../core/store/object-store.js';
import { otherJson, plant, resolvedStudy } from './hostile-store.js';
import { openLedger } from '../builders/ledger.js';

const id = sha256('a study');

const ref = (folder = `studies/${id}`) => ({ key: `${folder}/report-${id}.html`, sha256: id });
const latest = (more: object = {}) => ({
  state: 'complete',
  percuss: '0.1.0',
  failed: 0,
  outputs: { report: ref(), summary: ref(), tables: { models: ref() }, ...more },
});
const root = { id, study: 'demo', created: '2026-11-30T08:00:00.000Z' };
const mode = { engine: 'reference', precision: 'float32', device: 'cpu' };

/** Every record that is decided once: key, how it is read, one that is right, and some that are nearly. */
const kinds: readonly {
  readonly key: string;
  readonly read: (ledger: Ledger) => Promise<unknown>;
  readonly right: Json;
  readonly nearly: readonly Json[];
}[] = [
  {
    key: `roots/${id}.json`,
    read: async (ledger) => (await ledger.listStudies())[0],
    right: root,
    nearly: [
      { ...root, study: '../x' },
      { ...root, study: 'a/b' },
      { ...root, study: '' },
      { ...root, study: '\u001b[2J' },
      { ...root, id: sha256('another study') },
      { ...root, id: 'x' },
      { ...root, created: 'yesterday' },
      { ...root, created: 0 },
    ],
  },
  {
    key: `studies/${id}/decisions/mode.json`,
    read: (ledger) => ledger.getDecision(id, 'mode'),
    right: mode,
    nearly: [
      { ...mode, engine: 'constructor' },
      { ...mode, device: 'tensorrt' },
      { ...mode, precision: '../float32' },
    ],
  },
  {
    key: `studies/${id}/decisions/choice.json`,
    read: (ledger) => ledger.getDecision(id, 'choice'),
    right: { chosen: mode, machine: 'x64', measured: [] },
    nearly: [
      { chosen: mode, machine: 'x64' },
      { chosen: 'cpu', machine: 'x64', measured: [] },
      { chosen: mode, machine: 'x64', measured: [{ mode, networks: [] }] },
    ],
  },
  {
    key: `studies/${id}/decisions/yaml.json`,
    read: (ledger) => ledger.getDecision(id, 'yaml'),
    right: 'study: x',
    nearly: [7],
  },
  {
    key: `stages/${id}/000002.json`,
    read: (ledger) => ledger.getStage(id, 2),
    right: { scores: { 'a/b': [1, 2] }, read: id },
    nearly: [
      { scores: { 'a/b': ['1'] }, read: id },
      { scores: {}, read: 'x' },
      { advance: {}, read: id },
    ],
  },
  {
    key: `stages/${id}/000003.json`,
    read: (ledger) => ledger.getStage(id, 3),
    right: {
      advance: { 'a/b': [[1, [[0, 7]]]] },
      extents: { 'a/b': { images: 4, positions: 1, state: 'budget' } },
      read: id,
    },
    nearly: [
      { advance: { 'a/b': [[1, [[7, 0]]]] }, read: id },
      { advance: { 'a/b': [[1, [[-1, 2]]]] }, read: id },
      { advance: { 'a/b': [[0.5, []]] }, read: id },
      { advance: {}, extents: { 'a/b': { images: 0, positions: 1, state: 'open' } }, read: id },
      { advance: {}, extents: { 'a/b': { images: 4, positions: 1.5, state: 'open' } }, read: id },
      { advance: {}, extents: { 'a/b': { images: 4, positions: 1, state: 'ended' } }, read: id },
      { advance: { 'a/b': [[1, [[0, 1e300]]]] }, read: id },
      { scores: {}, read: id },
    ],
  },
  {
    key: `studies/${id}/latest/000000001.json`,
    read: (ledger) => ledger.latestOutputs(id),
    right: latest(),
    nearly: [
      latest({ tables: { '../../x': ref() } }),
      latest({ tables: { 'a/b': ref() } }),
      latest({ tables: { Models: ref() } }),
      latest({ report: { key: '../../etc/passwd', sha256: id } }),
      latest({ report: { key: 'store.json', sha256: id } }),
      latest({ report: ref(`studies/${sha256('another study')}`) }),
      latest({ summary: { key: ref().key, sha256: 'x' } }),
      { ...latest(), failed: -1 },
    ],
  },
];

describe.each(kinds)('a record under $key', ({ key, read, right, nearly }) => {
  test('that is right is read, and nothing is told', async () => {
    const { store, ledger, notices } = openLedger();
    await plant(store, key, right);
    expect(await read(ledger)).toEqual(right);
    expect(notices).toEqual([]);
  });

  test.each([
    ...otherJson.filter(([what]) => !(key.endsWith('yaml.json') && what === 'a text')),
    ...nearly.map((value) => [JSON.stringify(value).slice(0, 120), canonicalJson(value)] as const),
  ])('that is %s is set aside, told, and counts as absent', async (_, text) => {
    const { store, ledger, notices } = openLedger();
    await plant(store, key, null, text);
    expect(await read(ledger)).toBeUndefined();
    expect(notices).toMatchObject([{ kind: 'set-aside', key, aside: expect.stringMatching(/^aside\//) }]);
    expect(JSON.stringify(notices).length).toBeLessThan(1_000);
    expect(await store.head(key)).toBeUndefined();
  });
});

describe('a record that is known by its hash', () => {
  /** Under the key that its hash gives, so that only its form can be wrong. */
  const planted = async (store: ObjectStore, folder: string, text: string): Promise<Ref<unknown>> => {
    const digest = sha256(text);
    const key = folder === 'studies' ? `studies/${digest}/study.json` : `${folder}/${digest}.json`;
    await store.putIfAbsent(key, Buffer.from(text));
    return { key, sha256: digest };
  };
  const group = { kind: 'cells', model: 'm', name: 'a', chunk: 0, missing: [[0, 9]], seconds: 1 };
  const plan = { index: 1, groups: [group], scores: {} };
  const set = { name: 'test', shape: [3, 8, 8], classes: null, chunks: [] };
  const nearly: readonly (readonly [folder: string, value: Json])[] = [
    ['plans', { ...plan, groups: [{ ...group, kind: 'toString' }] }],
    ['plans', { ...plan, groups: [{ ...group, model: '../m' }] }],
    ['plans', { ...plan, groups: [{ ...group, missing: [[9, 0]] }] }],
    [
      'plans',
      {
        ...plan,
        groups: [
          {
            ...group,
            missing: [
              [5, 9],
              [0, 3],
            ],
          },
        ],
      },
    ],
    ['plans', { ...plan, groups: null }],
    // As builds before 0.1.0 wrote them: rows within the record.
    ['analyses', { models: [{ a: 1 }] }],
    ['analyses', { tables: { models: 7 } }],
    ['analyses', { tables: { models: { rows: -1, sha256: sha256('x') } } }],
    ['analyses', { tables: { models: { rows: 1, sha256: '../x' } } }],
    ['analyses', { tables: { '../models': { rows: 1, sha256: sha256('x') } } }],
    ['studies', resolvedStudy('../x') as unknown as Json],
    ['studies', resolvedStudy('x', { models: [{}] }) as unknown as Json],
    ['studies', resolvedStudy('x', { data: [{ ...set, shape: [] }] }) as unknown as Json],
    ['studies', resolvedStudy('x', { data: [{ ...set, chunks: [{ digest: '../x', images: 1 }] }] }) as unknown as Json],
    ['studies', resolvedStudy('x', { analysis: null }) as unknown as Json],
    ['studies', resolvedStudy('x', { seed: '7' }) as unknown as Json],
  ];
  const cases = [
    ...['plans', 'studies', 'analyses'].flatMap((folder) => otherJson.map(([, text]) => [folder, text] as const)),
    ...nearly.map(([folder, value]) => [folder, canonicalJson(value)] as const),
  ];

  test('is read where it is right', async () => {
    const { store, ledger, notices } = openLedger();
    const study = resolvedStudy('x', { data: [set] });
    for (const [folder, value] of [
      ['plans', plan],
      ['analyses', { tables: { models: { rows: 1, sha256: sha256('x') } } }],
      ['studies', study],
    ] as const) {
      expect(await ledger.getRecord(await planted(store, folder, canonicalJson(value as unknown as Json)))).toEqual(
        value,
      );
    }
    expect(notices).toEqual([]);
  });

  test.each(cases.map(([folder, text]) => [folder, text.slice(0, 100), text] as const))(
    'in %s is damaged where it is %s',
    async (folder, _, text) => {
      const { store, ledger, notices } = openLedger();
      const record = await planted(store, folder, text);
      await expect(ledger.getRecord(record)).rejects.toMatchObject({ code: 'OBJECT_DAMAGED' });
      expect(notices).toMatchObject([{ kind: 'set-aside', key: record.key }]);
    },
  );

  test('of failures is left out where it is damaged: its units are tried again', async () => {
    const { store, ledger, notices } = openLedger();
    await ledger.beginSubmission(id);
    const failure = { key: sha256('cell'), code: 'ENGINE_FAILED', message: 'no' };
    await ledger.recordFailures(id, [failure]);
    for (const [, text] of otherJson.filter(([what]) => what !== 'a list')) {
      await store.putIfAbsent(`failures/${id}/000001/${sha256(text)}.json`, Buffer.from(text));
    }
    await store.putIfAbsent(`failures/${id}/000001/notes.txt`, Buffer.from('x'));
    expect(await ledger.failuresOf(id)).toEqual([failure]);
    expect(notices).toHaveLength(otherJson.length);
  });
});

describe('numbers at the end of keys', () => {
  test('that are no numbers do not count, and submissions and outputs go on from the largest', async () => {
    const { store, ledger } = openLedger();
    for (const last of ['x', '1', '-1', '000041', '999999', '1000000', '0000000000000000000000001']) {
      await store.putIfAbsent(`studies/${id}/submissions/${last}.json`, Buffer.from('{}'));
    }
    expect(await ledger.beginSubmission(id)).toBe(1_000_001);
    expect(await ledger.beginSubmission(id)).toBe(1_000_002);
    for (const last of ['x', '000000007', '1e9']) {
      await plant(store, `studies/${id}/latest/${last}.json`, null);
    }
    await ledger.putLatestOutputs(id, latest());
    expect(await ledger.latestOutputs(id)).toEqual(latest());
  });
});

describe('a store whose store.json is damaged', () => {
  const own = '0123456789abcdef0123456789abcdef';
  const whole = `{"format":"percuss-store","id":"${own}","version":1}`;
  const damages: readonly (readonly [what: string, text: string, mended: 'kept' | 'new'])[] = [
    ['empty', '', 'new'],
    ['truncated in the id', whole.slice(0, 50), 'new'],
    ['truncated behind the id', whole.slice(0, 68), 'kept'],
    ['of another version', whole.replace('"version":1', '"version":2'), 'kept'],
    ['printed by hand', JSON.stringify(JSON.parse(whole), null, 2), 'kept'],
    ['of another program', '{"name":"x"}', 'new'],
    ['no text', '\u0000\u00ff', 'new'],
    ['a list', '[]', 'new'],
  ];

  test.each(damages)('(%s) is explained, can be listed all the same, and is mended', async (_, text, mended) => {
    const { store, ledger, notices } = openLedger();
    await plant(store, `roots/${id}.json`, root);
    await store.putIfAbsent('store.json', Buffer.from(text, 'latin1'));
    expect(await ledger.listStudies()).toEqual([root]);
    await expect(storeIdentity(store)).rejects.toMatchObject({
      code: 'OBJECT_DAMAGED',
      message: expect.stringMatching(/store\.json .*\(it is .*--mend-store/),
    });
    const after = await mendStore(store, (notice) => notices.push(notice));
    expect(after.what).toBe(mended);
    if (mended === 'kept') expect(after.id).toBe(own);
    expect(await storeIdentity(store)).toBe(after.id);
    expect(notices).toMatchObject([{ kind: 'set-aside', key: 'store.json' }]);
    expect(await mendStore(store, () => expect.unreachable())).toEqual({ id: after.id, what: 'sound' });
  });

  test('is only looked at by who asks how it stands', async () => {
    const { store } = openLedger();
    expect(await lookIdentity(store)).toEqual({ state: 'none' });
    expect(await store.head('store.json')).toBeUndefined();
  });
});
