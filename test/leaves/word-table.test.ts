import { expect, test } from 'vitest';
import { choice, wordsOf, wordsWhere, wordTable } from '../../core/word-table.js';

const meals = wordTable<{ readonly meaning: string; readonly warm: boolean }>()({
  soup: { meaning: 'a liquid', warm: true },
  salad: { meaning: 'leaves', warm: false },
  stew: { meaning: 'a thick liquid', warm: true },
});

test('words come in the order of their table', () => {
  expect(wordsOf(meals)).toEqual(['soup', 'salad', 'stew']);
  expect(wordsWhere(meals, (row) => row.warm)).toEqual(['soup', 'stew']);
});

test('a choice reads like a sentence', () => {
  expect([[], ['soup'], ['soup', 'stew'], wordsOf(meals)].map(choice)).toEqual([
    '',
    'soup',
    'soup or stew',
    'soup, salad or stew',
  ]);
});
