import { defineConfig } from 'vitest/config';
import base from './vitest.config.js';

/** Tests that take minutes: several processes at a time, servers killed and started again. Only these. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    projects: [{ extends: true, test: { name: 'soak', include: ['test/**/*.soak.ts'] } }],
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});
