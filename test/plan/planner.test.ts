import { describe, expect, test } from 'vitest';
import { anatomyOf } from '../../core/anatomy/anatomy.js';
import type { Edit } from '../../core/plan/condition.js';
import { conditionList, unitKey, type ModelOutline } from '../../core/plan/outline.js';
import type { AblationSpec } from '../../core/spec/study-spec.js';
import { batchSize, firstMissing, stageGroups, type StageContext } from '../../core/plan/planner.js';
import { indicesOf, lengthOf, type Stage, type UnitGroup } from '../../core/plan/stage.js';
import { contextOf, modelOf, outlinesOf } from './outlines.js';
import { SmallNetwork } from '../import/fixtures/small-network.js';
import { ablationSpec, impulseSpec } from '../builders/specs.js';

const ablation = (name: string, more: Parameters<typeof ablationSpec>[0] = {}) =>
  ablationSpec({ name, models: ['small'], ...more });

const everyKey = (outlines: readonly ModelOutline[]): string[] =>
  stageGroups(outlines)
    .flat()
    .flatMap((group) => {
      const outline = outlines.find(({ model }) => model.name === group.model) as ModelOutline;
      return Array.from({ length: group.count }, (_, index) => unitKey(outline, 7, group, index));
    });

const keysOf = (outlines: readonly ModelOutline[], stage: Stage | undefined): string[] =>
  (stage?.groups ?? []).flatMap((group) => {
    const outline = outlines.find(({ model }) => model.name === group.model) as ModelOutline;
    return indicesOf(group.missing, 0, lengthOf(group.missing)).map((index) => unitKey(outline, 7, group, index));
  });

const plan = (outlines: readonly ModelOutline[], context: StageContext = contextOf()) =>
  firstMissing(outlines, context, {});

/** Of 250 images, at the default rates. */
const seconds = (macs: number, hostBytes = 0): number => 250 * (macs / 30e9 + hostBytes / 1e9 + 4e-6) + 4 * 2e-4;
/** Along the intact network, which hands over what is alive at every cut. */
const walk = 2.2 * seconds(1e8);

