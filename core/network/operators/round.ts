import { unary } from './elementwise.js';

function toEven(x: number): number {
  const below = Math.floor(x);
  const over = x - below;
  if (over !== 0.5) return over < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

/** To the nearest whole number; from half-way to the even one. */
export const round = unary({
  rises: true,
  rectifies: () => false,
  derivative: { nothing: 'it is flat between its steps' },
  at: () => toEven,
});
