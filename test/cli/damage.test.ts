import { copyFileSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasSharedData } from '../probe/real-network.js';
import {
  answer,
  cellFiles,
  committedUnits,
  filesBelow,
  resultFiles,
  tableHashes,
  tinySpec,
  Workplace,
} from './percuss.js';
import type { Ended, RunAnswer } from './percuss.js';

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
  const out = place.path('percuss-out/damage');
  const spec = place.spec('damage', tinySpec('damage'));
  let sound: Record<string, string>;
  let units = 0;

  const run = (): Promise<Ended> => place.run(['run', spec, '--in-process', '--json']);
  /** Without what the last run left, the study is analysed anew. */
  const forget = (): void => {
    for (const file of filesBelow(path.join(store, 'studies'), /\/latest\//)) rmSync(file);
  };

  beforeAll(async () => {
    const first = await run();
    expect(first.code, first.stderr).toBe(0);
    units = answer<RunAnswer>(first).computed;
    sound = tableHashes(out);
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
    const refused = await place.run(['report', 'damage']);
    expect(refused.code, refused.stderr).toBe(3);
    expect(refused.stderr).toContain('run the study again');
    const again = await run();
    expect(again.code, again.stderr).toBe(0);
    expect(answer<RunAnswer>(again)).toMatchObject({ computed: 0, reused: units, failed: 0 });
    expect(tableHashes(out)).toEqual(sound);
    expect((await place.run(['report', 'damage'])).code).toBe(0);
  });

  test('flipped bits that only the analysis meets, behind an index, are computed again in the same run', async () => {
    expect(filesBelow(path.join(store, 'index'))).not.toEqual([]);
    forget();
    const [table = ''] = filesBelow(path.join(store, 'studies'), /curves-.*\.parquet$/);
    const files = [cellFiles(store).at(3) ?? '', cellFiles(store).at(-1) ?? '', resultFiles(store).at(1) ?? '', table];
    for (const file of files) flipBit(file);
    const again = await run();
    expect(again.code, again.stderr).toBe(0);
    for (const file of files) expect(again.stderr).toContain(`set aside ${path.relative(store, file)}`);
    const { computed, reused, failed } = answer<RunAnswer>(again);
    expect([computed + reused, failed]).toEqual([units, 0]);
    expect(computed).toBeGreaterThanOrEqual(3);
    expect(tableHashes(out)).toEqual(sound);
    const committed = committedUnits(store);
    expect(new Set(committed).size).toBe(committed.length);
  });
});
