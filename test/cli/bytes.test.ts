import { afterAll, describe, expect, test } from 'vitest';
import { tableNames } from '../../core/tables/columns.js';
import { answer, tableHashes, tinySpec, Workplace } from './percuss.js';
import { finishedName, finishedStudy } from './finished-study.js';
import type { RunAnswer } from './percuss.js';
import { hasSharedData } from '../builders/shared-data.js';

if (!hasSharedData) console.warn('equality of tables is not tested: ../shared/data is absent');

describe.skipIf(!hasSharedData)('one study, run in two ways', { timeout: 600_000 }, () => {
  const place = new Workplace();
  afterAll(() => place.close());

  test('in process, and by Temporal with batches of another size, gives the same tables byte by byte', async () => {
    const inProcess = await finishedStudy();
    const out = ['--store', place.path('store'), '--out', place.path('temporal'), '--json'];
    const large = place.spec(
      'large',
      tinySpec(finishedName, { run: '{ engine: onnxruntime, device: cpu, batchSeconds: 0.1, workers: 3 }' }),
    );
    const temporal = await place.run(['run', large, ...out]);
    expect(temporal.code, temporal.stderr).toBe(0);
    const tables = tableHashes(inProcess.out);
    expect(Object.keys(tables)).toHaveLength(tableNames.length);
    expect(tableHashes(place.path('temporal'))).toEqual(tables);
    const { computed, reused, failed } = answer<RunAnswer>(temporal);
    expect({ computed, reused, failed }).toEqual({ computed: inProcess.units, reused: 0, failed: 0 });
    if (process.platform === 'linux') expect(await place.deserted()).toEqual([]);
    // Everything is stored now, so this needs no server, and says so.
    const again = await place.run(['run', large, ...out]);
    expect(answer<RunAnswer>(again)).toMatchObject({ computed: 0, reused: computed, failed: 0 });
  });
});