describe('planning', () => {
  // Within each test, not before them: mutation testing sees what a test runs.
  const asked = () => outlinesOf({ ablations: [ablation('each')], impulses: [impulseSpec()] });

  test('asks first for what everything rests on: a profile for each network, a baseline for each chunk', async () => {
    const outlines = asked();
    const { stage, tally } = await plan(outlines);
    expect(stage?.groups.map(({ kind, chunk, missing }) => [kind, chunk, missing])).toEqual([
      ['profile', -1, [[0, 1]]],
      ['baseline', 0, [[0, 1]]],
      ['baseline', 1, [[0, 1]]],
    ]);
    // 10 kernels on two chunks, impulses on two bases, what gradients say of the kernels, and the three above.
    expect(tally).toEqual({ total: 26, stored: 0, failed: 0 });
  });

  test('asks with them for the moments of every site that substitutes are put at, once for each way of telling', async () => {
    const told = (name: string, layers: string[]) =>
      ablationSpec({ models: ['small'], name, layers, fill: ['substitute', 'zero', 'substitute-earlier'] });
    const outlines = outlinesOf({ ablations: [told('a', ['conv2']), told('b', ['*'])] });
    expect(outlines[0]?.substitutions.map(({ site, fill }) => [site, fill.from])).toEqual([
      ['conv1', 'same'],
      ['conv2', 'same'],
      ['conv1', 'earlier'],
      ['conv2', 'earlier'],
    ]);
    const { stage } = await plan(outlines);
    expect(stage?.groups.map(({ kind, missing }) => [kind, missing])).toEqual([
      ['profile', [[0, 1]]],
      ['moments', [[0, 4]]],
      ['baseline', [[0, 1]]],
      ['baseline', [[0, 1]]],
    ]);
  });

  test('asks for exactly what is neither stored nor failed, and ends when that is nothing', async () => {
    const outlines = asked();
    const keys = everyKey(outlines);
    expect(new Set(keys).size).toBe(keys.length);
    const basics = keys.slice(0, 3);
    const gone = [keys[5], keys[6], keys[14]] as string[];
    const failed = new Set([keys[9] as string]);
    const { stage, tally } = await plan(outlines, contextOf(new Set([...basics, ...gone]), failed));
    expect(stage?.index).toBe(1);
    expect(keysOf(outlines, stage)).toEqual(keys.slice(3).filter((key) => !gone.includes(key) && !failed.has(key)));
    expect(tally).toEqual({ total: 26, stored: 6, failed: 1 });
    const end = await plan(outlines, contextOf(new Set(keys.filter((key) => !failed.has(key))), failed));
    expect(end.stage).toBeUndefined();
    expect(end.tally).toEqual({ total: 26, stored: 25, failed: 1 });
    // A failed unit that has been stored since is stored.
    expect((await plan(outlines, contextOf(new Set(keys), failed))).tally.failed).toBe(0);
  });

  test('gives units that several ablations ask for to the first, once', async () => {
    const twice = outlinesOf({
      ablations: [
        ablation('zeros'),
        ablation('both', { fill: ['zero', 'mean'] }),
        ablation('one layer', { layers: ['conv2'] }),
      ],
    });
    const basics = new Set(everyKey(twice).slice(0, 3));
    const { stage, tally } = await plan(twice, contextOf(basics));
    const keys = keysOf(twice, stage);
    expect(new Set(keys).size).toBe(keys.length);
    expect(new Set([...keys, ...basics])).toEqual(new Set(everyKey(twice)));
    expect(stage?.groups.map(({ name, chunk, missing }) => [name, chunk, lengthOf(missing)])).toEqual([
      ['zeros', 0, 10],
      ['zeros', 1, 10],
      ['both', 0, 10],
      ['both', 1, 10],
      ['', -1, 1],
    ]);
    expect(tally.total).toBe(44);
  });

  test('asks what gradients say of kernels that are left out one at a time, once for all ablations that do, and of no others', async () => {
    const outlines = outlinesOf({
      ablations: [
        ablation('zeros', { layers: ['conv2'] }),
        ablation('more', { layers: ['conv2'], fill: ['resample', 'mean'], draws: 5 }),
        ablation('others', { mode: 'random', fractions: [0.5], trials: 1 }),
      ],
    });
    expect(outlines[0]?.gradients?.sites).toEqual(['conv2']);
    const put = outlines[0]?.gradients?.fills.map(({ name, draw }) => `${name} ${draw ?? ''}`);
    expect(put).toEqual(['zero ', 'resample 0', 'resample 1', 'resample 2', 'mean ']);
    const [, plain] = stageGroups(outlines);
    expect(plain?.filter(({ kind }) => kind === 'gradients')).toMatchObject([{ model: 'small', count: 1 }]);
    const unit = { kind: 'gradients', model: 'small', name: '', chunk: -1 } as const;
    const keyOf = (more: Partial<AblationSpec>): string =>
      unitKey(outlinesOf({ ablations: [ablation('zeros', more)] })[0] as ModelOutline, 7, unit, 0);
    const keys = [{}, { layers: ['conv1'] }, { fill: ['mean'] as const }, { fill: ['zero', 'mean'] as const }].map(
      keyOf,
    );
    // Zero is asked for in any case.
    expect(keys[2]).toBe(keys[3]);
    expect(new Set(keys).size).toBe(3);
    const none = outlinesOf({ ablations: [ablation('random', { mode: 'random', fractions: [0.5], trials: 1 })] });
    expect(none[0]?.gradients).toBeUndefined();
  });

  test('plans equal networks under two names once', async () => {
    const both = ['small', 'copy'];
    const models = [modelOf('small', 'same'), modelOf('copy', 'same')];
    const { stage, tally } = await plan(outlinesOf({ models, ablations: [ablation('each', { models: both })] }));
    expect(stage?.groups.map(({ model }) => model)).toEqual(['small', 'small', 'small']);
    expect(tally.total).toBe(24);
    const unlike = await plan(outlinesOf({ models: [modelOf('small'), modelOf('copy')] }));
    expect(unlike.tally.total).toBe(6);
  });

  test('counts a unit once, also where one stage asks for it and a later one again', async () => {
    const least = ablation('least', { mode: 'cumulative', order: 'kl', fractions: [0.1], layers: ['conv1'] });
    const scored = outlinesOf({ ablations: [least], scores: { 'small/least': [3, 1, 2, 0] }, chunks: ['chunk 0'] });
    const { tally } = await plan(scored);
    // Profile, baseline, four kernels for the order; the least of them alone is what the order is read from, too.
    expect(tally.total).toBe(6);
  });

  test('plans what results order only behind those results', async () => {
    const kl = ablation('by damage', { mode: 'cumulative', order: 'kl', fractions: [0.3, 0.6] });
    const norm = ablation('by norm', { mode: 'cumulative', order: 'weight-norm', fractions: [0.3] });
    const unknown = outlinesOf({ ablations: [kl, norm] });
    expect(stageGroups(unknown).map((groups) => groups.map(({ name, count }) => `${name} ${count}`))).toEqual([
      [' 1', ' 1', ' 1'],
      ['by damage (order) 10', 'by damage (order) 10'],
      [],
      [],
    ]);
    const scores = { 'small/by damage': Array.from({ length: 10 }, (_, i) => 10 - i) };
    const known = outlinesOf({ ablations: [kl, norm], scores });
    expect(stageGroups(known)[2]?.map(({ name, count }) => `${name} ${count}`)).toEqual(['by damage 2', 'by damage 2']);
    const all = everyKey(known);
    const left = await plan(known, contextOf(new Set(all.slice(0, -4))));
    expect(left.stage?.index).toBe(2);
    expect(keysOf(known, left.stage)).toEqual(all.slice(-4));
  });

  test('does not depend on the order in which stored keys are told', async () => {
    const outlines = asked();
    const keys = everyKey(outlines);
    const some = keys.filter((_, i) => i % 3 === 0);
    const stages = [some, some.toReversed()].map(
      async (stored) => (await plan(outlines, contextOf(new Set(stored)))).stage,
    );
    expect(await stages[0]).toEqual(await stages[1]);
  });
});

