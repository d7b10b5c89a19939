import { expect, test } from 'vitest';
import { predictableOf } from '../../../core/study/previewing/predictions.js';
import type { ModelOutline } from '../../../core/plan/outline.js';
import { outlinesOf } from '../../plan/outlines.js';
import { ablationSpec } from '../../builders/specs.js';

test('sets with substitutes of one site are left out of a preview before anything of it runs, with the reason, and their neighbours are not', () => {
  const random = { mode: 'random', fractions: [0.5], trials: 2, spread: ['all-depths'] } as const;
  const ablations = [
    ablationSpec({ models: ['small'], name: 'plain', fill: ['zero', 'mean', 'mean-position', 'resample'] }),
    ablationSpec({ models: ['small'], name: 'alone', fill: ['substitute', 'substitute-earlier'] }),
    ablationSpec({ models: ['small'], name: 'told', fill: ['mean', 'substitute', 'zero'], ...random }),
    ablationSpec({ models: ['small'], name: 'only', fill: ['substitute'], ...random }),
  ];
  const found = predictableOf(outlinesOf({ ablations })[0] as ModelOutline);
  const why =
    'kernels of a site that are removed together tell nothing of each other, so that each set is told in its own way; single kernels are predicted';
  expect(found.leftOut).toEqual([`told, filled with substitute: ${why}`, `only, filled with substitute: ${why}`]);
  expect(found.ablations.map(({ spec }) => spec.name)).toEqual(['plain', 'alone', 'told']);
  const [plain, alone, told] = found.ablations;
  expect(plain?.length).toBe(plain?.list.length);
  expect(alone?.length).toBe(alone?.list.length);
  expect(told?.length).toBe(((told?.list.length ?? 0) / 3) * 2);
  const filled = Array.from({ length: 4 }, (_, i) => told?.list.at(told.indexAt(i)).fill);
  expect(filled).toEqual(['mean', 'zero', 'mean', 'zero']);
});
