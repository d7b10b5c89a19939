import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Ledger } from '../../core/ledger/ledger.js';
import { emitOnnx } from '../../core/network/emit-onnx.js';
import { randomStream } from '../../core/random.js';
import { SEMANTICS } from '../../core/plan/identity.js';
import { unitKey, type ModelOutline } from '../../core/plan/outline.js';
import { memoryStore } from '../../core/store/memory-store.js';
import { Catalog } from '../../core/study/catalog.js';
import { readStudy } from '../../core/study/preparing/prepare-study.js';
import { storeStudy } from '../../core/study/preparing/resolve-study.js';
import { loadOutlines } from '../../core/study/reading/outlines.js';
import { percussVersion } from '../../core/study/version.js';
import { runStored } from '../builders/studies.js';
import { SmallNetwork } from '../import/fixtures/small-network.js';
import { writeStudy } from './yaml-study.js';

const folder = mkdtempSync(path.join(tmpdir(), 'percuss-without-gradients-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const mode = { engine: 'onnxruntime', precision: 'float32', device: 'cpu' } as const;

test('a network that gradients do not pass has no predictors by gradients, and its report says why, once', async () => {
  const net = new SmallNetwork(2, 8);
  const last = net.relu('relu2', net.conv('conv2', net.relu('relu1', net.conv('conv1', net.input, 6)), 6));
  const random = randomStream(3, 'without gradients');
  const images = 24;
  const file = writeStudy(folder, {
    network: emitOnnx(net.graph(net.head(last))),
    pixels: Float32Array.from({ length: images * 128 }, () => random.normal()),
    shape: [2, 8, 8],
    labels: Array.from({ length: images }, (_, i) => i % 5),
    rest: 'ablations:\n  alone: { mode: each }\n',
  });
  const ledger = new Ledger(memoryStore());
  const { resolved, yaml } = await readStudy(file);
  const ref = await storeStudy(ledger, resolved, { mode, yaml, batchSeconds: 60 });
  // Operators without adjoint hardly stand in networks that are read: what a worker leaves of such a one is put there by hand.
  const catalog = new Catalog((digest) => ledger.getBlob(digest));
  const { study, models } = await loadOutlines(ledger, catalog, ref, { scores: {} });
  const [outline] = models as [ModelOutline];
  const key = unitKey(outline, study.seed, { kind: 'gradients', model: 'net', name: '', chunk: -1 }, 0);
  const refused = 'network "net" has no linearised lesions: gradients do not pass Odd "odd": it is odd';
  const provenance = { engine: 'none', version: '1', device: 'cpu', processor: 'none', percuss: percussVersion };
  const scope = { ...outline.scope, semantics: SEMANTICS };
  await ledger.commitResult(scope, key, new Map(), { kind: 'gradients', refused }, provenance);

  const ran = await runStored(ledger, ref);
  const { kernels, predictors } = await ran.tables();
  for (const row of kernels)
    expect([row.linearised, row.gradient_activation, row.fisher, row.taylor]).toEqual([null, null, null, null]);
  const named = predictors.map(({ predictor }) => predictor);
  expect(named).toContain('weight-norm');
  for (const name of ['linearised', 'gradient-activation', 'fisher', 'taylor']) expect(named).not.toContain(name);
  const report = new TextDecoder().decode(await ledger.getOutput(ran.result.report));
  expect(report.match(/Without predictors by gradients: .*gradients do not pass Odd/g)).toHaveLength(1);
});
