import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { PercussError, messageOf } from '../errors.js';
import { formatIssues, type Positions, type SpecIssue } from './issue.js';
import { parseStudySpec } from './parse.js';
import type { StudySpec } from './study-spec.js';

/** A spec that could be read, with its text and the place of every value. */
export interface LoadedSpec {
  readonly spec: StudySpec;
  readonly positions: Positions;
  readonly text: string;
}

/**
 * Reads a study from a YAML file.
 * @throws PercussError FILE_MISSING, or SPEC_INVALID with every mistake, its place and a hint.
 */
export async function loadStudySpec(path: string): Promise<LoadedSpec> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new PercussError('FILE_MISSING', `the spec ${path} cannot be read (${messageOf(error)})`, {
      details: { file: path },
      cause: error,
    });
  });
  const { spec, positions, issues } = parseStudySpec(text, path, (file) => existsSync(resolve(file)));
  if (!spec) throw specInvalid(path, issues);
  return { spec, positions, text };
}

/** All mistakes of a spec as one error, of their code where they have one in common. */
export function specInvalid(path: string, issues: readonly SpecIssue[]): PercussError {
  const counted = issues.length === 1 ? '1 mistake' : `${issues.length} mistakes`;
  const [code = 'SPEC_INVALID', ...others] = new Set(issues.map((issue) => issue.code));
  return new PercussError(
    others.length > 0 ? 'SPEC_INVALID' : code,
    `${path} has ${counted}:\n\n${formatIssues(issues)}`,
    {
      details: { file: path, issues: issues.length, line: issues[0]?.line ?? 1, column: issues[0]?.column ?? 1 },
      issues: issues.map(({ length: _length, snippet: _snippet, ...issue }) => issue),
    },
  );
}
