import { afterAll, describe, expect, test } from 'vitest';
import { hasSharedData } from '../probe/real-network.js';
import { answer, tableHashes, tinySpec, Workplace } from './percuss.js';
import type { RunAnswer } from './percuss.js';

if (!hasSharedData) console.warn('equality of tables is not tested: ../shared/data is absent');

describe.skipIf(!hasSharedData)('one study, run in two ways', { timeout: 600_000 }, () => {
  const place = new Workplace();
  afterAll(() => place.close());

  test('in process, and by Temporal with batches of another size, gives the same tables byte by byte', async () => {
    const names = ['in-process', 'temporal'] as const;
    const out = (name: string): string[] => [
      '--store',
      place.path(`store-${name}`),
      '--out',
      place.path(name),
      '--json',
    ];
    const small = place.spec('small', tinySpec('bytes'));
    const large = place.spec(
      'large',
      tinySpec('bytes', { run: '{ engine: onnxruntime, device: cpu, batchSeconds: 0.1, workers: 3 }' }),
    );
    const inProcess = await place.run(['run', small, '--in-process', ...out(names[0])]);
    expect(inProcess.code, inProcess.stderr).toBe(0);
    const temporal = await place.run(['run', large, ...out(names[1])]);
    expect(temporal.code, temporal.stderr).toBe(0);
    const tables = tableHashes(place.path(names[0]));
    expect(Object.keys(tables)).toHaveLength(12);
    expect(tableHashes(place.path(names[1]))).toEqual(tables);
    const { computed, reused, failed } = answer<RunAnswer>(temporal);
    expect({ computed, reused, failed }).toEqual({
      computed: answer<RunAnswer>(inProcess).computed,
      reused: 0,
      failed: 0,
    });
    if (process.platform === 'linux') expect(await place.deserted()).toEqual([]);
    // Everything is stored now, so this needs no server, and says so.
    const again = await place.run(['run', large, ...out(names[1])]);
    expect(answer<RunAnswer>(again)).toMatchObject({ computed: 0, reused: computed, failed: 0 });
  });
});
