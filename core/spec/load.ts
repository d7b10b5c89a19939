import { existsSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { stringify } from 'yaml';
import { PercussError } from '../errors.js';
import { readRegular } from '../inside.js';
import { limits } from '../limits.js';
import { formatIssues, type Positions, type SpecIssue } from './issue.js';
import { parseStudySpec, type ParsedSpec } from './parse.js';
import type { StudySpec } from './study-spec.js';

/** A spec that could be read, with its text and the place of every value. */
export interface LoadedSpec {
  readonly spec: StudySpec;
  readonly positions: Positions;
  readonly text: string;
}

/** A spec as far as it could be read: with mistakes, or without. */
export interface ReadSpec extends ParsedSpec {
  readonly text: string;
}

/** Where a spec comes from: a YAML file, or what would stand in one, with paths relative to the working directory. */
export type SpecSource = string | Readonly<Record<string, unknown>>;

/** What messages call a spec that is no file. */
const WRITTEN = 'spec.yaml';

/** What messages call a spec: its file. */
export function nameOfSpec(source: SpecSource): string {
  return typeof source === 'string' ? source : WRITTEN;
}

/**
 * Reads a study; its mistakes come back. A spec made in code is read as the YAML that says the same, so that it means the
 * same and has the same identity.
 * @throws PercussError FILE_MISSING, LIMIT_EXCEEDED where it is too large, SPEC_INVALID where it is no text.
 */
export async function readStudySpec(source: SpecSource): Promise<ReadSpec> {
  const path = nameOfSpec(source);
  const text =
    typeof source === 'string'
      ? decodeText(path, await readRegular(path, { what: 'the spec', atMost: limits.specFile.value }))
      : stringify(source, { aliasDuplicateObjects: false });
  return { ...parseStudySpec(text, path, (file) => existsSync(resolve(file)), namesIn), text };
}

/**
 * Reads a study, with all defaults filled in, and without looking at the networks and images that it names.
 *
 * @throws PercussError FILE_MISSING, or SPEC_INVALID with every mistake, its place and a hint.
 * @example
 * import { loadStudySpec } from 'percuss';
 *
 * const { spec } = await loadStudySpec('experiments/demo.yaml');
 * console.log(spec.models.map((model) => model.name));
 */
export async function loadStudySpec(source: SpecSource): Promise<LoadedSpec> {
  const { spec, positions, issues, text } = await readStudySpec(source);
  if (!spec) throw specInvalid(nameOfSpec(source), issues);
  return { spec, positions, text };
}

/** Names that are looked through for the one that may be meant. */
const NAMES = 5000;

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).slice(0, NAMES);
  } catch {
    return [];
  }
}

/** @throws PercussError SPEC_INVALID where the bytes are no UTF-8 text. */
function decodeText(path: string, bytes: Uint8Array): string {
  const refuse = (reason: string, line = 1, column = 1): PercussError =>
    new PercussError('SPEC_INVALID', `${path}:${line}:${column}: ${reason}; save it as UTF-8`, {
      details: { file: path, line, column },
    });
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) throw refuse('the spec is UTF-16');
  if (first === 0 || second === 0) throw refuse('the spec is UTF-16 or UTF-32, or no text');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    const lines = new TextDecoder().decode(bytes).split('\n');
    const line = lines.findIndex((text) => text.includes('\ufffd'));
    throw refuse('the spec is not UTF-8 from here on', line + 1, (lines[line] ?? '').indexOf('\ufffd') + 1);
  }
}

/** All mistakes of a spec as one error, of their code where they have one in common. */
export function specInvalid(path: string, issues: readonly SpecIssue[]): PercussError {
  const counted = issues.length === 1 ? '1 mistake' : `${issues.length.toLocaleString('en-US')} mistakes`;
  const [code = 'SPEC_INVALID', ...others] = new Set(issues.map((issue) => issue.code));
  return new PercussError(
    others.length > 0 ? 'SPEC_INVALID' : code,
    `${path} has ${counted}:\n\n${formatIssues(issues)}`,
    {
      details: { file: path, issues: issues.length, line: issues[0]?.line ?? 1, column: issues[0]?.column ?? 1 },
      issues: issues.map(({ length: _length, snippet: _snippet, cut: _cut, ...issue }) => issue),
    },
  );
}
