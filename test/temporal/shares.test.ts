import { describe, expect, test } from 'vitest';
import { cancelStudy, queryProgress, setStudyPriority, setStudyWindow, waitForResult } from '../../workers/client.js';
import type { FakeConfig } from './fixtures/fake-steps.mjs';
import { until, useServer, World } from './world.js';

/** Batches of one unit and 40 ms: the worker of `useServer` has six slots. */
const many: FakeConfig = { stages: [[{ label: 'a', units: 400, size: 1, least: 1, seconds: 10 }]], unitMs: 40 };

/** How many units of each were done while the last one did so many. */
async function doneWhile(worlds: readonly World[], units: number): Promise<readonly number[]> {
  const last = worlds.at(-1) as World;
  await until('the last study has begun', () => last.done.length > 0, 60);
  const before = worlds.map(({ done }) => done.length);
  await until(`it has done ${units} units`, () => last.done.length >= units + (before.at(-1) as number), 90);
  return worlds.map(({ done }, i) => done.length - (before[i] as number));
}

const end = async (worlds: readonly World[]): Promise<void> => {
  await Promise.all(worlds.map(({ held, study }) => cancelStudy(held.client, study.id)));
};

describe('who shares a worker', { timeout: 180_000 }, () => {
  const held = useServer();
  const open = (count: number): Promise<World[]> =>
    Promise.all(Array.from({ length: count }, () => World.open(held, many)));

  test('two studies do about as much, though one holds ten times as many batches in flight', async () => {
    const worlds = await open(2);
    await worlds[0]?.submit({ window: 60 });
    await until('the first one has filled its window', () => (worlds[0] as World).done.length > 12, 60);
    await worlds[1]?.submit({ window: 12 });
    const [large = 0, small = 0] = await doneWhile(worlds, 40);
    await end(worlds);
    // In the order of their coming it would be 12 of 72.
    expect(small / (large + small)).toBeGreaterThan(0.32);
  });

  test('two users do about as much, though one has three studies', async () => {
    const worlds = await open(4);
    for (const world of worlds.slice(0, 3)) await world.submit({ window: 20, fairnessKey: 'first' });
    await until('they have begun', () => worlds.slice(0, 3).every(({ done }) => done.length > 4), 60);
    await worlds[3]?.submit({ window: 20, fairnessKey: 'second' });
    const [a = 0, b = 0, c = 0, other = 0] = await doneWhile(worlds, 40);
    await end(worlds);
    // Study by study it would be a quarter.
    expect(other / (a + b + c + other)).toBeGreaterThan(0.38);
    expect(other / (a + b + c + other)).toBeLessThan(0.7);
  });

  test('a study that is given the first priority goes before one that has the usual one', async () => {
    const worlds = await open(2);
    for (const world of worlds) await world.submit({ window: 20 });
    await until('both have begun', () => worlds.every(({ done }) => done.length > 4), 60);
    const second = worlds[1] as World;
    await setStudyPriority(held.client, second.study.id, 1);
    expect((await queryProgress(held.client, second.study.id)).priority).toBe(1);
    // Those that wait already keep theirs.
    const before = second.done.length;
    await until('they are through', () => second.done.length > before + 30, 60);
    const [usual = 0, preferred = 0] = await doneWhile(worlds, 60);
    await end(worlds);
    expect(preferred / (usual + preferred)).toBeGreaterThan(0.8);
  });

  test('a window that is set goes on over stages, and what was changed stays with what comes later', async () => {
    const stage = [{ label: 'a', units: 40, size: 1, least: 1, seconds: 10 }];
    const world = await World.open(held, { stages: [stage, stage], unitMs: 20 });
    const handle = await world.submit({ window: 2 });
    await until('it has begun', () => world.done.length > 2, 60);
    await setStudyWindow(held.client, world.study.id, 5);
    await setStudyPriority(held.client, world.study.id, 2);
    await until(
      'the second stage runs',
      async () => {
        const { stage: at, current } = await queryProgress(held.client, world.study.id);
        return at === 1 && current?.window === 5;
      },
      60,
    );
    expect((await queryProgress(held.client, world.study.id)).priority).toBe(2);
    expect((await waitForResult(handle)).state).toBe('complete');
  });
});
