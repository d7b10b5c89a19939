import { beforeAll, describe, expect, test } from 'vitest';
import { mean } from '../../../core/analysis/moments.js';
import { anatomyOf } from '../../../core/anatomy/anatomy.js';
import { openEngine } from '../../../core/engine/open.js';
import type { Ledger } from '../../../core/ledger/ledger.js';
import type { ModelOutline } from '../../../core/plan/outline.js';
import type { StudyRef } from '../../../core/spec/resolved-study.js';
import { Catalog } from '../../../core/study/catalog.js';
import { damageBeside } from '../../../core/study/pruning/damage-beside.js';
import type { RankedKernel } from '../../../core/study/pruning/kernel-choice.js';
import { Replacement } from '../../../core/study/pruning/replacement.js';
import { pruneStoredStudy } from '../../../core/study/pruning/prune-stored-study.js';
import type { MomentsSource } from '../../../core/probe/substituting.js';
import { damageOn, runNetwork, type NetworkOutputs } from '../../../core/study/pruning/measured-network.js';
import { CellReader } from '../../../core/study/reading/cell-reader.js';
import { loadModelResults } from '../../../core/study/reading/load-model-results.js';
import type { ModelResults } from '../../../core/study/reading/model-results.js';
import type { PrunedNetwork } from '../../../core/study/pruning/prune-study.js';
import { loadOutlines } from '../../../core/study/reading/outlines.js';
import { StoredMoments } from '../../../core/study/running/stored-moments.js';
import { TappedNetworks } from '../../../core/study/running/tapped-networks.js';
import { SmallNetwork } from '../../import/fixtures/small-network.js';
import { openLedger } from '../../builders/ledger.js';
import { hasSharedData } from '../../builders/shared-data.js';
import { ablation, model, smallStudy } from '../../builders/small-study.js';
import { runSpec } from '../../builders/studies.js';

const mode = { engine: 'onnxruntime', precision: 'float32', device: 'cpu' } as const;

describe('kernels that leave', () => {
  const net = new SmallNetwork(3);
  net.relu('s', net.conv('stem', net.input, 4));
  net.conv('out', net.relu('r', net.conv('in', 's', 6)), 4);
  net.head(net.relu('t', net.add('sum', 's', 'out')));
  const graph = net.graph('fc');
  const outline = { anatomy: anatomyOf(graph) } as ModelOutline;
  const replacement = new Replacement({ graph, outline, profile: undefined }, 'fc', 'zero', () => Promise.reject());
  const kernel = (layer: string, channel: number): RankedKernel => ({ layer, site: layer, channel, kl: 0 });

  test('are those that a smaller network need not compute: of a residual stream only all that write a channel', () => {
    const [inner, one, all] = [kernel('in', 5), kernel('out', 1), [kernel('out', 2), kernel('stem', 2)]];
    expect(replacement.leaving([one, ...all, inner])).toEqual([...all, inner]);
  });

  test('as far as nothing else has to stay in their place', () => {
    const whole = Array.from({ length: 6 }, (_, channel) => kernel('in', channel));
    expect(replacement.leaving(whole)).toEqual(whole.slice(1));
  });
});

