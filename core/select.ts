/** A step of a glob: one character, any one, or the ways on from here. */
type Step =
  | { readonly kind: 'one'; readonly character: string | undefined; readonly next: number }
  | { readonly kind: 'ways'; readonly next: readonly number[] };

/**
 * Turns a glob over dotted or slashed names into a predicate: `*` stands for any run of characters, `?` for one,
 * `{a,b}` for alternatives. `layer1.*.conv2` matches `layer1.0.conv2`. Takes time in proportion to pattern × name.
 */
export function globMatcher(pattern: string): (name: string) => boolean {
  if (!/[*?{]/.test(pattern)) return (name) => name === pattern;
  const steps: Step[] = [];
  const end = -1;
  /** Steps of a text that lead to `next`; where they begin. Built from behind. */
  const sequence = (text: string, next: number): number => {
    let to = next;
    for (let i = text.length - 1; i >= 0; i--) {
      const character = text[i] as string;
      const open = character === '}' ? text.lastIndexOf('{', i) : -1;
      if (open >= 0 && !text.slice(open + 1, i).includes('}')) {
        const after = to;
        const ways = text.slice(open + 1, i).split(',');
        to = steps.push({ kind: 'ways', next: ways.map((way) => sequence(way, after)) }) - 1;
        i = open;
      } else if (character === '*') {
        const self = steps.length;
        const onward = to;
        steps.push({ kind: 'ways', next: [onward, self + 1] }, { kind: 'one', character: undefined, next: self });
        to = self;
      } else {
        to = steps.push({ kind: 'one', character: character === '?' ? undefined : character, next: to }) - 1;
      }
    }
    return to;
  };
  const start = sequence(pattern.replace(/\*+/g, '*'), end);
  const spread = (states: ReadonlySet<number>): Set<number> => {
    const reached = new Set<number>(states);
    for (const state of reached) {
      const step = steps[state];
      if (step?.kind === 'ways') for (const next of step.next) reached.add(next);
    }
    return reached;
  };
  return (name) => {
    let states = spread(new Set([start]));
    for (let i = 0; i < name.length; i++) {
      const character = name[i];
      const after = new Set<number>();
      for (const state of states) {
        const step = steps[state];
        if (step?.kind === 'one' && (step.character ?? character) === character) after.add(step.next);
      }
      if (after.size === 0) return false;
      states = spread(after);
    }
    return states.has(end);
  };
}

/** Levenshtein distance. */
export function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(substitution, (previous[j] as number) + 1, (current[j - 1] as number) + 1));
    }
    previous = current;
  }
  return previous[b.length] as number;
}

/** Longer texts are no slips of names. */
const LONGEST = 120;

/** Characters that make a beginning. */
const BEGINNING = 4;

/** The name nearest to what was typed, or undefined where nothing is near enough to be meant. */
export function nearestName(typed: string, names: Iterable<string>): string | undefined {
  if (typed.length > LONGEST) return undefined;
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(typed.length / 2)) + 1;
  const lower = typed.toLowerCase();
  for (const name of names) {
    // The beginning of a name is nearer than any slip of another: `onnx` is onnxruntime.
    if (lower.length >= BEGINNING && name.toLowerCase().startsWith(lower) && name.length > typed.length) {
      if (bestDistance > 1) [best, bestDistance] = [name, 1];
      continue;
    }
    if (Math.abs(name.length - typed.length) >= bestDistance) continue;
    const distance = editDistance(lower, name.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [name, distance];
  }
  return best;
}
