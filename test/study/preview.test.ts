import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { openEngine } from '../../core/engine/open.js';
import { Ledger } from '../../core/ledger/ledger.js';
import { emitOnnx } from '../../core/network/emit-onnx.js';
import { randomStream } from '../../core/random.js';
import { float32, type Tensor } from '../../core/tensor.js';
import { memoryStore } from '../../core/store/memory-store.js';
import { Catalog } from '../../core/study/catalog.js';
import { soundOutputs } from '../../core/study/analysing/outputs.js';
import { createSteps } from '../../core/study/create-steps.js';
import { previewStudy, type Preview } from '../../core/study/previewing/preview-study.js';
import { readStudy } from '../../core/study/preparing/prepare-study.js';
import { storeStudy } from '../../core/study/preparing/resolve-study.js';
import { runStage } from '../../core/study/running/run-stage.js';
import type { StudyRef } from '../../core/spec/resolved-study.js';
import type { Tables } from '../../core/tables/schema.js';
import { runStored, type Ran } from '../builders/studies.js';
import { anatomyOf } from '../../core/anatomy/anatomy.js';
import type { AblationSpec } from '../../core/spec/study-spec.js';
import { checkOrders } from '../../core/study/preparing/previewed-ablations.js';
import { SmallNetwork } from '../import/fixtures/small-network.js';
import { inProcessCompute } from './running/in-process-compute.js';
import { writeStudy } from './yaml-study.js';

