import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as written from '../../core/report/findings.js';
import { sentences } from '../../core/report/sentences.js';

const root = new URL('../../', import.meta.url);

describe('every sentence that a summary may have', () => {
  test('stands in the list, and no other is written', () => {
    expect(new Set(Object.values(sentences).map(({ find }) => find))).toEqual(new Set(Object.values(written)));
  });

  test.each(Object.entries(sentences))('%s is about something, and known from a test that is there', (_, sentence) => {
    expect(Object.values(sentence).filter((text) => text === '')).toEqual([]);
    expect(existsSync(new URL(sentence.test, root))).toBe(true);
  });

  test('is listed in the science', () => {
    const page = readFileSync(new URL('docs/science.md', root), 'utf8');
    for (const { says, estimand } of Object.values(sentences)) expect(page).toContain(`| ${says} | ${estimand} |`);
  });
});
