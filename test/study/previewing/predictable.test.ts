import { expect, test } from 'vitest';
import { predictableOf } from '../../../core/study/previewing/predictions.js';
import type { ModelOutline } from '../../../core/plan/outline.js';
import { outlinesOf } from '../../plan/outlines.js';
import { ablationSpec } from '../../builders/specs.js';

test('ablations with substitutes are left out of a preview before anything of it runs, with the reason', () => {
  const ablations = [
    ablationSpec({ models: ['small'], name: 'plain', fill: ['zero', 'mean', 'mean-position', 'resample'] }),
    ablationSpec({ models: ['small'], name: 'told', fill: ['mean', 'substitute'] }),
    ablationSpec({ models: ['small'], name: 'before', fill: ['substitute-earlier'] }),
  ];
  const found = predictableOf(outlinesOf({ ablations })[0] as ModelOutline);
  expect(found.ablations.map(({ spec }) => spec.name)).toEqual(['plain']);
  const why =
    'a substitute follows from what other kernels say of each image, which is not linearised; its other fills are predicted in an ablation of their own';
  expect(found.leftOut).toEqual([`told: ${why}`, `before: ${why}`]);
});
