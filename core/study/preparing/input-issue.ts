import type { PercussError } from '../../errors.js';
import { architectureOf } from '../../training-name.js';
import type { Positions, SpecIssue } from '../../spec/issue.js';
import { modelFilePath, modelPath } from '../../spec/model-path.js';
import type { StudySpec } from '../../spec/study-spec.js';

/** A network or an image set that could not be read, as a mistake where the spec names it. */
export function inputIssue(
  spec: StudySpec,
  positions: Positions,
  section: 'models' | 'data',
  name: string,
  error: PercussError,
): SpecIssue {
  const path = section === 'models' ? modelFilePath(name) : `data.${name}.${dataKey(spec, name, error)}`;
  return positions.issue(path, error.message, undefined, positions.at(path), error.code);
}

/** Which key of an image set an error is about. */
function dataKey(spec: StudySpec, name: string, { details }: PercussError): string {
  if ('asked' in details) return 'images';
  const set = spec.data.find((data) => data.name === name);
  for (const key of ['files', 'labels'] as const) {
    const i = set?.[key].findIndex((file) => file === details['file']) ?? -1;
    if (i >= 0) return `${key}[${i}]`;
  }
  return 'files';
}

/** The first steps of a path: `ablations.a.fractions[2]` → `ablations.a.fractions`. */
const steps = (path: string, count: number): string => path.split(/[.[]/).slice(0, count).join('.');

/** The entry that a path leads through: names may hold dots, so it is the longest that is one. */
function entryOf(path: string, names: ReadonlySet<string>): string | undefined {
  let known: string | undefined;
  for (let end = 0; end < path.length;) {
    const next = path.indexOf('.', end + 1);
    end = next < 0 ? path.length : next;
    if (names.has(path.slice(0, end))) known = path.slice(0, end);
  }
  return known;
}

const namesOf = (spec: StudySpec): ReadonlySet<string> =>
  new Set(
    (['data', 'models', 'ablations', 'impulses'] as const).flatMap((section) =>
      spec[section].map(({ name }) => (section === 'models' ? modelPath(name) : `${section}.${name}`)),
    ),
  );

/**
 * What of a spec with mistakes can still be held against networks and images: networks whose file is named rightly, image sets
 * without a mistake, ablations and impulses of which what they select, and of whom, can be read.
 */
export function soundParts(draft: StudySpec, mistakes: readonly SpecIssue[]): StudySpec {
  const names = namesOf(draft);
  const wrong = new Map<string, Set<string>>();
  for (const { path } of mistakes) {
    const entry = entryOf(path, names);
    if (entry === undefined) continue;
    const keys = wrong.get(entry) ?? new Set<string>();
    keys.add(steps(path.slice(entry.length + 1), 1));
    wrong.set(entry, keys);
  }
  const has = (section: string, name: string, ...keys: readonly string[]): boolean => {
    const found = wrong.get(`${section}.${name}`);
    return found !== undefined && (keys.length === 0 || keys.some((key) => found.has(key)));
  };
  return {
    ...draft,
    data: draft.data.filter(({ name }) => !has('data', name)),
    models: draft.models.filter(({ name, file }) => file !== '' && !has('models', architectureOf(name), 'file')),
    ablations: draft.ablations.filter(({ name }) => !has('ablations', name, 'unit', 'mode', 'models', '')),
    impulses: draft.impulses.filter(({ name }) => !has('impulses', name, 'at', 'models', '')),
  };
}

/** Mistakes without those about a value that is itself said to be wrong, and stands at its default. */
export function withoutConsequences(issues: readonly SpecIssue[], said: readonly SpecIssue[]): readonly SpecIssue[] {
  const values = new Set<string>();
  // Of several trainings each is a value of its own.
  const valueOf = (path: string): string => (/^models[.].*[.]trainings\[\d+\]$/.test(path) ? path : steps(path, 3));
  for (const { path } of said) values.add(path.startsWith('defaults.') ? steps(path, 2).slice(9) : valueOf(path));
  const inherited = (path: string): string | undefined =>
    path.startsWith('models.') ? steps(path, 3).split('.').at(-1) : undefined;
  const within = (path: string): boolean => said.some((one) => one.path.startsWith(`${path}.`));
  return issues.filter(
    ({ path }) =>
      !(path.startsWith('analysis.') && within(path)) &&
      !values.has(valueOf(path)) &&
      !values.has(inherited(path) ?? ' '),
  );
}
