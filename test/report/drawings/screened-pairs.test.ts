import { expect, test } from 'vitest';
import { html } from '../../../core/report/html.js';
import { screenedPairs } from '../../../core/report/sections/screened-pairs.js';
import type { ScreenRow } from '../../../core/tables/schema.js';
import { contextWith, textOf } from '../reading.js';

const row = (own: Partial<ScreenRow> = {}): ScreenRow => ({
  model: 'resnet20',
  ablation: 'two',
  unit: 'kernel',
  fill: 'zero',
  measure: 'excess',
  kept: 120,
  rest: 279,
  random: 60,
  unknown: 0,
  left_out: 0,
  rank: 40,
  threshold: 0.0125,
  found: 40,
  beyond: 1,
  missed: 4.65,
  missed_low: 1,
  missed_high: 21,
  share: 0.896,
  share_low: 0.656,
  share_high: 0.976,
  ...own,
});
const said = (rows: readonly ScreenRow[]): string =>
  screenedPairs(contextWith({ screens: rows }))
    .map((block) => textOf(html`${block as ReturnType<typeof html>}`))
    .join(' ')
    .replace(/\s+/g, ' ');

test('of screened pairs it is said how many were missed, and to what the screen is blind', () => {
  const text = said([row({ rank: 12, missed: 9 }), row(), row({ rank: 120 })]);
  expect(text).toContain('120 pairs ran for the damage of their two, and 60 of the other 279 by chance');
  expect(text).toContain(
    'an estimated 4.65 [1.00, 21.0] have an excess beyond ± 0.0125 nat, as 40 of the kept ones have',
  );
  expect(text).toContain(
    '89.6 % [65.6, 97.6] of the large ones were kept'.replace(' %', '\u202f%'.replace('\u202f', ' ')),
  );
  expect(text).toContain('harmless alone is what it is blind to');
});

test('where all others ran, or nothing large was kept or is known, no more is said than is so; without a screen nothing', () => {
  expect(said([row({ random: 279 })])).toContain('and all other 279, too');
  expect(said([row({ share: null })])).not.toContain('of the large ones');
  expect(said([row({ missed: null, missed_low: null, missed_high: null, share: null })])).toContain('is not known');
  expect(said([row({ measure: 'kl' })])).toContain('an interaction of KL beyond');
  expect(screenedPairs(contextWith({ screens: [] }))).toEqual([]);
});
