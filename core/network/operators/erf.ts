import { unary } from './elementwise.js';
import { bell } from './slopes.js';

/**
 * The error function, to double precision. Up to 6 by Abramowitz and Stegun 7.1.6,
 * 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (1·3·…·(2n+1)), all of whose terms have one sign; beyond, 1 − erf x < 2.2e-17.
 */
export function errorFunction(x: number): number {
  if (Number.isNaN(x)) return x;
  if (Math.abs(x) > 6) return Math.sign(x);
  let [term, sum] = [x, x];
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

export const erf = unary({
  rises: true,
  rectifies: () => false,
  derivative: ({ write, x }) => bell(write, x, 1, 2 / Math.sqrt(Math.PI)),
  at: () => errorFunction,
});
