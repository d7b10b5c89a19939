import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { NumericMode } from '../../../core/numeric-mode.js';
import { outlineOf, unitKey } from '../../../core/plan/outline.js';
import { stageGroups, unitIndices } from '../../../core/plan/planner.js';
import { shares } from '../../../core/spec/shares.js';
import type { ResolvedData } from '../../../core/spec/resolved-study.js';
import { nearestStudy, type ExplainedStudy } from '../../../core/study/explaining/nearest-study.js';
import { proposedMode } from '../../../core/study/preparing/choose-mode.js';
import { catalogAtHand, readStudy, type CheckedStudy } from '../../../core/study/preparing/prepare-study.js';
import { storeStudy } from '../../../core/study/preparing/resolve-study.js';
import { openLedger } from '../../builders/ledger.js';
import { changes, studies, unchanged, writeInputs, type Change, type Draft } from './changes.js';

const folder = mkdtempSync(path.join(tmpdir(), 'percuss-shares-'));
writeInputs(folder);
afterAll(() => rmSync(folder, { recursive: true }));

type Beginning = keyof typeof studies;

/** A study as it is read from its spec, and the keys of all units that it may ask for. */
interface Read {
  readonly checked: CheckedStudy;
  readonly mode: NumericMode;
  readonly keys: ReadonlySet<string>;
}

async function read(draft: Draft): Promise<Read> {
  const checked = await readStudy(JSON.parse(JSON.stringify(draft)) as Record<string, unknown>);
  const { study } = checked.resolved;
  const mode = proposedMode(checked.spec.run);
  const catalog = catalogAtHand(checked);
  const keys = new Set<string>();
  for (const model of study.models) {
    const { anatomy } = await catalog.model(model);
    const { shape: image } = study.data.find(({ name }) => name === model.data) as ResolvedData;
    const context = { study, mode, anatomy, image, scores: {}, reach: 'all', extents: 'most' } as const;
    const outline = outlineOf(model, context);
    for (const group of stageGroups([outline]).flat())
      for (const index of unitIndices(group)) keys.add(unitKey(outline, study.seed, group, index));
  }
  return { checked, mode, keys };
}

const before = new Map<Beginning, Read>();
beforeAll(async () => {
  for (const name of ['usual', 'pictures', 'trainings'] as const) before.set(name, await read(studies[name](folder)));
});

const asExplained = ({ checked: { resolved, spec }, mode }: Read): ExplainedStudy => ({
  id: resolved.id,
  study: resolved.study,
  mode,
  spec,
  blob: (digest) => Promise.resolve(resolved.blobs.get(digest) as Uint8Array),
});

const leaves = Object.entries(shares).flatMap(([section, rows]) =>
  Object.entries(rows).flatMap(([key, share]) => (share === 'section' ? [] : [{ key: `${section}.${key}`, share }])),
);
const shareOfKey = (key: string): string => leaves.find((leaf) => leaf.key === key)?.share ?? 'none';

const rows: readonly Change[] = changes(folder);

describe('what each key of the spec takes part in', () => {
  test('every key is changed by a row, or it is said why by none', () => {
    const known = [...rows.map(({ key }) => key), ...Object.keys(unchanged)];
    expect(known.toSorted()).toEqual(leaves.map(({ key }) => key).toSorted());
  });

  test.each(rows)('$key: what is written of it holds, and another value is named', async (row) => {
    const from = before.get(row.from ?? 'usual') as Read;
    const draft = studies[row.from ?? 'usual'](folder);
    row.change(draft);
    const after = await read(draft);
    const share = shareOfKey(row.key);
    const sameStudy = after.checked.resolved.id === from.checked.resolved.id;
    const kept = [...after.keys].filter((key) => from.keys.has(key)).length;
    // The mode is decided beside the study.
    expect(sameStudy).toBe(share === 'run' || row.key.startsWith('run.'));
    const sameKeys = kept === after.keys.size && kept === from.keys.size;
    if (share === 'run' || share === 'study') expect(sameKeys || row.key === 'data.classes').toBe(true);
    if (share === 'asked') expect(kept).toBeGreaterThan(0);
    if (share === 'values') expect(kept).toBeLessThan(after.keys.size);

    const { ledger } = openLedger();
    const { resolved, yaml } = from.checked;
    await storeStudy(ledger, resolved, { mode: from.mode, yaml, batchSeconds: 1 });
    const own = asExplained(after);
    // A study that differs in nothing but its mode has the same id, and is compared all the same.
    const found = await nearestStudy(ledger, own, resolved.id);
    expect(found?.differences.map(({ component }) => component).toSorted()).toEqual([...row.named].toSorted());
    for (const { component, share: told } of found?.differences ?? [])
      if (component === row.named[0]) expect(told).toBe(share);
  });
});
