/**
 * The longest common beginning of several module paths that ends where a part ends: `layer1.0` of `layer1.0.conv1` and
 * `layer1.0.conv2`; '' if there is none. A single path has its parent.
 */
export function modulePrefix(paths: readonly string[], separator: RegExp): string {
  const [first, ...others] = paths;
  if (first === undefined) return '';
  let best = '';
  for (let end = 1; end < first.length; end++) {
    if (!separator.test(first[end] as string)) continue;
    const prefix = first.slice(0, end);
    const holds = (path: string): boolean => path.startsWith(prefix) && separator.test(path[end] ?? '');
    if (others.every(holds)) best = prefix;
  }
  return best;
}
