import { describe, expect, test } from 'vitest';
import { visible } from '../../core/visible.js';

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
