import { defineConfig } from 'vitest/config';

/** Tests that need a device of their own environment; `test/engine/webgpu.test.ts` runs them in a child. */
export default defineConfig({
  test: { include: ['test/**/*.device.ts'], pool: 'forks', testTimeout: 120_000, hookTimeout: 60_000 },
});