const folder = mkdtempSync(path.join(tmpdir(), 'percuss-preview-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const mode = { engine: 'onnxruntime', precision: 'float32', device: 'cpu' } as const;

interface Previewed {
  readonly preview: Preview;
  readonly again: Preview;
  readonly ran: Ran;
  readonly tables: Tables;
  readonly report: string;
}

async function preview(ledger: Ledger, ref: StudyRef): Promise<Preview> {
  const catalog = new Catalog((digest) => ledger.getBlob(digest));
  const compute = inProcessCompute(ledger);
  const steps = createSteps({ ledger, compute });
  try {
    const run = async (plan: Parameters<typeof runStage>[1]): Promise<void> =>
      void (await runStage(steps, plan, { window: 1, onFailure: 'stop' }));
    return await previewStudy({ ledger, catalog, engine: (asked) => openEngine(asked), run }, ref);
  } finally {
    await compute.close();
  }
}

/** A stored study. */
async function stored(network: Uint8Array, shape: readonly number[], rest: string) {
  const images = 24;
  const random = randomStream(3, 'preview');
  const size = shape.reduce((product, dim) => product * dim, 1);
  const file = writeStudy(folder, {
    network,
    pixels: Float32Array.from({ length: images * size }, () => random.normal()),
    shape,
    labels: Array.from({ length: images }, (_, i) => i % 5),
    rest,
  });
  const ledger = new Ledger(memoryStore());
  const { resolved, yaml } = await readStudy(file);
  return { ledger, ref: await storeStudy(ledger, resolved, { mode, yaml, batchSeconds: 60 }) };
}

/** Previews a study twice, and runs it. */
async function previewed(network: Uint8Array, shape: readonly number[], rest: string): Promise<Previewed> {
  const { ledger, ref } = await stored(network, shape, rest);
  const first = await preview(ledger, ref);
  const again = await preview(ledger, ref);
  const ran = await runStored(ledger, ref);
  const report = new TextDecoder().decode(await ledger.getOutput(ran.result.report));
  return { preview: first, again, ran, tables: await ran.tables(), report };
}

describe('a linear network', () => {
  const rest = `ablations:
  alone: { mode: each, fill: [zero, mean, mean-position, resample], draws: 3 }
  two: { mode: pairs, within: layer, budget: 20 }
  layers: { unit: layer, mode: each, fill: mean }
  substituted: { mode: each, layers: conv2, fill: [substitute, zero, substitute-earlier] }
  told: { mode: pairs, within: layer, layers: conv2, budget: 5, fill: substitute }
  whole: { unit: layer, mode: each, layers: conv2, fill: substitute-earlier }
  repair: { unit: kernel, mode: cumulative, order: kl, fractions: [0.5] }
`;
  const net = new SmallNetwork(2, 8);
  const last = net.conv('conv2', net.conv('conv1', net.input, 12), 10, { size: 5, stride: 2 });
  const running = previewed(emitOnnx(net.graph(net.head(last))), [2, 8, 8], rest);

  test('does what the preview says, with any fill, alone and by twos in a layer', async () => {
    const { tables } = await running;
    const measured = new Map(tables.ablations.map((row) => [`${row.ablation} ${row.index}`, row]));
    expect(tables.preview.length).toBeGreaterThan(100);
    for (const row of tables.preview) {
      const { channels, fill, kl, kl_low, kl_high } = measured.get(`${row.ablation} ${row.index}`)!;
      expect([row.channels, row.fill]).toEqual([channels, fill]);
      for (const [predicted, exact] of [
        [row.predicted_kl, kl],
        [row.predicted_kl_low, kl_low],
        [row.predicted_kl_high, kl_high],
      ] as const)
        expect(Math.abs(predicted! - exact!), `${row.ablation} ${channels} ${fill}`).toBeLessThan(1e-6 + 1e-4 * exact!);
    }
  });

  test('has it as a predictor, of every fill, that ranks as the damage does where reference images are the same', async () => {
    const { tables } = await running;
    for (const { linearised, kl, layer, channel } of tables.kernels)
      expect(Math.abs(linearised! - kl!), `${layer}[${channel}]`).toBeLessThan(1e-6 + 1e-4 * kl!);
    const own = tables.predictors.filter(({ predictor }) => predictor === 'linearised');
    const told = ['substitute', 'substitute-earlier'];
    expect(own.map(({ target, fill }) => [target, fill])).toEqual([
      ...['zero', 'mean', 'mean-position', 'resample', ...told].map((fill) => ['kl', fill]),
      ...told.map((fill) => [`log(${fill}/mean)`, fill]),
    ]);
    for (const { spearman, target } of own) expect(spearman, target).toBeGreaterThan(0.98);
    const others = new Set(tables.predictors.map(({ predictor }) => predictor));
    for (const name of ['gradient-activation', 'fisher', 'taylor']) expect(others).toContain(name);
  });

  test('agrees with the exact lesions that were run to check it, which are cells of the study', async () => {
    const { preview: made, ran, again, tables } = await running;
    expect(made.checks).toMatchObject([{ model: 'net', lesions: 24, images: 24 }]);
    expect(made.checks[0]!.spearman).toBeGreaterThan(0.999);
    expect(made.checks[0]!.ratio).toBeCloseTo(1, 3);
    expect(ran.result.reused).toBeGreaterThanOrEqual(20);
    expect([again.record, again.checks]).toEqual([made.record, made.checks]);
    expect(tables.preview_checks).toEqual(made.checks);
  });

  test('leaves out, by name, what is not known yet', async () => {
    const { preview: made, tables } = await running;
    expect(made.leftOut).toEqual([
      'net, told, filled with substitute: kernels of a site that are removed together tell nothing of each other, so that each set is told in its own way; single kernels are predicted',
      'net, repair: its order rests on damages that are not measured yet',
    ]);
    const filled = tables.preview.filter(({ ablation }) => ablation === 'substituted').map(({ fill }) => fill);
    expect(filled).toEqual(Array.from({ length: 10 }, () => ['substitute', 'zero', 'substitute-earlier']).flat());
    expect(new Set(tables.preview.map(({ ablation }) => ablation))).toEqual(
      new Set(['alone', 'two', 'layers', 'substituted', 'whole']),
    );
  });

  test('has its predictions in a panel of the report that calls them so', async () => {
    const { report } = await running;
    expect(report).toMatch(/<section id="preview"[\s\S]*Predicted, not measured/);
  });
});

test('of many classes the likeliest are followed, and the others by seeded directions: the same again', async () => {
  const net = new SmallNetwork(2, 8);
  const first = net.relu('relu1', net.conv('conv1', net.input, 12));
  const second = net.relu('relu2', net.conv('conv2', first, 12));
  const graph = net.graph(net.head(second, 60));
  const weights = graph.constants.get('fc.weight') as Tensor<'float32'>;
  const small = float32(
    weights.shape,
    weights.data.map((weight) => 0.15 * weight),
  );
  const network = emitOnnx({ ...graph, constants: new Map([...graph.constants, ['fc.weight', small]]) });
  const rest = 'ablations:\n  alone: { mode: each }\n';
  const one = await previewed(network, [2, 8, 8], rest);
  const other = await stored(network, [2, 8, 8], rest);
  expect((await preview(other.ledger, other.ref)).record).toEqual(one.preview.record);
  const exact = new Map(one.tables.ablations.map((row) => [row.channels, row.kl!]));
  const last = one.tables.preview.filter(({ channels }) => channels.startsWith('conv2') && exact.get(channels)! > 1e-4);
  // Behind the last convolution the network is linear; what is left is that directions are drawn.
  expect(last.length).toBeGreaterThan(5);
  const ratios = last.map(({ channels, predicted_kl }) => predicted_kl! / exact.get(channels)!);
  for (const ratio of ratios) expect(Math.abs(ratio - 1)).toBeLessThan(0.75);
  expect(Math.abs(ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length - 1)).toBeLessThan(0.2);
});

describe('an order by damage', () => {
  const rest = `ablations:
  alone: { mode: each }
  worst: { unit: kernel, mode: cumulative, order: kl, fractions: [0.25, 0.5] }
`;
  const net = new SmallNetwork(2, 8);
  const network = emitOnnx(net.graph(net.head(net.relu('relu1', net.conv('conv1', net.input, 6)))));

  test('that a run has decided is predicted and checked', async () => {
    const { ledger, ref } = await stored(network, [2, 8, 8], rest);
    await runStored(ledger, ref);
    const made = await preview(ledger, ref);
    expect(made.leftOut).toEqual([]);
    expect(made.checks).toMatchObject([{ predicted: 8, lesions: 8 }]);
  });

  test('that was decided after a preview was made is in the next one, which then is the one that reports have', async () => {
    const { ledger, ref } = await stored(network, [2, 8, 8], rest);
    const before = await preview(ledger, ref);
    expect(before.leftOut).toEqual(['net, worst: its order rests on damages that are not measured yet']);
    const ran = await runStored(ledger, ref);
    expect((await ran.tables()).preview).toHaveLength(6);
    const after = await preview(ledger, ref);
    expect(after.leftOut).toEqual([]);
    expect(after.seconds.size).toBe(1);
    expect(await soundOutputs(ledger, ref.id)).toBeUndefined();
    const anew = await runStored(ledger, ref, { tables: ['preview', 'preview_checks'] });
    expect((await anew.tables()).preview).toHaveLength(8);
    expect((await preview(ledger, ref)).seconds.size).toBe(0);
    expect(await soundOutputs(ledger, ref.id)).toBeDefined();
  });
});

describe('an order by linearised lesions', () => {
  const net = new SmallNetwork(2, 8);
  const network = emitOnnx(net.graph(net.head(net.relu('relu1', net.conv('conv1', net.input, 8)))));

  test('is that of what gradients say, and no leave-one-out is run for it', async () => {
    const rest = `ablations:
  least: { unit: kernel, mode: cumulative, order: linearised, fractions: [0.25, 0.5, 0.75] }
`;
    const { ledger, ref } = await stored(network, [2, 8, 8], rest);
    const { tables } = await runStored(ledger, ref, { tables: ['ablations', 'coverage'] });
    const { ablations, coverage } = await tables();
    expect(new Set(coverage.map(({ ablation }) => ablation))).toEqual(
      new Set(['profile', 'baseline', 'gradients', 'least']),
    );
    const alone = await stored(network, [2, 8, 8], 'ablations:\n  alone: { mode: each }\n');
    const each = await (await runStored(alone.ledger, alone.ref, { tables: ['kernels'] })).tables();
    const ranked = each.kernels.toSorted((a, b) => a.linearised! - b.linearised!).map(({ channel }) => channel);
    expect(new Set(ranked).size).toBe(8);
    const removed = ablations.map(({ channels }) =>
      channels
        .replace(/^[^[]*\[|\]$/g, '')
        .split(/, ?/)
        .map(Number),
    );
    expect(removed).toEqual([2, 4, 6].map((count) => ranked.slice(0, count).toSorted((a, b) => a - b)));
  });

  test('is refused, before anything is run, of a network which gradients do not pass', () => {
    const odd = new SmallNetwork(2, 8);
    const first = odd.relu('relu1', odd.conv('conv1', odd.input, 4));
    const turned = odd.node('Softmax', 'compared', [first], { axis: 0 });
    const graph = odd.graph(odd.head(turned));
    const ablation = {
      name: 'least',
      models: ['net'],
      unit: 'kernel',
      layers: ['*'],
      mode: 'cumulative',
      order: 'linearised',
    } as unknown as AblationSpec;
    const asked = {
      spec: { name: 'net', output: { name: undefined } },
      graph,
      anatomy: anatomyOf(graph, { after: 'activation' }),
    };
    expect(() => checkOrders([ablation], asked)).toThrow(
      /least\.order: linearised can't be had for net: .*compares images.* Write order: kl/,
    );
    expect(() =>
      checkOrders(
        [
          { ...ablation, order: 'kl' },
          { ...ablation, models: ['other'] },
        ],
        asked,
      ),
    ).not.toThrow();
  });
});

test('a report that was written before the preview is not taken for the study’s, and the next one holds it', async () => {
  const net = new SmallNetwork(2, 8);
  const network = emitOnnx(net.graph(net.head(net.relu('relu1', net.conv('conv1', net.input, 6)))));
  const { ledger, ref } = await stored(network, [2, 8, 8], 'ablations:\n  alone: { mode: each }\n');
  await runStored(ledger, ref);
  expect(await soundOutputs(ledger, ref.id)).toBeDefined();
  await preview(ledger, ref);
  expect(await soundOutputs(ledger, ref.id)).toBeUndefined();
  const { tables } = await runStored(ledger, ref, { tables: ['preview', 'preview_checks'] });
  expect((await tables()).preview).toHaveLength(6);
  expect(await soundOutputs(ledger, ref.id)).toBeDefined();
});
