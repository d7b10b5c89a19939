import { statSync } from 'node:fs';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  answer,
  cellFiles,
  committedUnits,
  computeChild,
  killQuietly,
  tableHashes,
  until,
  Workplace,
} from './percuss.js';
import { finishedName, finishedSpec, finishedStudy } from './finished-study.js';
import type { RunAnswer } from './percuss.js';
import { hasSharedData } from '../builders/shared-data.js';

if (!hasSharedData) console.warn('killing is not tested: ../shared/data is absent');

describe.skipIf(!hasSharedData || process.platform !== 'linux')(
  'kill -9 in the middle of a run in process',
  { timeout: 600_000 },
  () => {
    let units = 0;
    let undisturbed: Record<string, string>;
    let place: Workplace;

    beforeAll(async () => {
      const calm = await finishedStudy();
      units = calm.units;
      undisturbed = tableHashes(calm.out);
    }, 600_000);
    afterEach(() => place.close());

    const begin = (): ReturnType<Workplace['start']> => {
      place = new Workplace();
      return place.start(['run', place.spec('kill', finishedSpec()), '--in-process', '--json']);
    };
    const midway = (): boolean => cellFiles(place.path('.percuss')).length > 8;

    test('of a compute child: the run goes on without it, and nothing is computed twice', async () => {
      const run = begin();
      await until(midway, run);
      const [child] = place.relatives(computeChild);
      killQuietly(child?.pid ?? 0);
      const ended = await run.ended;
      expect(ended.code, ended.stderr).toBe(0);
      const { computed, reused, failed } = answer<RunAnswer>(ended);
      // A child that had committed its batch, but not said so, makes that batch count as reused.
      expect([computed + reused, failed]).toEqual([units, 0]);
      const committed = committedUnits(place.path('.percuss'));
      expect(new Set(committed).size).toBe(committed.length);
      expect(tableHashes(place.path('percuss-out', finishedName))).toEqual(undisturbed);
    });

    test('of percuss itself: its compute children end, and the same command computes only the rest', async () => {
      const run = begin();
      await until(midway, run);
      run.child.kill('SIGKILL');
      await run.ended;
      expect(await place.deserted()).toEqual([]);
      const store = place.path('.percuss');
      const before = committedUnits(store);
      const files = new Map(cellFiles(store).map((file) => [file, statSync(file).mtimeMs]));
      expect(before.length).toBeGreaterThan(8);
      expect(before.length).toBeLessThan(units);
      const again = await place.run(['run', place.path('kill.yaml'), '--in-process', '--json']);
      expect(again.code, again.stderr).toBe(0);
      expect(answer<RunAnswer>(again)).toMatchObject({
        computed: units - before.length,
        reused: before.length,
        failed: 0,
      });
      const after = committedUnits(store);
      expect(new Set(after).size).toBe(after.length);
      expect(after).toHaveLength(units);
      for (const [file, time] of files) expect(statSync(file).mtimeMs).toBe(time);
      expect(tableHashes(place.path('percuss-out', finishedName))).toEqual(undisturbed);
    });
  },
);
