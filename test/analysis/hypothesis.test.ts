import { expect, test } from 'vitest';
import { hypothesesOf } from '../../core/analysis/hypothesis.js';

test('damage is predicted for each fill; replaceability where a study has both its fills', () => {
  expect(hypothesesOf(['mean', 'zero'])).toEqual([
    { target: 'kl', fill: 'mean' },
    { target: 'kl', fill: 'zero' },
  ]);
  expect(hypothesesOf(['substitute', 'mean']).slice(2)).toEqual([
    { target: 'log(substitute/mean)', fill: 'substitute', against: 'mean' },
  ]);
  expect(hypothesesOf(['mean', 'substitute-earlier', 'substitute']).slice(3)).toEqual([
    { target: 'log(substitute/mean)', fill: 'substitute', against: 'mean' },
    { target: 'log(substitute-earlier/mean)', fill: 'substitute-earlier', against: 'mean' },
  ]);
  expect(hypothesesOf(['substitute', 'zero'])).toHaveLength(2);
  expect(hypothesesOf([])).toEqual([]);
});
