import { describe, expect, test } from 'vitest';
import type { Anatomy } from '../../core/anatomy/site.js';
import { needsScores } from '../../core/plan/conditions.js';
import type { AblationSpec } from '../../core/spec/study-spec.js';
import { handAnatomy } from './hand-anatomy.js';
import { everyOf, listOf, removed } from './resnet20.js';
import { ablationSpec } from '../builders/specs.js';

describe('fills', () => {
  test('come within each removal in the order asked for; resample once for each draw', () => {
    const all = everyOf(
      listOf(handAnatomy, { layers: ['first'], fill: ['mean', 'zero', 'resample', 'mean-position'], draws: 3 }),
    );
    expect(all).toHaveLength(4 * 6);
    const reference = 'reference';
    expect(all.slice(6, 12).map(({ fill, draw, condition }) => [fill, draw, condition.edits])).toEqual(
      [
        ['mean', undefined, { kind: 'mean', per: 'channel', reference }],
        ['zero', undefined, { kind: 'zero' }],
        ['resample', 0, { kind: 'resample', draw: 0, reference }],
        ['resample', 1, { kind: 'resample', draw: 1, reference }],
        ['resample', 2, { kind: 'resample', draw: 2, reference }],
        ['mean-position', undefined, { kind: 'mean', per: 'position', reference }],
      ].map(([fill, draw, content]) => [fill, draw, [{ site: 'first.relu', channels: [1], fill: content }]]),
    );
  });

  test('are none of nothing', () => {
    for (const mode of ['each', 'random', 'cumulative', 'pairs', 'quadruples', 'compensation'] as const) {
      const list = listOf(handAnatomy, { mode, layers: ['nothing'], fractions: [0.5], spread: ['one-layer'] });
      expect(list.length, mode).toBe(0);
    }
  });
});

describe('random removals', () => {
  const asked = { mode: 'random', fractions: [0.5, 0.25], trials: 4 } as const;

  test('of one layer are as many of its kernels; layers have their turns, by depth', () => {
    const all = everyOf(listOf(handAnatomy, { ...asked, spread: ['one-layer'] }));
    expect(all.map(({ targets, fraction }) => [targets[0]?.group, fraction, targets.length])).toEqual([
      ...[0.5, 0.5].map((fraction) => ['first', fraction, 2]),
      ...[0.25, 0.25].map((fraction) => ['first', fraction, 1]),
      ...[0.5, 0.5].map((fraction) => ['second', fraction, 6]),
      ...[0.25, 0.25].map((fraction) => ['second', fraction, 3]),
    ]);
    for (const { targets, of } of all) {
      expect(new Set(targets.map(({ group }) => group)).size).toBe(1);
      expect(of).toBe(16);
    }
    for (const fraction of asked.fractions) {
      const trials = all.filter((one) => one.fraction === fraction).map(({ trial }) => trial);
      expect([...trials].sort()).toEqual([0, 1, 2, 3]);
    }
  });

  test('that are matched are as many, of any layer, under the name of their partner', () => {
    const all = everyOf(listOf(handAnatomy, { ...asked, spread: ['matched', 'one-layer'] }));
    const [matched, partners] = [all.slice(0, 8), all.slice(8)];
    expect(matched.map(({ fraction, trial, spread }) => [fraction, trial, spread])).toEqual(
      [0.5, 0.25].flatMap((fraction) => [0, 1, 2, 3].map((trial) => [fraction, trial, 'matched'])),
    );
    for (const one of matched) {
      expect(one.match).toBe(`${one.fraction}/${one.trial}`);
      const [partner, ...others] = partners.filter(({ match }) => match === one.match);
      expect(others).toEqual([]);
      expect(one.targets.length).toBe(partner?.targets.length);
    }
    expect(new Set(matched.flatMap(({ targets }) => targets.map(({ group }) => group)))).toEqual(
      new Set(['first', 'second']),
    );
  });

  test('of all depths are as many of all kernels, and have no partner', () => {
    const all = everyOf(listOf(handAnatomy, { ...asked, spread: ['all-depths'] }));
    expect(all.map(({ targets, match }) => [targets.length, match])).toEqual([
      ...Array(4).fill([8, undefined]),
      ...Array(4).fill([4, undefined]),
    ]);
    // Drawn anew for each fraction and trial.
    expect(new Set(all.map((one) => removed(one).join())).size).toBe(8);
  });

  test('of fewer trials than layers leave layers out, and of blocks draw blocks', () => {
    const few = everyOf(listOf(handAnatomy, { ...asked, trials: 1, spread: ['one-layer'] }));
    expect(few.map(({ fraction, trial }) => [fraction, trial]).sort()).toEqual([
      [0.25, 0],
      [0.5, 0],
    ]);
    const [block] = everyOf(listOf(handAnatomy, { ...asked, unit: 'block', spread: ['one-layer'] }));
    expect(removed(block as NonNullable<typeof block>)).toEqual(['add#0', 'add#1', 'add#2']);
  });

  test('have streams of draws of their own: other seeds, units and fractions have others', () => {
    const drawn = (more: Parameters<typeof listOf>[1], seed = 7): string =>
      everyOf(listOf(handAnatomy, { ...asked, ...more }, { seed }))
        .map(({ targets }) => targets.map(({ group, channel }) => `${group}#${channel}`).join())
        .join(' ');
    const spread = ['all-depths'] as const;
    const one = drawn({ spread });
    expect(drawn({ spread })).toBe(one);
    expect(drawn({ spread }, 8)).not.toBe(one);
    expect(drawn({ spread: ['all-depths', 'matched'] })).toContain(one);
  });
});