describe('conditions of several edits', () => {
  test('cost what they do not share with the one before: everything from the site on where they part', async () => {
    const order = ablation('growing', {
      mode: 'cumulative',
      order: 'random',
      fractions: [0.2, 0.4, 0.6, 0.8],
      trials: 1,
    });
    const outlines = outlinesOf({ ablations: [order] });
    const { stage } = await plan(outlines, contextOf(new Set(everyKey(outlines).slice(0, 3))));
    const [first] = outlines;
    const list = conditionList(first as ModelOutline, 'growing');
    const firstParting = (index: number): string => {
      const edits = (i: number): readonly Edit[] => (i < 0 ? [] : list.at(i).condition.edits);
      const before = edits(index - 1);
      const parted = edits(index).find((edit, i) => JSON.stringify(edit) !== JSON.stringify(before[i]));
      return (parted as Edit).site;
    };
    const last = (index: number): string => list.at(index).condition.edits.at(-1)?.site ?? '';
    const costs = [0, 1, 2, 3].map((index) => {
      // From a first site to the last the value between them, 4 × 8 × 8 numbers, is read and written anew on the host.
      const written = firstParting(index) !== last(index) ? 2 * 4 * 4 * 8 * 8 : 0;
      return seconds(firstParting(index) === 'conv1' ? 5e7 : 2e7, written);
    });
    expect(costs.length).toBe(4);
    expect(stage?.groups[0]?.seconds).toBeCloseTo((costs.reduce((a, b) => a + b) + walk) / 4, 12);
  });

  test('cost a program from the first site on where they edit at three or more', async () => {
    const net = new SmallNetwork(3, 8);
    const second = net.relu('relu2', net.conv('conv2', net.relu('relu1', net.conv('conv1', net.input, 4)), 4));
    const graph = net.graph(net.head(net.relu('relu3', net.conv('conv3', second, 4))));
    const all = ablation('nearly-all', { mode: 'cumulative', order: 'random', fractions: [0.9], trials: 1 });
    const outlines = outlinesOf({ ablations: [all], anatomy: anatomyOf(graph) });
    const context = contextOf(new Set(everyKey(outlines).slice(0, 3)));
    const { stage } = await plan(outlines, context);
    expect(stage?.groups[0]?.seconds).toBeCloseTo(seconds(7e7) + walk, 12);
  });
});

describe('batches', () => {
  const group = (count: number, seconds: number): UnitGroup => ({
    kind: 'cells',
    model: 'small',
    name: 'each',
    chunk: 0,
    missing: [[0, count]],
    seconds,
  });

  test('are as many units as take about the time asked for, at least one and at most all', () => {
    expect(batchSize(group(1000, 0.25), 20)).toBe(80);
    expect(batchSize(group(1000, 50), 20)).toBe(1);
    expect(batchSize(group(12, 0.25), 20)).toBe(12);
    expect(batchSize(group(5, 0), 20)).toBe(5);
    expect(batchSize(group(1_000_000, 1e-4), 20)).toBe(4_096);
  });

  test('are predicted by where a condition starts: half a network behind the first site, a fifth behind the second', async () => {
    const outlines = outlinesOf({
      ablations: [ablation('each'), ablation('late', { layers: ['conv2'], fill: ['mean'] })],
    });
    const { stage } = await plan(outlines, contextOf(new Set(everyKey(outlines).slice(0, 3))));
    expect(stage?.groups[0]?.seconds).toBeCloseTo((4 * seconds(5e7) + 6 * seconds(2e7) + walk) / 10, 12);
    expect(stage?.groups[2]?.seconds).toBeCloseTo((6 * seconds(2e7) + walk) / 6, 12);
  });

  test('are longer by a walk along the network for every process that takes some of them', async () => {
    const outlines = outlinesOf({ ablations: [ablation('each')] });
    const context = contextOf(new Set(everyKey(outlines).slice(0, 3)));
    const unit = async (processes: number, batchSeconds: number): Promise<number> =>
      (await plan(outlines, { ...context, run: { processes, batchSeconds } })).stage?.groups[0]?.seconds as number;
    const one = await unit(1, 1);
    expect(await unit(3, 1)).toBeCloseTo(one + (2 * walk) / 10, 12);
    // All of it fits into one batch.
    expect(await unit(3, 100)).toBeCloseTo(one, 12);
  });
});
