import { describe, expect, test } from 'vitest';
import type { CellRow } from '../../core/ledger/cell-object.js';
import { cellForm, cellShelf } from '../../core/ledger/cell-object.js';
import { Ledger } from '../../core/ledger/ledger.js';
import { identityOf, keyTensor } from '../../core/ledger/row-keys.js';
import { seal } from '../../core/ledger/sealed.js';
import type { Edit } from '../../core/plan/condition.js';
import { cellKey, printEdits, SEMANTICS } from '../../core/plan/identity.js';
import { decodeSafetensors } from '../../core/safetensors.js';
import { memoryStore } from '../../core/store/memory-store.js';
import { tensor, type Tensor } from '../../core/tensor.js';
import { openLedger } from '../builders/ledger.js';
import { cellsOf, provenance, scope } from './cells-of.js';

const conditions: readonly (readonly Edit[])[] = [
  [],
  [{ site: 'conv1', channels: [3], fill: { kind: 'zero' } }],
  [
    { site: 'a "quoted"\nname', channels: [0, 5], fill: { kind: 'zero' } },
    { site: 'später', channels: [1], fill: { kind: 'resample', draw: 2, reference: 'ab' } },
  ],
];
const rows = (): CellRow[] =>
  cellsOf(0, 3).map((cell, i) => {
    const edits = conditions[i] as readonly Edit[];
    return { ...cell, key: cellKey(scope, scope.chunk, edits), edits: printEdits(edits) };
  });

async function only(store: ReturnType<typeof memoryStore>): Promise<{ key: string; bytes: Uint8Array }> {
  for await (const { key } of store.list('cells/')) return { key, bytes: (await store.get(key)) as Uint8Array };
  throw new Error('no object');
}

describe('an object of cells', () => {
  test('lists what each of its cells is a cell of, in the order of its keys', async () => {
    const store = memoryStore();
    await new Ledger(store).commitCells(scope, rows(), 4, provenance);
    const { tensors } = decodeSafetensors((await only(store)).bytes);
    const lines = Buffer.from((tensors.get('edits') as Tensor<'uint8'>).data)
      .toString('utf8')
      .split('\n');
    const sorted = rows().sort((a, b) => (a.key < b.key ? -1 : 1));
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(sorted.map(({ edits = '' }) => JSON.parse(edits)));
    expect(lines.map((line) => cellKey(scope, scope.chunk, JSON.parse(line) as Edit[]))).toEqual(
      sorted.map(({ key }) => key),
    );
    // Read, a cell is what it was without them.
    const read = await new Ledger(store).readCells(scope);
    for (const { edits: _, ...cell } of rows()) expect(read.get(cell.key)).toEqual(cell);
  });

  test('of an earlier build lists none, and is read and counted with those that do', async () => {
    const { store, ledger, notices } = openLedger();
    const [one, ...others] = rows() as [CellRow, ...CellRow[]];
    const { edits: _, ...plain } = one;
    await ledger.commitCells(scope, [plain], 4, provenance);
    expect(decodeSafetensors((await only(store)).bytes).tensors.has('edits')).toBe(false);
    await ledger.commitCells(scope, others, 4, provenance);
    // The same cell once more, with its edits: another object, and no other value.
    await ledger.commitCells(scope, [one], 4, provenance);
    const reader = openLedger(store);
    expect((await reader.ledger.readCells(scope)).size).toBe(3);
    expect([...notices, ...reader.notices]).toEqual([]);
  });

  const text = (...lines: readonly string[]): Tensor => {
    const bytes = new TextEncoder().encode(lines.join('\n'));
    return tensor('uint8', [bytes.length], bytes);
  };
  const sorted = rows().sort((a, b) => (a.key < b.key ? -1 : 1));
  const lines = sorted.map(({ edits = '' }) => edits);
  test.each<readonly [what: string, edits: Tensor, reason: RegExp]>([
    ['in another order', text(...lines.toReversed()), /are not those of its cell keys/],
    ['of fewer cells', text(...lines.slice(1)), /are not those of its cell keys/],
    ['of more cells', text(...lines, '[]'), /are not those of its cell keys/],
    ['that are the same in other words', text(...lines.map((line) => `${line} `)), /are not those of its cell keys/],
    ['of another type', tensor('int32', [3], new Int32Array(3)), /edits of another type or shape/],
  ])('that lists edits %s is set aside', async (_, edits, reason) => {
    const { store, ledger, notices } = openLedger();
    const keys = sorted.map(({ key }) => key);
    const plain = sorted.map(({ edits: _own, ...cell }) => cell);
    const tensors = new Map<string, Tensor>([
      ['key', keyTensor(keys)],
      ...cellForm.pack(plain).tensors,
      ['edits', edits],
    ]);
    await seal(
      cellShelf(store, SEMANTICS, scope, () => undefined),
      identityOf(keys),
      tensors,
      {},
    );
    expect((await ledger.committedKeys(scope)).size).toBe(0);
    expect(notices).toMatchObject([{ kind: 'set-aside', reason: expect.stringMatching(reason) }]);
  });
});
