import { describe, expect, test } from 'vitest';
import { networksDocument, recordedCoverage } from './networks-document.js';

// Beside what test/house/documents.test.ts looks at: this takes fixtures of the tests.
test('docs/networks.md is made from the tables of the code and the recorded run', async () => {
  await expect(networksDocument()).toMatchFileSnapshot('../../docs/networks.md');
});

describe('the recorded run', () => {
  const { rows } = recordedCoverage();

  test('deviates from PyTorch by less than 1e-4 anywhere', () => {
    expect(rows.length).toBeGreaterThan(70);
    expect(rows.filter((row) => !(row.deviation < 1e-4))).toEqual([]);
  });

  test('finds the same in both exports of a network', () => {
    const found = new Map<string, Set<string>>();
    for (const { library, network, layers, kernels, sites, blocks, streams, macs } of rows) {
      const name = `${library} ${network}`;
      const told = [layers, kernels, sites, blocks, streams, macs].join();
      found.set(name, (found.get(name) ?? new Set()).add(told));
    }
    expect([...found].filter(([, told]) => told.size > 1)).toEqual([]);
  });
});
