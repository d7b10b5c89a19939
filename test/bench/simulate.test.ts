import { beforeAll, describe, expect, test } from 'vitest';
import { bugs } from '../../bench/simulate/planted-bugs.js';
import { makeSetting, simulate, type Setting } from '../../bench/simulate/simulation.js';

let setting: Setting;
beforeAll(async () => {
  setting = await makeSetting();
});

describe('a simulation', () => {
  test.each([4, 22, 48])('of seed %i, by which a fault of percuss was found, is sound', async (seed) => {
    expect((await simulate(seed, setting, { tables: true })).wrong).toEqual([]);
  });

  test('loses nothing, computes nothing complete again and gives the tables of an undisturbed run, by seeds', async () => {
    for (let seed = 100; seed < 160; seed++) {
      const { wrong } = await simulate(seed, setting, { tables: seed % 10 === 0 });
      expect(wrong, `seed ${seed}`).toEqual([]);
    }
  });

  test('is the same event by event for the same seed, and another for another', async () => {
    const traced = async (seed: number): Promise<readonly string[]> => {
      const lines: string[] = [];
      await simulate(seed, setting, { tables: false, trace: (line) => void lines.push(line) });
      return lines;
    };
    const first = await traced(3);
    expect(await traced(3)).toEqual(first);
    expect(await traced(5)).not.toEqual(first);
  });

  test.each(bugs)('finds within 100 seeds that %s', async (bug) => {
    let found = 0;
    for (let seed = 1; seed <= 100 && found === 0; seed++)
      if ((await simulate(seed, setting, { bug, tables: false })).wrong.length > 0) found = seed;
    expect(found).toBeGreaterThan(0);
  });
});
