import type { Term, TermWriter } from './term.js';

/** `slopes[i]` where x is above `bends[i − 1]` and at most `bends[i]`. */
export function steps(write: TermWriter, x: Term, bends: readonly number[], slopes: readonly number[]): Term {
  return bends.reduce(
    (below, bend, i) =>
      write.choose(write.apply('Greater', [x, write.number(bend)]), write.number(slopes[i + 1] as number), below),
    write.number(slopes[0] as number),
  );
}

/** `above` where x is above 0, `below` · exp(x) elsewhere: at 0 as in PyTorch. */
export function exponentialBelow(write: TermWriter, x: Term, above: number, below: number): Term {
  const bent = write.scaled(write.of('Exp', write.apply('Min', [x, write.number(0)])), below);
  return write.choose(write.apply('Greater', [x, write.number(0)]), write.number(above), bent);
}

/** `height` · exp(−`steepness` · x²). */
export function bell(write: TermWriter, x: Term, steepness: number, height: number): Term {
  return write.scaled(write.of('Exp', write.scaled(write.multiply(x, x), -steepness)), height);
}

/** 1 where the first of two is larger, ½ where they are equal, 0 elsewhere. */
export function share(write: TermWriter, [first, second]: readonly [Term, Term]): Term {
  const above = write.above(first, second);
  return write.add(above, write.scaled(write.alike(first, second), 0.5));
}
