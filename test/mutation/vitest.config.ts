import { defineConfig } from 'vitest/config';

/** The tests that mutants of one room are to be killed by: test/mutation/run.mjs names them. */
const tests = JSON.parse(process.env['PERCUSS_MUTATION_TESTS'] ?? '["test/analysis/**/*.test.ts"]') as string[];

export default defineConfig({
  test: {
    include: tests.filter((pattern) => !pattern.startsWith('!')),
    exclude: tests.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1)),
    testTimeout: 300_000,
  },
});
