/** Log-softmax of each row, in place; [rows × classes], float64. The largest is taken away first, so that nothing overflows. */
export function logSoftmax(rows: Float64Array, classes: number): Float64Array {
  for (let start = 0; start < rows.length; start += classes) {
    let largest = -Infinity;
    for (let c = start; c < start + classes; c++) largest = Math.max(largest, rows[c] as number);
    let sum = 0;
    for (let c = start; c < start + classes; c++) sum += Math.exp((rows[c] as number) - largest);
    const shift = largest + Math.log(sum);
    for (let c = start; c < start + classes; c++) rows[c] = (rows[c] as number) - shift;
  }
  return rows;
}

/**
 * Of one row: KL(p ‖ q) in nats of two rows of natural log probabilities, where 0 · log 0 is 0; of values that are no classes half
 * the squared distance, the KL of two Gaussians of unit variance.
 */
export function divergence(
  p: ArrayLike<number>,
  q: ArrayLike<number>,
  start: number,
  classes: number,
  classed: boolean,
): number {
  let total = 0;
  for (let c = start; c < start + classes; c++) {
    const [before, after] = [p[c] as number, q[c] as number];
    total += classed ? Math.exp(before) * (before - after) : 0.5 * (before - after) ** 2;
  }
  return total;
}

/**
 * Of one row: `divergence` where the change of what gave p (logits, up to a constant, or the values themselves) is known instead of what it
 * became: KL(p ‖ softmax(z + Δ)) = log Σ p e^Δ − Σ p Δ, at least 0.
 */
export function divergenceOfChange(
  p: ArrayLike<number>,
  change: ArrayLike<number>,
  start: number,
  classes: number,
  classed: boolean,
): number {
  let [largest, expected, squares] = [-Infinity, 0, 0];
  for (let c = 0; c < classes; c++) {
    const [before, by] = [p[start + c] as number, change[c] as number];
    largest = Math.max(largest, before + by);
    expected += Math.exp(before) * by;
    squares += by * by;
  }
  if (!classed) return squares / 2;
  let sum = 0;
  for (let c = 0; c < classes; c++) sum += Math.exp((p[start + c] as number) + (change[c] as number) - largest);
  return Math.max(0, largest + Math.log(sum) - expected);
}
