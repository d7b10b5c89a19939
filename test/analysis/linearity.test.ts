import { expect, test } from 'vitest';
import { pooledLinearity } from '../../core/analysis/linearity.js';

test('linearity is 1 for odd responses, 0 for even ones, a half where both are alike', () => {
  expect(pooledLinearity([{ oddNorm: 3, evenNorm: 0 }])).toBe(1);
  expect(pooledLinearity([{ oddNorm: 0, evenNorm: 3 }])).toBe(0);
  expect(pooledLinearity([{ oddNorm: 2, evenNorm: 2 }])).toBe(0.5);
});

test('energies are summed before they are divided, and silence adds nothing', () => {
  const pooled = pooledLinearity([
    { oddNorm: 3, evenNorm: 0 },
    { oddNorm: 0, evenNorm: 1 },
    { oddNorm: 0, evenNorm: 0 },
  ]);
  expect(pooled).toBe(0.9);
  expect(pooledLinearity([{ oddNorm: 0, evenNorm: 0 }])).toBeNull();
  expect(pooledLinearity([])).toBeNull();
});
