import fc from 'fast-check';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { SpilledRows } from '../../../core/study/reading/spilled-rows.js';

const leftOver = (): string[] =>
  readdirSync(tmpdir()).filter((name) => name.startsWith(`percuss-rows-${process.pid}-`));

test('rows are the same from a file as from memory, in whatever order they were written and are read', () => {
  const written = fc.array(fc.tuple(fc.nat(39), fc.nat(255)), { maxLength: 60 });
  // Rows longer than a block, and shorter; no share of the memory sends all to a file.
  fc.assert(
    fc.property(
      fc.constantFrom(8, 24, 70_000),
      written,
      fc.array(fc.nat(39), { maxLength: 40 }),
      (size, rows, asked) => {
        const [memory, file] = [new SpilledRows(40, size), new SpilledRows(40, size, 0)];
        const known = new Map<number, number>();
        for (const [row, value] of rows) {
          known.set(row, value);
          for (const into of [memory, file]) into.write(row, new Uint8Array(size).fill(value));
          expect(Buffer.from(file.read(row) ?? []).equals(Buffer.alloc(size, value))).toBe(true);
        }
        for (const row of asked) {
          const [a, b] = [memory.read(row), file.read(row)];
          expect([a?.length, b?.length, a?.[0], b?.at(-1)]).toEqual(
            known.has(row)
              ? [size, size, known.get(row), known.get(row)]
              : [undefined, undefined, undefined, undefined],
          );
          expect(file.has(row)).toBe(known.has(row));
        }
        memory.close();
        file.close();
      },
    ),
    { numRuns: 60 },
  );
});

test.skipIf(process.platform === 'win32')('nobody finds the file, not even while it is open', () => {
  const rows = new SpilledRows(10, 8, 0);
  rows.write(3, new Uint8Array(8).fill(7));
  expect(leftOver()).toEqual([]);
  expect(rows.read(3)?.[0]).toBe(7);
  rows.close();
});
