/**
 * Gini coefficient of at least two values that are not negative: half their mean absolute difference over their mean, times
 * n/(n − 1) (Gini 1912; Damgaard and Weiner, Ecology 81, 2000). Null where it is not defined.
 */
export function gini(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const n = sorted.length;
  const total = sorted.reduce((sum, value) => sum + value, 0);
  if (n < 2 || total === 0) return null;
  const weighted = sorted.reduce((sum, value, i) => sum + (2 * i - n + 1) * value, 0);
  return weighted / (total * (n - 1));
}
