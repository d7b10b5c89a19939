import type { Term, TermWriter } from './term.js';

/**
 * The cotangent of x where (x − mean) / √(variance + epsilon), both along `axes`, has the given one, c: with x̂ that quotient,
 * (c − mean c − x̂ · mean c·x̂) / √(variance + epsilon).
 */
export function normalisedAdjoint(
  write: TermWriter,
  x: Term,
  cotangent: Term,
  axes: readonly number[],
  epsilon: number,
): Term {
  const centred = write.subtract(x, write.mean(x, axes));
  const variance = write.mean(write.multiply(centred, centred), axes);
  const deviation = write.of('Sqrt', write.shifted(variance, epsilon));
  const standard = write.divide(centred, deviation);
  const shared = write.mean(write.multiply(cotangent, standard), axes);
  const moved = write.add(write.mean(cotangent, axes), write.multiply(shared, standard));
  return write.divide(write.subtract(cotangent, moved), deviation);
}
