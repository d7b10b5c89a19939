import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readNpy } from '../../core/data/npy.js';
import type { Engine } from '../../core/engine/engine.js';
import { openEngine } from '../../core/engine/open.js';
import { buildGraph } from '../../core/network/build.js';
import { importOnnx } from '../../core/import/onnx/import-onnx.js';
import type { NumericMode } from '../../core/numeric-mode.js';
import { Ledger } from '../../core/ledger/ledger.js';
import { memoryStore } from '../../core/store/memory-store.js';
import { expectClose, runOnce } from './agreement.js';
import { noise } from './conformance-case.js';
import { engineConformance } from './conformance.js';
import { hasSharedData } from '../builders/shared-data.js';
import { ablation, smallStudy } from '../builders/small-study.js';
import { runSpec } from '../builders/studies.js';

const webgpu: NumericMode = { engine: 'onnxruntime', precision: 'float32', device: 'webgpu' };
const cpu: NumericMode = { ...webgpu, device: 'cpu' };

const coarse = 'sines of WGSL are exact to 2^-11 and no more';

engineConformance('onnxruntime on webgpu', () => openEngine(webgpu), {
  noTruthOutputs: 'onnxruntime’s WebGPU gives no truth values out',
  skip: {
    Sin: coarse,
    Cos: coarse,
    sin: coarse,
    sin_example: coarse,
    cos: coarse,
    cos_example: coarse,
    'LRN of even size': 'onnxruntime takes odd sizes only',
    'pytorch-operator/pow': 'a fractional power of a negative number is a number there, not NaN',
    reduce_max_empty_set: 'onnxruntime’s WebGPU refuses to reduce nothing',
  },
});

describe('tensors on the device', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openEngine(webgpu);
  });
  afterAll(() => engine.close());

  test('go from program to program and are read at the end; memory stays flat', async () => {
    const shape = [16, 16, 32, 32];
    const relu = buildGraph({
      name: 'relu',
      inputs: [{ id: 'x', shape, dtype: 'float32' }],
      outputs: ['y'],
      nodes: [{ id: 'relu', op: 'Relu', inputs: ['x'], outputs: ['y'] }],
      constants: new Map(),
    });
    const program = await engine.compile(relu);
    const x = noise('x', shape);
    const expected = Float32Array.from(x.data, (value) => Math.max(0, value));
    const round = async (): Promise<Float32Array> => {
      const fed = engine.upload(x);
      const first = (await program.run(new Map([['x', fed]]))).get('y');
      if (first === undefined) expect.fail('no output');
      const second = (await program.run(new Map([['x', first]]))).get('y');
      if (second === undefined) expect.fail('no output');
      expect(second.bytes).toBe(4 * x.data.length);
      const { data } = await second.read();
      for (const tensor of [fed, first, second]) tensor.dispose();
      return data as Float32Array;
    };
    for (let i = 0; i < 10; i++) expect(await round()).toEqual(expected);
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 60; i++) await round();
    // 60 rounds hold 3 tensors of 1 MB each: 190 MB if they were kept.
    expect(process.memoryUsage().rss - before).toBeLessThan(90e6);
    await program.dispose();
  });
});

describe.skipIf(!hasSharedData)('trained networks', () => {
  const data = '../shared/data';
  test.each(['cifar10_mstutorial', 'cifar10_resnet20', 'mnist_lenet', 'vww_mobilenet_v1_0.25_96'])(
    '%s gives its recorded outputs, to 1e-4 of the largest',
    async (name) => {
      if (!existsSync(`${data}/vectors/${name}`)) expect.fail(`no vectors for ${name}`);
      const vector = (which: string) => {
        const file = `${data}/vectors/${name}/${which}.npy`;
        return readNpy(file, readFileSync(file));
      };
      const graph = importOnnx(name, readFileSync(`${data}/models/${name}.onnx`));
      const engine = await openEngine(webgpu);
      const got = await runOnce(engine, graph, new Map([[graph.inputs[0]?.id ?? '', vector('input')]]));
      const [output] = [...got.values()];
      if (output === undefined) expect.fail('no output');
      expectClose(output, vector('output'), 1e-4);
      await engine.close();
    },
  );

  test('a study gives the predictions and, to 1e-3, the damage that it gives on the processor', async () => {
    const whole = smallStudy();
    const spec = smallStudy({
      data: whole.data.map((set) => ({ ...set, images: 4 })),
      models: whole.models.map((network) => ({ ...network, expect: undefined })),
      ablations: [
        ablation('layers', { unit: 'layer', fill: ['zero', 'mean'] }),
        ablation('random', { mode: 'random', fractions: [0.1], trials: 2, spread: ['one-layer', 'all-depths'] }),
      ],
      impulses: [],
    });
    const rows = async (mode: NumericMode) => {
      const ledger = new Ledger(memoryStore());
      const ran = await runSpec(ledger, spec, { mode, batchSeconds: 30, onFailure: 'stop' });
      expect(ran.result.failed).toBe(0);
      return (await ran.tables()).ablations;
    };
    const [there, here] = [await rows(webgpu), await rows(cpu)];
    expect(there.length).toBeGreaterThan(8);
    for (const [i, row] of there.entries()) {
      const other = here[i];
      expect([row.ablation, row.channels, row.correct]).toEqual([other?.ablation, other?.channels, other?.correct]);
      expect(Math.abs((row.kl ?? 0) - (other?.kl ?? 0))).toBeLessThan(1e-3 * Math.max(1, other?.kl ?? 0));
    }
  });
});
