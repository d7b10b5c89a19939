import { mergeConfig } from 'vitest/config';
import base from './vitest.config.js';

/** Tests that take minutes: several processes at a time, servers killed and started again. */
export default mergeConfig(base, {
  test: { include: ['test/**/*.soak.ts'], fileParallelism: false, testTimeout: 600_000, hookTimeout: 600_000 },
});