describe.skipIf(!hasSharedData)('a smaller network with substitutes', () => {
  let ledger: Ledger;
  let ref: StudyRef;
  let catalog: Catalog;
  let pruned: PrunedNetwork;

  beforeAll(async () => {
    ({ ledger } = openLedger());
    const kernels = {
      models: ['resnet20'],
      layers: ['layer1.2.*', 'layer2.0.conv1'],
      fill: ['substitute', 'zero'],
    } as const;
    const spec = smallStudy({
      data: smallStudy().data.map((data) => ({ ...data, images: 16 })),
      models: [model('resnet20', 'cifar10_resnet20.onnx')],
      ablations: [ablation('kernels', kernels)],
      impulses: [],
    });
    ({ ref } = await runSpec(ledger, spec));
    catalog = new Catalog((digest) => ledger.getBlob(digest));
    const engine = await openEngine(mode);
    const goal = { kernels: 668 / 688 };
    pruned = await pruneStoredStudy(ledger, catalog, ref, {
      model: 'resnet20',
      fill: 'substitute',
      goal,
      stages: 1,
      engine,
      open: openEngine,
    });
    await engine.close();
  });

  test('does what the lesion of the same kernels does, each told from those that stay of its layer; one more does to it what stages say', async () => {
    const { study, models } = await loadOutlines(ledger, catalog, ref, { scores: {} });
    const [outline] = models as [ModelOutline];
    const networks = new TappedNetworks(catalog, openEngine);
    const stored = new StoredMoments(ledger, networks);
    const tapped = await networks.open(outline, 'intact', study.seed);
    const [last] = pruned.removed.slice(-1) as [RankedKernel];
    const engine = await openEngine(mode);
    const provenance = { ...engine.provenance, percuss: 'test' };
    const [kl] = await damageBeside(
      {
        ledger,
        catalog,
        outline,
        tapped,
        provenance,
        fill: 'substitute',
        moments: (substitution) => stored.of(outline, substitution, Promise.resolve(provenance)),
      },
      pruned.removed.slice(0, -1),
      [last],
    );
    await networks.close();
    const { images, labels } = await catalog.images(tapped.loaded, outline.chunks);
    const cells = await CellReader.open(ledger, outline, study.seed);
    const results = (await loadModelResults(ledger, catalog, outline, study.seed, cells)) as ModelResults;
    const source: MomentsSource = (substitution) => stored.of(outline, substitution, Promise.resolve(provenance));
    const replacement = new Replacement(results, tapped.loaded.output, 'substitute', source);
    const outputsWithout = async (kernels: readonly RankedKernel[]): Promise<NetworkOutputs> =>
      runNetwork(engine, (await replacement.without(kernels)).graph(), tapped.loaded.output, async function* () {
        yield images;
      });
    const without = await outputsWithout(pruned.removed.slice(0, -1));
    const places = [...labels.keys()];
    const damage = damageOn(places, without, await outputsWithout(pruned.removed), labels, outline.model.output);
    expect(pruned.removed.length).toBe(20);
    expect(new Set(pruned.removed.map(({ layer }) => layer)).size).toBe(2);
    const measured = mean(Float64Array.from(kl as Float32Array)) as number;
    expect(measured).toBeGreaterThan(1e-4);
    expect(damage?.kl?.estimate).toBeCloseTo(measured, 6);
    await engine.close();
  });

  test('takes fewer multiply-accumulates', () => {
    expect(pruned.after.macs).toBeLessThan(pruned.before.macs);
  });

  test('kernels that changed nothing on the images that choose go first, and cost nothing on these', async () => {
    const engine = await openEngine(mode);
    const prune = (kernels: number): Promise<PrunedNetwork> =>
      pruneStoredStudy(ledger, catalog, ref, {
        model: 'resnet20',
        fill: 'zero',
        goal: { kernels },
        stages: 1,
        engine,
        open: openEngine,
      });
    const some = await prune(668 / 688);
    const idle = some.removed.filter(({ kl }) => kl === 0);
    expect(idle.length).toBeGreaterThan(1);
    expect(some.removed.slice(0, idle.length)).toEqual(idle);
    const { removed, chosen, after, before } = await prune(1 - idle.length / 688);
    await engine.close();
    expect(removed).toEqual(idle);
    expect(after.macs).toBeLessThan(before.macs);
    expect([chosen.flips, chosen.deltaAccuracy.estimate]).toEqual([0, 0]);
    expect(chosen.kl?.estimate).toBeLessThan(1e-10);
  });

  test('leaves what is added to a residual stream, and says of how many kernels', () => {
    expect(pruned.staying).toEqual({ unknown: 0, unfit: 16, tied: 0 });
  });
});
