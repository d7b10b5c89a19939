/**
 * λ = ‖odd‖² / (‖odd‖² + ‖even‖²), 1 for a linear network, over several impulses or channels at once: energies are summed
 * before they are divided, so strong responses count for more. Null where all are 0, or one is not finite.
 */
export function pooledLinearity(
  responses: readonly { readonly oddNorm: number; readonly evenNorm: number }[],
): number | null {
  let [odd, all] = [0, 0];
  for (const { oddNorm, evenNorm } of responses) {
    odd += oddNorm * oddNorm;
    all += oddNorm * oddNorm + evenNorm * evenNorm;
  }
  return all > 0 && all < Infinity ? odd / all : null;
}
