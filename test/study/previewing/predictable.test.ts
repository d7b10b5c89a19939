import { expect, test } from 'vitest';
import { predictableOf } from '../../../core/study/previewing/predictions.js';
import type { ModelOutline } from '../../../core/plan/outline.js';
import { outlinesOf } from '../../plan/outlines.js';
import { ablationSpec } from '../../builders/specs.js';

test('conditions with substitutes are left out of a preview before anything of it runs, with the reason, and their neighbours are not', () => {
  const ablations = [
    ablationSpec({ models: ['small'], name: 'plain', fill: ['zero', 'mean', 'mean-position', 'resample'] }),
    ablationSpec({ models: ['small'], name: 'told', fill: ['mean', 'substitute', 'zero'] }),
    ablationSpec({ models: ['small'], name: 'before', fill: ['substitute-earlier'] }),
  ];
  const found = predictableOf(outlinesOf({ ablations })[0] as ModelOutline);
  const why = 'a substitute follows from what other kernels say of each image, which is not linearised';
  expect(found.leftOut).toEqual([
    `told, filled with substitute: ${why}`,
    `before, filled with substitute-earlier: ${why}`,
  ]);
  expect(found.ablations.map(({ spec }) => spec.name)).toEqual(['plain', 'told']);
  const [plain, told] = found.ablations;
  expect(plain?.length).toBe(plain?.list.length);
  expect(told?.length).toBe(((told?.list.length ?? 0) / 3) * 2);
  const filled = Array.from({ length: 4 }, (_, i) => told?.list.at(told.indexAt(i)).fill);
  expect(filled).toEqual(['mean', 'zero', 'mean', 'zero']);
});
