import { beforeAll, describe, expect, test } from 'vitest';
import { openOnnxruntime } from '../../../core/engine/onnxruntime.js';
import { importOnnx } from '../../../core/import/onnx/import-onnx.js';
import { graphCost } from '../../../core/network/cost.js';
import { Catalog } from '../../../core/study/catalog.js';
import { rankKernels, type PruningFill } from '../../../core/study/pruning/kernel-choice.js';
import { Replacement } from '../../../core/study/pruning/replacement.js';
import { halvesOf } from '../../../core/study/pruning/halves.js';
import { pruneStudy, type PrunedNetwork, type PruningGoal } from '../../../core/study/pruning/prune-study.js';
import { pruneNetwork } from '../../../core/pruning/prune-network.js';
import type { MomentsSource } from '../../../core/probe/substituting.js';
import type { Staging } from '../../../core/study/pruning/staged-order.js';
import { CellReader } from '../../../core/study/reading/cell-reader.js';
import { loadModelResults } from '../../../core/study/reading/load-model-results.js';
import type { ModelResults } from '../../../core/study/reading/model-results.js';
import { loadOutlines } from '../../../core/study/reading/outlines.js';
import type { Tensor } from '../../../core/tensor.js';
import { openLedger } from '../../builders/ledger.js';
import { ablation, smallStudy } from '../../builders/small-study.js';
import { hasSharedData } from '../../builders/shared-data.js';
import { runSpec } from '../../builders/studies.js';
import { lesionedKl } from '../../import/fixtures/lesioned.js';

const valueOf = ({ outline }: ModelResults, name: string): string =>
  outline.anatomy.sites.find((site) => site.name === name)?.value as string;

