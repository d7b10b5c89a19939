import { describe, expect, test } from 'vitest';
import { countCorrect } from '../../core/analysis/damage.js';
import { Ledger } from '../../core/ledger/ledger.js';
import { memoryStore } from '../../core/store/memory-store.js';
import { Catalog } from '../../core/study/catalog.js';
import { createSteps } from '../../core/study/create-steps.js';
import { inProcessCompute } from '../study/running/in-process-compute.js';
import { CellReader } from '../../core/study/reading/cell-reader.js';
import { nextStage } from '../../core/study/planning/plan-stage.js';
import { hasSharedData } from '../builders/shared-data.js';
import { model, smallStudy } from '../builders/small-study.js';
import { storeSpec } from '../builders/studies.js';

/** Right answers on the 500 test images, as shared/data/README.md measured them elsewhere. */
const published = { resnet20: 455, resnet20fused: 455, resnet56: 470, mstutorial: 328 };

describe.skipIf(!hasSharedData)('the intact networks', () => {
  test('have their known accuracies on the 500 CIFAR-10 test images: 91.0, 94.0 and 65.6 %', async () => {
    const small = smallStudy();
    const spec = {
      ...small,
      data: small.data.map((data) => (data.name === 'test' ? { ...data, images: 500 } : data)),
      models: [
        model('resnet20', 'cifar10_resnet20.onnx', { expect: { accuracy: 0.91, within: 0.0005 } }),
        model('resnet20fused', 'cifar10_resnet20_fused.onnx'),
        model('resnet56', 'cifar10_resnet56.onnx', { expect: { accuracy: 0.94, within: 0.0005 } }),
        model('mstutorial', 'cifar10_mstutorial.onnx', {
          input: { divide: 255, mean: [0.5], std: [0.5], order: 'rgb' },
          expect: { accuracy: 0.656, within: 0.0005 },
        }),
      ],
      ablations: [],
      impulses: [],
    } as const;
    const ledger = new Ledger(memoryStore());
    const ref = await storeSpec(ledger, spec, { batchSeconds: 10 });
    const compute = inProcessCompute(ledger);
    const steps = createSteps({ ledger, compute });
    const stage = await steps.planStage(ref, 0);
    if (!('units' in stage)) throw new Error('nothing was planned');
    await steps.runBatch(stage, 0, stage.units);
    await compute.close();
    const catalog = new Catalog((digest) => ledger.getBlob(digest));
    const { models } = await nextStage(ledger, catalog, ref);
    const right: Record<string, number> = {};
    for (const outline of models) {
      const cells = await CellReader.open(ledger, outline, spec.seed);
      const labels: number[] = [];
      for (const chunk of outline.chunks) labels.push(...(await catalog.chunk(chunk.digest)).labels);
      expect(labels).toHaveLength(500);
      right[outline.model.name] = countCorrect(cells.condition('baseline', '', 0)?.predicted ?? [], labels);
    }
    expect(right).toEqual(published);
  });
});
