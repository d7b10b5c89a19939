/**
 * What is mutated, and by which tests mutants are to be killed: only those that are fast and need no server, process,
 * network or file outside the repository. `mutate` holds Stryker's patterns within the folder, `tests` those of Vitest.
 */
export const rooms = {
  analysis: { folder: 'core/analysis', mutate: ['**/*.ts'], tests: ['test/analysis/**/*.test.ts'] },
  report: {
    folder: 'core/report',
    mutate: ['**/*.ts'],
    tests: ['test/report/**/*.test.ts', '!test/report/screenshots.test.ts'],
  },
  rows: { folder: 'core/study/analysing/rows', mutate: ['**/*.ts'], tests: ['test/study/analysing/rows/**/*.test.ts'] },
  plan: { folder: 'core/plan', mutate: ['**/*.ts'], tests: ['test/plan/**/*.test.ts'] },
  spec: { folder: 'core/spec', mutate: ['**/*.ts'], tests: ['test/spec/**/*.test.ts'] },
  probe: {
    folder: 'core/probe',
    mutate: [
      '{delta-rows,contributions,crop,cut-point,effect,fill,gathering,grid,lesion-path,metrics}.ts',
      '{paused-walks,program-cache,run-size,selection}.ts',
    ],
    // Not those that run whole networks, which reach every file here and take seconds for each mutant.
    tests: [
      'test/probe/{delta-rows,delta-convolution,crop,edits,gathering*,grid,metrics,paused-walks,program-cache}.test.ts',
    ],
  },
  ledger: {
    folder: 'core/ledger',
    mutate: ['**/*.ts'],
    tests: ['test/ledger/**/*.test.ts'],
  },
};
