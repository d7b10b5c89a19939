import { unary } from './elementwise.js';

/** log(1 + exp(x)), in the form that does not overflow. */
export const softplus = unary({
  rises: true,
  rectifies: () => true,
  derivative: ({ write, x }) => write.of('Sigmoid', x),
  at: () => (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
});
