import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/longest-first.js';

/** Rooms whose tests start processes or servers, or hold engines that stay loaded: each file has a process of its own. */
const apart = ['cli', 'engine', 'infra', 'store', 'temporal', 'workers'];
const files = (rooms: readonly string[]): string[] => rooms.map((room) => `test/${room}/**/*.test.ts`);

export default defineConfig({
  test: {
    globalSetup: ['test/global-setup.ts'],
    pool: 'forks',
    // One per core, though Vitest would leave a core to itself: of two, that is half. Many tests wait for other processes.
    maxWorkers: '100%',
    sequence: { sequencer: LongestFirst },
    // Tests start servers and compute children; a busy machine with two cores is no reason to fail.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    teardownTimeout: 30_000,
    projects: [
      { extends: true, test: { name: 'apart', include: files(apart) } },
      // The others share processes: a new one for each file costs more than most of these files do.
      { extends: true, test: { name: 'shared', include: files(['*']), exclude: files(apart), isolate: false } },
    ],
  },
});
