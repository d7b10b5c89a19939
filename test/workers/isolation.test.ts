import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { isPercussError } from '../../core/errors.js';
import { Ledger } from '../../core/ledger/ledger.js';
import { openStore } from '../../core/store/open.js';
import type { Compute } from '../../core/study/running/compute.js';
import { computeChildren } from '../../workers/children.js';
import { hasSharedData } from '../builders/shared-data.js';
import { ablation, smallStudy } from '../builders/small-study.js';
import { runSpec } from '../builders/studies.js';

const entry = fileURLToPath(new URL('../../dist/workers/compute-child.js', import.meta.url));
const handler = new URL('./fixtures/poisoned-handler.mjs', import.meta.url).href;
const mode = { engine: 'onnxruntime', precision: 'float32', device: 'cpu' } as const;
const MEMORY = 900 * 2 ** 20;

describe.skipIf(!hasSharedData || process.platform !== 'linux')('an engine that breaks at one unit', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'percuss-isolation-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each([
    ['segfault', /SIGSEGV/],
    ['eat', /held more than the 943718400 bytes that run\.memory or --memory allows/],
  ])(
    '(%s) takes its process along, and neither its parent nor other batches; its batch is halved down to it',
    async (how, why) => {
      const ledger = new Ledger(await openStore(`file:${path.join(folder, how)}`));
      const children = computeChildren({ slots: 2, entry, handler: `${handler}?how=${how}`, memoryLimit: MEMORY });
      const broken: string[] = [];
      const said: string[] = [];
      const compute: Compute = {
        ...children,
        run: async (task, options) => {
          try {
            return await children.run(task, options);
          } catch (error) {
            if (!isPercussError(error)) throw error;
            expect(error.code).toBe('COMPUTE_CRASHED');
            broken.push(`${task.from}-${task.to}`);
            said.push(error.message);
            throw error;
          }
        },
      };
      const spec = smallStudy({ ablations: [ablation('layers', { unit: 'layer' })], impulses: [] });
      const { ref, result, tables } = await runSpec(ledger, spec, { mode, batchSeconds: 60, window: 2, compute });
      // Whole, its halves, and the unit itself three times.
      expect(broken.at(0)).toMatch(/^0-[4-9]$/);
      expect(broken.slice(-3)).toEqual(['1-2', '1-2', '1-2']);
      expect(said.every((line) => why.test(line))).toBe(true);
      expect(result.failed).toBe(1);
      expect(await ledger.failuresOf(ref.id)).toMatchObject([{ code: 'COMPUTE_CRASHED' }]);
      const { coverage } = await tables();
      const layers = coverage.find((row) => row.ablation === 'layers');
      expect(layers).toMatchObject({ failed: 1, committed: (layers?.planned ?? 0) - 1 });
      await children.close();
      await ledger.close();
    },
  );
});
