import { describe, expect, test } from 'vitest';
import { visible, visibleJson } from '../../core/visible.js';

describe('visible', () => {
  test.each([
    ['plain words', 'plain words'],
    ['two\nlines\tand a tab', 'two\nlines\tand a tab'],
    ['\u001b[31mred', '\\x1b[31mred'],
    ['\u009b2J', '\\x9b2J'],
    ['back\rover', 'back\\x0dover'],
    ['\u202egnp.exe', '\\u{202e}gnp.exe'],
    ['Ωλ 猫 ✓', 'Ωλ 猫 ✓'],
  ])('shows %j as %j', (text, shown) => {
    expect(visible(text)).toBe(shown);
  });
});

test('JSON means the same after its controls are shown', () => {
  const value = { 'a\u202e': ['\u009b2J', '\u001b', '\u2028', '\u{e0001}', '\u{1f9e0}', '\u007f', 'line\nline\t'] };
  const shown = visibleJson(JSON.stringify(value, null, 2));
  expect(JSON.parse(shown)).toEqual(value);
  expect(shown).not.toMatch(/(?![\t\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  expect(shown).toContain('\u{1f9e0}');
});
