import { copyFileSync, cpSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answer, cellFiles, committedUnits, filesBelow, resultFiles, tableHashes, Workplace } from './percuss.js';
import type { Failure } from '../../cli/exit.js';
import { finishedName, finishedSpec, finishedStudy } from './finished-study.js';
import type { Ended, RunAnswer } from './percuss.js';
import { hasSharedData, sharedData } from '../builders/shared-data.js';

if (!hasSharedData) console.warn('damage is not tested: ../shared/data is absent');

function flipBit(file: string): void {
  const bytes = readFileSync(file);
  const at = bytes.length - 3;
  bytes[at] = (bytes[at] as number) ^ 4;
  writeFileSync(file, bytes);
}

describe.skipIf(!hasSharedData)('damaged objects in the store of a finished study', { timeout: 600_000 }, () => {
  const place = new Workplace();
  const store = place.path('.percuss');
  const out = place.path('percuss-out', finishedName);
  const spec = place.spec('damage', finishedSpec());
  let sound: Record<string, string>;
  let units = 0;

  const run = (): Promise<Ended> => place.run(['run', spec, '--in-process', '--json']);
  /** Without what the last run left, the study is analysed anew. */
  const forget = (): void => {
    for (const file of filesBelow(path.join(store, 'studies'), /\/latest\//)) rmSync(file);
  };

  beforeAll(async () => {
    const finished = await finishedStudy();
    cpSync(finished.store, store, { recursive: true });
    units = finished.units;
    sound = tableHashes(finished.out);
  }, 600_000);
  afterAll(() => place.close());

  test('truncated and foreign cells are named, set aside and computed again, though everything seemed stored', async () => {
    const [cut = '', foreign = '', ...others] = cellFiles(store);
    truncateSync(cut, 100);
    // Well-formed and sound, but of another name: its bytes belong elsewhere.
    copyFileSync(others[0] ?? '', foreign);
    const stray = path.join(path.dirname(cut), 'notes.txt');
    writeFileSync(stray, 'not ours');
    const again = await run();
    expect(again.code, again.stderr).toBe(0);
    for (const file of [cut, foreign, stray]) expect(again.stderr).toContain(`set aside ${path.relative(store, file)}`);
    const { computed, reused, failed } = answer<RunAnswer>(again);
    expect([computed + reused, failed]).toEqual([units, 0]);
    expect(computed).toBeGreaterThan(0);
    expect(existsSync(stray)).toBe(false);
    expect(tableHashes(out)).toEqual(sound);
    // Each with the reason beside it.
    expect(filesBelow(path.join(store, 'aside'))).toHaveLength(6);
  });

  test('a damaged table, or report, is written again', async () => {
    const [report = ''] = filesBelow(path.join(store, 'studies'), /report-.*\.html$/);
    const [table = ''] = filesBelow(path.join(store, 'studies'), /kernels-.*\.parquet$/);
    for (const file of [report, table]) flipBit(file);
    const refused = await place.run(['report', finishedName]);
    expect(refused.code, refused.stderr).toBe(3);
    expect(refused.stderr).toContain('run the study again');
    const again = await run();
    expect(again.code, again.stderr).toBe(0);
    expect(answer<RunAnswer>(again)).toMatchObject({ computed: 0, reused: units, failed: 0 });
    expect(tableHashes(out)).toEqual(sound);
    expect((await place.run(['report', finishedName])).code).toBe(0);
  });

  test.each([
    ['the loop of this process', ['--in-process']],
    ['Temporal', []],
  ])(
    'flipped bits that only the analysis meets, behind an index, are computed again by %s in the same run',
    async (_, how) => {
      expect(filesBelow(path.join(store, 'index'))).not.toEqual([]);
      forget();
      const [table = ''] = filesBelow(path.join(store, 'studies'), /curves-.*\.parquet$/);
      const files = [
        cellFiles(store).at(3) ?? '',
        cellFiles(store).at(-1) ?? '',
        resultFiles(store).at(1) ?? '',
        table,
      ];
      for (const file of files) flipBit(file);
      const again = await place.run(['run', spec, ...how, '--json']);
      expect(again.code, again.stderr).toBe(0);
      for (const file of files) expect(again.stderr).toContain(`set aside ${path.relative(store, file)}`);
      const { computed, reused, failed } = answer<RunAnswer>(again);
      expect([computed + reused, failed]).toEqual([units, 0]);
      expect(computed).toBeGreaterThanOrEqual(3);
      expect(tableHashes(out)).toEqual(sound);
      const committed = committedUnits(store);
      expect(new Set(committed).size).toBe(committed.length);
    },
  );

  const model = path.join(sharedData, 'models/cifar10_mstutorial.onnx');
  /** Stored images are told apart by how many they are: 60 to test on, the same in waves of 25, 25 and 10, 24 for reference. */
  const blobOf = (what: 'network' | 'test' | 'reference'): string => {
    const files = filesBelow(path.join(store, 'blobs')).map((file) => ({ file, bytes: readFileSync(file) }));
    const network = files.find(({ bytes }) => bytes.equals(readFileSync(model)));
    const holding = (images: number) =>
      files.find(({ bytes }) => Math.floor(bytes.length / (3 * 32 * 32 + 2)) === images);
    return { network, test: holding(60), reference: holding(24) }[what]?.file ?? '';
  };

  test.each(['network', 'test'] as const)(
    'flipped bits in the stored %s are met by their hash when the study is planned, and it is stored again',
    async (what) => {
      const file = blobOf(what);
      const before = readFileSync(file);
      flipBit(file);
      forget();
      const again = await run();
      expect(again.code, again.stderr).toBe(0);
      expect(again.stderr).toContain(`set aside ${path.relative(store, file)}: its SHA-256 is not`);
      expect(answer<RunAnswer>(again)).toMatchObject({ computed: 0, reused: units, failed: 0 });
      expect(readFileSync(file).equals(before)).toBe(true);
      expect(tableHashes(out)).toEqual(sound);
    },
  );

  test('flipped bits in the reference images end the process that computes with them; the next run has them again', async () => {
    const file = blobOf('reference');
    flipBit(file);
    rmSync(path.join(store, 'cells'), { recursive: true });
    const refused = await run();
    expect([refused.code, answer<Failure>(refused).code]).toEqual([3, 'OBJECT_DAMAGED']);
    expect(refused.stderr).toContain(`${path.relative(store, file)} can't be used: its SHA-256 is not`);
    expect(refused.stderr).toContain('run the study again');
    const again = await run();
    expect(again.code, again.stderr).toBe(0);
    expect(answer<RunAnswer>(again).failed).toBe(0);
    expect(tableHashes(out)).toEqual(sound);
  });
});
