import { expect, test } from 'vitest';
import { remembering } from '../../core/remembering.js';

test('what was computed is remembered, so many results at a time, and equals what is computed', () => {
  const asked: string[] = [];
  const added = remembering(2, (a: number, b: string) => {
    asked.push(`${a} ${b}`);
    return a === 0 ? undefined : a + b.length;
  });
  expect([added(1, 'x'), added(1, 'x'), added(0, ''), added(0, '')]).toEqual([2, 2, undefined, undefined]);
  expect(asked).toEqual(['1 x', '0 ']);
  expect([added(2, 'xx'), added(1, 'x')]).toEqual([4, 2]);
  expect(asked).toEqual(['1 x', '0 ', '2 xx', '1 x']);
});
