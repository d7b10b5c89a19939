import { sum } from './moments.js';

/**
 * p-values adjusted for the false discovery rate, in the order given: `bh` (Benjamini and Hochberg, JRSS B 57, 1995;
 * independent or positively dependent tests) or `by` (Benjamini and Yekutieli, Annals of Statistics 29, 2001; any
 * dependence). A null (no test) stays null and does not count.
 */
export function adjustFalseDiscovery(
  pValues: readonly (number | null)[],
  method: 'bh' | 'by' = 'by',
): (number | null)[] {
  const tested = pValues.flatMap((p, index) => (p === null ? [] : [{ p, index }]));
  tested.sort((a, b) => b.p - a.p || b.index - a.index);
  const m = tested.length;
  const dependence = method === 'bh' ? 1 : sum(Array.from({ length: m }, (_, i) => 1 / (i + 1)));
  const adjusted: (number | null)[] = pValues.map(() => null);
  let least = 1;
  tested.forEach(({ p, index }, i) => {
    least = Math.min(least, (p * m * dependence) / (m - i));
    adjusted[index] = least;
  });
  return adjusted;
}

/**
 * Rank p among numbers that would be exchangeable with this one if there were nothing to find: (1 + as extreme) / (1 + numbers), never 0 and
 * valid for any number of them (Phipson and Smyth, Statistical Applications in Genetics and Molecular Biology 9, 2010).
 */
export function rankP(asExtreme: number, numbers: number): number {
  return (1 + asExtreme) / (1 + numbers);
}
