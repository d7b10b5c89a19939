import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../../core/canonical.js';
import { sha256 } from '../../core/digest.js';
import { needsScores } from '../../core/plan/conditions.js';
import { targetsOf } from '../../core/plan/target.js';
import { randomStream } from '../../core/random.js';
import { everyOf, KERNELS, listOf, readResnet20, removed } from './resnet20.js';
import { hasSharedData } from '../builders/shared-data.js';
import { ablationSpec } from '../builders/specs.js';

const trialsOf = 38;
const fractions = [0.02, 0.1, 0.5];

describe.skipIf(!hasSharedData)('conditions on ResNet-20', () => {
  const anatomy = hasSharedData
    ? readResnet20()
    : { sites: [], layers: [], blocks: [], streams: [], gates: [], outputs: 0 };
  const kernelsOf = new Map(anatomy.layers.map((layer) => [layer.name, layer.kernels]));
  const depthOf = new Map(anatomy.sites.map((site) => [site.name, site.depth]));

  describe('of mode each', () => {
    test('remove every kernel once, alone', () => {
      const all = everyOf(listOf(anatomy, {}));
      expect(all.length).toBe(KERNELS);
      expect(new Set(all.flatMap(removed)).size).toBe(KERNELS);
      expect(all.every((one) => removed(one).length === 1 && one.of === KERNELS)).toBe(true);
    });

    test('remove whole layers and whole residual branches', () => {
      const layers = everyOf(listOf(anatomy, { unit: 'layer' }));
      expect(layers.map((one) => removed(one).length)).toEqual([
        ...Array<number>(7).fill(16),
        ...Array<number>(6).fill(32),
        ...Array<number>(6).fill(64),
      ]);
      const blocks = everyOf(listOf(anatomy, { unit: 'block' }));
      expect(blocks.map((one) => removed(one).length)).toEqual([16, 16, 16, 32, 32, 32, 64, 64, 64]);
      expect(blocks.map((one) => one.targets[0]?.group)).toEqual(
        [1, 2, 3].flatMap((stage) => [0, 1, 2].map((block) => `layer${stage}.${block}`)),
      );
    });

    test('cut a stream’s channel at all its writers, each in topological order and once', () => {
      const channels = everyOf(listOf(anatomy, { unit: 'stream' }));
      const declared = anatomy.streams.flatMap((stream) => stream.writers);
      expect(channels.length).toBe(declared.length);
      channels.forEach((one, i) => {
        const writers = declared[i] as readonly { site: string; channel: number }[];
        expect(new Set(removed(one))).toEqual(new Set(writers.map(({ site, channel }) => `${site}#${channel}`)));
        const depths = one.condition.edits.map((edit) => depthOf.get(edit.site) as number);
        expect(depths).toEqual([...new Set(depths)].sort((a, b) => a - b));
      });
      // The first stage has a writer before it and one in each of nine blocks, as far as its channels are passed on.
      expect(Math.max(...channels.map((one) => one.condition.edits.length))).toBe(10);
    });

    test('select layers by globs over names, also by alternatives', () => {
      const some = everyOf(listOf(anatomy, { layers: ['layer{1,3}.0.conv?'], unit: 'layer' }));
      expect(some.map((one) => one.targets[0]?.group)).toEqual([
        'layer1.0.conv1',
        'layer1.0.conv2',
        'layer3.0.conv1',
        'layer3.0.conv2',
      ]);
      expect(listOf(anatomy, { layers: ['nothing'] }).length).toBe(0);
    });
  });

  describe('of mode random', () => {
    const spread = ['one-layer', 'matched', 'all-depths'] as const;
    // Within each test, not before them: mutation testing sees what a test runs.
    const every = () => everyOf(listOf(anatomy, { mode: 'random', fractions, trials: trialsOf, spread }));

    test('are fractions × spreads × trials, and each knows which it is', () => {
      const all = every();
      expect(all.length).toBe(fractions.length * spread.length * trialsOf);
      const labels = new Set(all.map((one) => `${one.fraction} ${one.spread} ${one.trial}`));
      expect(labels.size).toBe(all.length);
    });

    test('one-layer removes round(f·K) kernels of one layer, at least one', () => {
      const all = every();
      for (const one of all.filter((other) => other.spread === 'one-layer')) {
        const groups = new Set(one.targets.map((target) => target.group));
        expect(groups.size).toBe(1);
        const kernels = kernelsOf.get([...groups][0] as string) as number;
        expect(removed(one).length).toBe(Math.max(1, Math.round((one.fraction as number) * kernels)));
      }
    });

    test('one-layer is stratified: among trials every layer has its turn before one comes again', () => {
      const all = every();
      for (const fraction of fractions) {
        const layers = all
          .filter((one) => one.spread === 'one-layer' && one.fraction === fraction)
          .sort((a, b) => (a.trial as number) - (b.trial as number))
          .map((one) => one.targets[0]?.group);
        expect(new Set(layers.slice(0, 19)).size).toBe(19);
        expect(layers.slice(19)).toEqual(layers.slice(0, 19));
      }
    });

    test('matched removes as many as its one-layer partner, over all layers, under the same match id', () => {
      const all = every();
      const partners = all.filter((one) => one.spread === 'one-layer');
      const matched = all.filter((one) => one.spread === 'matched');
      expect(new Set(partners.map((one) => one.match)).size).toBe(partners.length);
      for (const one of matched) {
        const partner = partners.filter((other) => other.match === one.match);
        expect(partner.length).toBe(1);
        expect(removed(one).length).toBe(removed(partner[0] as (typeof all)[number]).length);
        expect([one.fraction, one.trial]).toEqual([partner[0]?.fraction, partner[0]?.trial]);
      }
      const large = matched.filter((one) => removed(one).length >= 8);
      expect(large.every((one) => one.condition.edits.length > 1)).toBe(true);
      expect(new Set(matched.flatMap((one) => one.targets.map((target) => target.group))).size).toBe(19);
    });

    test('all-depths removes round(f·K) of all kernels and belongs to no match', () => {
      const all = every();
      for (const one of all.filter((other) => other.spread === 'all-depths')) {
        expect(removed(one).length).toBe(Math.round((one.fraction as number) * KERNELS));
        expect(one.match).toBeUndefined();
      }
    });

    test('remove at least one kernel where a fraction rounds to none', () => {
      const few = everyOf(listOf(anatomy, { mode: 'random', fractions: [1e-6], trials: 2, spread }));
      expect(few.map((one) => removed(one).length)).toEqual([1, 1, 1, 1, 1, 1]);
    });

    test('stay as they are when fractions, trials or spreads are added', () => {
      const labelled = (more: Parameters<typeof listOf>[1]): Map<string, string> =>
        new Map(
          everyOf(listOf(anatomy, { mode: 'random', ...more })).map((one) => [
            `${one.fraction} ${one.spread} ${one.trial}`,
            removed(one).join(),
          ]),
        );
      const before = labelled({ fractions: [0.1], trials: 4, spread: ['one-layer', 'all-depths'] });
      const after = labelled({ fractions: [0.05, 0.1, 0.3], trials: 9, spread });
      for (const [name, channels] of before) expect(after.get(name)).toBe(channels);
    });

    test('one-layer come by depth of their layer, over all fractions: neighbours share their first cut', () => {
      const all = every();
      const own = all.filter((one) => one.spread === 'one-layer');
      expect(all.slice(0, own.length)).toEqual(own);
      const layers = own.map((one) => one.targets[0]?.group);
      expect(layers.filter((layer, i) => layer !== layers[i - 1])).toEqual(anatomy.layers.map((layer) => layer.name));
      // Each of the 19 layers has two of the 38 trials of each fraction.
      for (let first = 0; first < own.length; first += 6) {
        const sharing = own.slice(first, first + 6);
        expect(new Set(sharing.map((one) => one.condition.edits[0]?.site)).size).toBe(1);
        expect(sharing.map((one) => one.fraction)).toEqual(fractions.flatMap((fraction) => [fraction, fraction]));
        for (const pair of [0, 2, 4]) expect(sharing[pair + 1]?.trial).toBe((sharing[pair]?.trial as number) + 19);
      }
    });

    test('are those of the order fraction by fraction, spread by spread, trial by trial, each drawn from its own stream', () => {
      const all = every();
      const targets = targetsOf(anatomy, 'kernel', ['*']);
      const expected = fractions.flatMap((fraction) => {
        const turns = randomStream(7, 'random', 'kernel', 'layers', fraction).shuffled(
          anatomy.layers.map((layer) => layer.name),
        );
        return spread.flatMap((where) =>
          Array.from({ length: trialsOf }, (_, trial) => {
            const layer = targets.filter((target) => target.group === turns[trial % 19]);
            const from = where === 'one-layer' ? layer : targets;
            const count = Math.max(1, Math.round(fraction * (where === 'all-depths' ? targets : layer).length));
            const drawn = randomStream(7, 'random', 'kernel', where, fraction, trial).sample(count, from.length);
            const names = drawn.map((i) => `${from[i]?.cuts[0]?.site}#${from[i]?.channel}`);
            return JSON.stringify([
              fraction,
              where,
              trial,
              where === 'all-depths' ? null : `${fraction}/${trial}`,
              names,
            ]);
          }),
        );
      });
      const found = all.map((one) =>
        JSON.stringify([one.fraction, one.spread, one.trial, one.match ?? null, removed(one)]),
      );
      expect(found.toSorted()).toEqual(expected.toSorted());
      expect(found).not.toEqual(expected);
    });

    test('have the edits, and so the keys, that they had when they stood fraction by fraction', () => {
      const listed = everyOf(
        listOf(anatomy, { mode: 'random', fractions, trials: trialsOf, fill: ['zero', 'mean'], spread }),
      );
      const edits = listed.map(({ condition }) => canonicalJson(condition.edits as never));
      // Of the code of 2026-11-24.
      expect(sha256(edits.toSorted().join('\n'))).toBe(
        '2121d23b7547d0bd3dcff806f26b1d47576e6979abaab2b0b68c40647fe6e6a1',
      );
    });

    test('of layers with fewer trials than there are layers, and of one trial alone, are all there', () => {
      for (const trials of [1, 5, 20]) {
        const few = everyOf(listOf(anatomy, { mode: 'random', fractions, trials, spread: ['one-layer'] }));
        const labels = few.map((one) => `${one.fraction} ${one.trial}`);
        expect(new Set(labels).size).toBe(3 * trials);
        const depths = few.map((one) => depthOf.get(one.condition.edits[0]?.site as string) as number);
        expect(depths).toEqual(depths.toSorted((a, b) => a - b));
      }
      expect(listOf(anatomy, { mode: 'random', fractions, layers: ['nothing'], spread: ['one-layer'] }).length).toBe(0);
    });

    test('depend on the seed and on nothing else', () => {
      const more = { mode: 'random', fractions: [0.1], trials: 3, spread } as const;
      const draws = (seed: number): string[] =>
        everyOf(listOf(anatomy, more, { seed })).map((one) => removed(one).join());
      expect(draws(7)).toEqual(draws(7));
      expect(new Set([...draws(7), ...draws(8)]).size).toBe(18);
    });

    test('name sites in topological order, once, with ascending channels', () => {
      const all = every();
      for (const one of all) {
        const depths = one.condition.edits.map((edit) => depthOf.get(edit.site) as number);
        expect(depths).toEqual([...new Set(depths)].sort((a, b) => a - b));
        for (const { channels } of one.condition.edits) {
          expect(channels).toEqual([...new Set(channels)].sort((a, b) => a - b));
        }
      }
    });

    test('draw from blocks and streams alike', () => {
      const blocks = everyOf(
        listOf(anatomy, { unit: 'block', mode: 'random', fractions: [0.5], trials: 5, spread: ['all-depths'] }),
      );
      // round(0.5 · 9), halves up.
      expect(blocks.map((one) => one.targets.length)).toEqual([5, 5, 5, 5, 5]);
      const channels = targetsOf(anatomy, 'stream', ['*']).length;
      const [stream] = everyOf(
        listOf(anatomy, { unit: 'stream', mode: 'random', fractions: [0.25], spread: ['all-depths'] }),
      );
      expect(stream?.targets.length).toBe(Math.round(0.25 * channels));
    });
  });

  describe('of mode cumulative', () => {
    test('are nested in each trial, of round(f·K) kernels, and other trials have another order', () => {
      const given = [0.3, 0.01, 0.1, 1];
      const all = everyOf(listOf(anatomy, { mode: 'cumulative', fractions: given, trials: 3 }));
      expect(all.length).toBe(12);
      const orders = [0, 1, 2].map((trial) => {
        const own = all
          .filter((one) => one.trial === trial)
          .sort((a, b) => (a.fraction as number) - (b.fraction as number));
        expect(own.map((one) => removed(one).length)).toEqual([7, 69, 206, 688]);
        own.slice(1).forEach((one, i) => {
          const wider = new Set(removed(one));
          expect(removed(own[i] as (typeof own)[number]).filter((channel) => !wider.has(channel))).toEqual([]);
        });
        return removed(own[0] as (typeof own)[number]).join();
      });
      expect(new Set(orders).size).toBe(3);
    });

    test('remove the least scored first; equals in topological order', () => {
      const targets = targetsOf(anatomy, 'kernel', ['layer1.0.conv1']);
      const scores = targets.map((_, i) => (i % 4 === 2 ? 0 : 10 - i));
      const list = listOf(
        anatomy,
        { mode: 'cumulative', layers: ['layer1.0.conv1'], order: 'kl', fractions: [3 / 16, 5 / 16], trials: 5 },
        { scores },
      );
      // A single order: trials of the same order would be the same cells.
      expect(list.length).toBe(2);
      const channels = everyOf(list).map((one) => one.targets.map((target) => target.channel));
      // Scores: 10 9 0 7 6 5 0 3 2 1 0 −1 −2 −3 0 −5.
      expect(channels).toEqual([
        [15, 13, 12],
        [15, 13, 12, 11, 2],
      ]);
    });

    test('wait for scores unless their order is random', () => {
      expect(needsScores(ablationSpec({ mode: 'cumulative', order: 'kl' }))).toBe(true);
      expect(needsScores(ablationSpec({ mode: 'cumulative', order: 'activation-std' }))).toBe(true);
      expect(needsScores(ablationSpec({ mode: 'cumulative', order: 'random' }))).toBe(false);
      expect(needsScores(ablationSpec({ mode: 'each', order: 'kl' }))).toBe(false);
    });
  });

  test('come once for every fill, and resample once for every draw, all of the same channels', () => {
    const all = everyOf(
      listOf(anatomy, {
        layers: ['conv1'],
        fill: ['zero', 'mean', 'mean-position', 'resample'],
        draws: 4,
      }),
    );
    expect(all.length).toBe(16 * 7);
    expect(all.slice(0, 7).map((one) => [one.fill, one.draw, one.condition.edits[0]?.fill])).toEqual([
      ['zero', undefined, { kind: 'zero' }],
      ['mean', undefined, { kind: 'mean', per: 'channel', reference: 'reference' }],
      ['mean-position', undefined, { kind: 'mean', per: 'position', reference: 'reference' }],
      ...[0, 1, 2, 3].map((draw) => ['resample', draw, { kind: 'resample', draw, reference: 'reference' }]),
    ]);
    expect(all.map((one) => one.targets[0]?.channel)).toEqual(
      Array.from({ length: 16 * 7 }, (_, i) => Math.floor(i / 7)),
    );
  });
});