describe.skipIf(!hasSharedData)('a network is made smaller by a study', () => {
  let results: ModelResults;
  let images: Tensor<'float32'>;

  beforeAll(async () => {
    const { ledger } = openLedger();
    const spec = smallStudy({ ablations: [ablation('kernels', { fill: ['zero', 'mean'] })], impulses: [] });
    const { ref } = await runSpec(ledger, spec);
    const catalog = new Catalog((digest) => ledger.getBlob(digest));
    const { models } = await loadOutlines(ledger, catalog, ref, { scores: {} });
    const outline = models[0] as (typeof models)[number];
    const cells = await CellReader.open(ledger, outline, 7);
    results = (await loadModelResults(ledger, catalog, outline, 7, cells)) as ModelResults;
    images = (await catalog.images(await catalog.model(outline.model), outline.chunks)).images;
  });

  const unasked: MomentsSource = () => Promise.reject(new Error('no constant asks'));
  const atOnce: Staging = { stages: 1, beside: () => Promise.reject(new Error('no stage asks')) };
  const pruned = async (
    goal: PruningGoal,
    fill: PruningFill = 'zero',
    staging: Staging = atOnce,
  ): Promise<PrunedNetwork> =>
    pruneStudy({
      results,
      images: async function* () {
        yield images;
      },
      output: results.graph.outputs.at(-1) as string,
      engine: await openOnnxruntime(),
      fill,
      moments: unasked,
      goal,
      staging,
    });

  test('so many kernels go as asked, those of the least damage', async () => {
    const { removed, before, after } = await pruned({ kernels: 0.75 });
    expect(after.kernels).toBe(Math.ceil(0.75 * before.kernels));
    expect(removed).toHaveLength(before.kernels - after.kernels);
    expect(removed.map(({ kl }) => kl)).toEqual(removed.map(({ kl }) => kl).toSorted((a, b) => a - b));
    expect(after.parameters).toBeLessThan(before.parameters);
    expect(after.macs).toBeLessThan(before.macs);
    expect(after.bytes).toBeLessThan(before.bytes);
  });

  test('the file does what the lesion of the same kernels does, on images that chose and on those that did not', async () => {
    const { removed, chosen, fresh } = await pruned({ kernels: 0.8 });
    const { graph, outline } = results;
    const channels = new Map<string, number[]>();
    for (const { site, channel } of removed) channels.set(site, [...(channels.get(site) ?? []), channel]);
    const kl = await lesionedKl(
      await openOnnxruntime(),
      graph,
      outline.anatomy,
      images,
      [...channels].map(([site, list]) => ({ site, channels: list.toSorted((a, b) => a - b) })),
    );
    const halves = halvesOf(results.labels);
    const meanOf = (places: readonly number[]): number =>
      places.reduce((sum, place) => sum + (kl[place] as number), 0) / places.length;
    expect(chosen.kl?.estimate).toBeCloseTo(meanOf(halves.choosing), 5);
    expect(fresh.kl?.estimate).toBeCloseTo(meanOf(halves.fresh), 5);
    expect(chosen.images + fresh.images).toBe(images.shape[0]);
  });

  test('the ranking rests on every second image of each class alone', async () => {
    const { removed } = await pruned({ kernels: 0.9 });
    const [first] = removed;
    const condition = [...(results.ablations[0]?.conditions ?? [])].find(
      ({ labelled: { fill, targets } }) =>
        fill === 'zero' && targets[0]?.group === first?.layer && targets[0]?.channel === first?.channel,
    );
    const own = halvesOf(results.labels).choosing.map((place) => condition?.result?.kl[place] as number);
    expect(first?.kl).toBeCloseTo(own.reduce((sum, value) => sum + value, 0) / own.length, 6);
  });

  test('of multiply-accumulates no more stay than asked, and one kernel fewer would not do', async () => {
    const { file, removed, before, after } = await pruned({ macs: 0.7 });
    expect(after.macs).toBeLessThanOrEqual(0.7 * before.macs);
    expect(graphCost(importOnnx('again', file)).macs).toBe(after.macs);
    const fewer = await pruned({ kernels: 1 - (removed.length - 1) / before.kernels });
    expect(fewer.after.macs).toBeGreaterThan(0.7 * before.macs);
  });

  test('accuracy on the images that choose falls no further than allowed', async () => {
    const { chosen, removed } = await pruned({ accuracy: -0.05 }, 'mean');
    expect(removed.length).toBeGreaterThan(0);
    expect(chosen.deltaAccuracy.estimate).toBeGreaterThanOrEqual(-0.05);
  });

  test('means stand as the study’s profile has them', async () => {
    const { name, site } = results.outline.anatomy.layers[0] as ModelResults['outline']['anatomy']['layers'][number];
    const output = results.graph.outputs.at(-1) as string;
    const kernel = { layer: name, site, channel: 3, kl: 0 };
    const smaller = await new Replacement(results, output, 'mean', unasked).without([kernel]);
    const wanted = pruneNetwork(
      results.graph,
      new Map([[valueOf(results, site), new Map([[3, results.profile?.get(site)?.mean[3] as number]])]]),
    );
    expect(smaller.graph()).toEqual(wanted.graph());
  });

  test('a goal out of reach, and damage that was not measured, are told', async () => {
    await expect(pruned({ macs: 1e-6 })).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(/out of reach.*a larger share/),
    });
    const without = { ...results, ablations: [] };
    await expect(
      pruneStudy({
        results: without,
        images: () => [] as never,
        output: '',
        engine: await openOnnxruntime(),
        fill: 'zero',
        moments: unasked,
        goal: { kernels: 0.5 },
        staging: atOnce,
      }),
    ).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringMatching(/mode each and unit kernel, without stop/),
    });
  });

  test('of one image nothing would be left to judge by', async () => {
    const engine = await openOnnxruntime();
    const one = { ...results, labels: results.labels.slice(0, 1) };
    const input = {
      results: one,
      images: () => [] as never,
      output: '',
      engine,
      fill: 'zero',
      moments: unasked,
      staging: atOnce,
    } as const;
    await expect(pruneStudy({ ...input, goal: { kernels: 0.5 } })).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(/one image.*two images or more/),
    });
  });

  test('kernels that the study asks for and did not run are counted, and stay', async () => {
    const [ablation] = results.ablations as [ModelResults['ablations'][number]];
    const conditions = [...ablation.conditions].map(({ labelled, result }, i) => ({
      labelled,
      result: i < 6 ? undefined : result,
    }));
    const partly = { ...results, ablations: [{ ...ablation, conditions }] };
    const places = [...results.labels.keys()];
    const whole = rankKernels(results, 'zero', places);
    const known = rankKernels(partly, 'zero', places);
    const missing = conditions.slice(0, 6).filter(({ labelled }) => labelled.fill === 'zero').length;
    expect(missing).toBeGreaterThan(0);
    expect([whole.unknown, known.unknown]).toEqual([0, missing]);
    expect(known.kernels).toHaveLength(whole.kernels.length - missing);
  });
});
