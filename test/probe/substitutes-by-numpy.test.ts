import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { runLesionBatch } from '../../core/probe/lesion.js';
import { anatomyOf } from '../../core/anatomy/anatomy.js';
import { openOnnxruntime } from '../../core/engine/onnxruntime.js';
import { InstrumentedNetwork } from '../../core/probe/instrumented-network.js';
import { poolOf } from '../../core/probe/kernel-pool.js';
import { gatherMoments } from '../../core/probe/moments.js';
import { ReferenceSet } from '../../core/probe/reference-set.js';
import { withChoices } from '../../core/probe/site-substitutes.js';
import type { MomentsSource } from '../../core/probe/substituting.js';
import { fills, type Fill, type SubstituteFill } from '../../core/spec/words/fills.js';
import { cifarImages, sharedNetwork } from '../builders/real-networks.js';
import { hasSharedData } from '../builders/shared-data.js';

interface Known {
  readonly site: string;
  readonly channel: number;
  readonly source: 'same' | 'earlier';
  readonly penalty: number | null;
  /** Mean KL with the substitute and with the mean in its place. */
  readonly substitute: number;
  readonly mean: number;
}

/** Made by `fixtures/substitutes.py`, which says how. */
const known = JSON.parse(readFileSync(new URL('fixtures/substitutes.json', import.meta.url), 'utf8')) as Known[];
const reference = 'r'.repeat(64);
const told = {
  same: fills.substitute.of(reference, 0) as SubstituteFill,
  earlier: fills['substitute-earlier'].of(reference, 0) as SubstituteFill,
};
const mean: Fill = { kind: 'mean', per: 'channel', reference };

test.skipIf(!hasSharedData)(
  'substitutes of 50 kernels of ResNet-20 do the damage of those that NumPy fits to the activations themselves',
  async () => {
    const graph = sharedNetwork('models/cifar10_resnet20.onnx');
    const network = new InstrumentedNetwork(graph, anatomyOf(graph, { after: 'activation' }), await openOnnxruntime());
    const train = cifarImages('cifar10_train_0000-1999.bin', 40).images;
    const { images, labels } = cifarImages('cifar10_test_0000-0499.bin', 24);
    const gathered = new Map<string, Awaited<ReturnType<MomentsSource>>>();
    const moments: MomentsSource = async (substitution) => {
      const { fill, site } = substitution;
      const name = `${site} ${fill.from}`;
      const pool = poolOf(network.anatomy, substitution);
      const found = gathered.get(name);
      if (found) return found;
      const [own] = await gatherMoments(network, train, [pool], fill.folds);
      if (!own) throw new Error('no moments');
      const made = { ...withChoices(own, pool, fill), pool };
      gathered.set(name, made);
      return made;
    };
    const conditions = known.flatMap(({ site, channel, source }) =>
      [told[source], mean].map((fill) => ({ edits: [{ site, channels: [channel], fill }] })),
    );
    const damages: number[] = [];
    await runLesionBatch(
      {
        network,
        chunk: { digest: 'chunk', images, labels },
        conditions: conditions.map((condition, i) => ({ key: `key ${i}`, condition })),
        reference: new ReferenceSet(network, reference, train),
        moments,
        output: { kind: 'logits', classOffset: 0 },
      },
      { cell: (_, { kl }) => void damages.push(kl.reduce((sum, value) => sum + value, 0) / kl.length) },
    );
    await network.close();
    known.forEach(({ site, channel, source, penalty, substitute, mean: lost }, i) => {
      const choice = gathered.get(`${site} ${source}`)?.alone[channel] as number;
      expect([site, channel, told[source].penalties[choice] ?? null]).toEqual([site, channel, penalty]);
      // What is 0 but for the rounding of logits has no relative error.
      for (const [own, other] of [
        [damages[2 * i] as number, substitute],
        [damages[2 * i + 1] as number, lost],
      ] as const)
        expect(Math.abs(own - other), `${site} ${channel}`).toBeLessThan(1e-3 * other + 1e-9);
    });
    expect(known.some(({ substitute, mean: lost }) => substitute < 0.5 * lost)).toBe(true);
  },
);
