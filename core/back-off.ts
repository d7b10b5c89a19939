const firstMs = 2_000;
const longestMs = 60_000;

/** Milliseconds to wait after so many attempts in a row that only the infrastructure kept from succeeding: 2 s, doubled, up to a minute. */
export function backOffMs(attempts: number): number {
  return Math.min(longestMs, firstMs * 2 ** Math.max(0, attempts - 1));
}