describe('cumulative removals', () => {
  test('begin with the least scored, equals in their order, one order whatever the trials', () => {
    const list = listOf(
      handAnatomy,
      { mode: 'cumulative', layers: ['first'], order: 'kl', fractions: [0.25, 0.5, 1], trials: 5 },
      { scores: [2, 0.5, 0.25, 0.5] },
    );
    const all = everyOf(list);
    expect(all.map(({ targets }) => targets.map(({ channel }) => channel))).toEqual([[2], [2, 1], [2, 1, 3, 0]]);
    expect(all.map(({ fraction, trial, of }) => [fraction, trial, of])).toEqual([
      [0.25, 0, 4],
      [0.5, 0, 4],
      [1, 0, 4],
    ]);
  });

  test('by chance have an order for each trial, in which each fraction holds the smaller ones', () => {
    const all = everyOf(
      listOf(handAnatomy, { mode: 'cumulative', layers: ['second'], fractions: [0.25, 0.75], trials: 3 }),
    );
    expect(all.map(({ fraction, trial, targets }) => [fraction, trial, targets.length])).toEqual(
      [0, 1, 2].flatMap((trial) => [
        [0.25, trial, 3],
        [0.75, trial, 9],
      ]),
    );
    for (const trial of [0, 1, 2]) {
      const [few, more] = all.filter((one) => one.trial === trial).map(removed);
      expect(few?.every((kernel) => more?.includes(kernel))).toBe(true);
    }
    expect(new Set(all.filter(({ fraction }) => fraction === 0.25).map((one) => removed(one).join())).size).toBe(3);
    // Asked for in any order.
    const list = listOf(handAnatomy, { mode: 'cumulative', layers: ['second'], fractions: [0.25, 0.75], trials: 3 });
    expect([5, 0, 3].map((index) => removed(list.at(index)))).toEqual([5, 0, 3].map((index) => removed(all[index]!)));
  });

  test.each([
    ['cumulative', 'random', false],
    ['cumulative', 'weight-norm', true],
    ['cumulative', 'activation-std', true],
    ['cumulative', 'kl', true],
    ['each', 'kl', false],
    ['random', 'weight-norm', false],
  ] as const)('of mode %s by %s wait for scores: %s', (mode, order, waits) => {
    expect(needsScores(ablationSpec({ mode, order }))).toBe(waits);
  });
});

describe('compensation', () => {
  const block = (name: string, site: string, layers: readonly string[]) => ({ name, site, layers });
  /** A branch, one that holds two others in itself, and a last one. */
  const nested: Anatomy = {
    ...handAnatomy,
    sites: ['a', 'b', 'c', 'd', 'e'].map((name, depth) => ({ ...handAnatomy.sites[0]!, name, depth, aliases: [] })),
    blocks: [
      block('first', 'a', ['l0']),
      block('inner1', 'b', ['l1']),
      block('inner2', 'c', ['l2']),
      block('outer', 'd', ['l1', 'l2']),
      block('last', 'e', ['l3']),
    ],
  };
  const edits = (own: Partial<AblationSpec> = {}): string[] =>
    everyOf(listOf(nested, { mode: 'compensation', unit: 'block', fill: ['zero'], ...own })).map(({ condition }) =>
      condition.edits.map(({ site, fill }) => `${site} ${fill.kind}`).join(', '),
    );

  test('is each branch alone, then each with all behind it held, but for what holds it in itself', () => {
    expect(edits()).toEqual([
      'a zero',
      'b zero',
      'c zero',
      'd zero',
      'e zero',
      'a zero, b intact, c intact, d intact, e intact',
      'b zero, c intact, e intact',
      'c zero, e intact',
      'd zero, e intact',
    ]);
  });

  test('holds branches that are not selected, too, and none that are selected but lie before', () => {
    expect(edits({ layers: ['first', 'outer'] })).toEqual([
      'a zero',
      'd zero',
      'a zero, b intact, c intact, d intact, e intact',
      'd zero, e intact',
    ]);
    const [, , held] = everyOf(listOf(nested, { mode: 'compensation', unit: 'block', layers: ['first', 'outer'] }));
    expect(held).toMatchObject({ frozen: 4, of: 2 });
    expect(held?.targets.map(({ group }) => group)).toEqual(['first']);
  });
});

describe('pairs', () => {
  test('come behind the single targets that they are made of', () => {
    const all = everyOf(
      listOf(handAnatomy, { mode: 'pairs', layers: ['first'], pairs: { within: ['any'], budget: undefined } }),
    );
    expect(all.map(({ targets }) => targets.map(({ channel }) => channel).join())).toEqual([
      '0',
      '1',
      '2',
      '3',
      '0,1',
      '0,2',
      '0,3',
      '1,2',
      '1,3',
      '2,3',
    ]);
    expect(all.every(({ of }) => of === 4)).toBe(true);
    expect(everyOf(listOf(handAnatomy, { mode: 'pairs', layers: ['first'] }))).toEqual(all);
  });

  test('of a small budget need only those alone that they hold', () => {
    const all = everyOf(listOf(handAnatomy, { mode: 'pairs', pairs: { within: ['across'], budget: 2 } }));
    const [alone, joint] = [1, 2].map((size) => all.filter(({ targets }) => targets.length === size));
    expect(joint).toHaveLength(2);
    expect(alone?.flatMap(removed)).toEqual([...new Set(joint?.flatMap(removed))].sort(byPlace));
    for (const { targets } of joint ?? []) expect(targets.map(({ group }) => group)).toEqual(['first', 'second']);
  });
});

const byPlace = (a: string, b: string): number => {
  const place = (name: string) => [name.startsWith('first') ? 0 : 1, Number(name.split('#')[1])] as const;
  const [[layerA, channelA], [layerB, channelB]] = [place(a), place(b)];
  return layerA - layerB || channelA - channelB;
};
