import { test } from 'vitest';

/** A claim about the long run, held by many simulated studies: up to seconds, so that mutation tests leave it out. */
export const simulation: typeof test.skip = test.skipIf(process.env['PERCUSS_MUTATION_TESTS'] !== undefined);
