import type { SpecIssue } from '../../core/spec/issue.js';
import { parseStudySpec, type ParsedSpec } from '../../core/spec/parse.js';

/** Reads a spec as if it lay at /studies/study.yaml, where only files with "absent" in their names do not exist. */
export function parse(text: string): ParsedSpec {
  return parseStudySpec(text, '/studies/study.yaml', (path) => !path.includes('absent'));
}

/** The least spec that is right, with further lines. */
export function study(more = '', { data = 'images: 500', model = '' } = {}): string {
  return `version: 1
study: small
data:
  test: { format: cifar10, files: [test.bin], ${data} }
models:
  net: { file: net.onnx, data: test${model} }
${more}`;
}

/** `line:column message` of every mistake. */
export function mistakes(text: string): string[] {
  return parse(text).issues.map(({ line, column, message }) => `${line}:${column} ${message}`);
}

/** A mistake as people see it: the text that it points to, what is said of it and, in brackets, what to do. */
export function shown({ snippet, cut, column, length, message, hint }: SpecIssue): string {
  const start = column - 1 - cut;
  return `«${snippet.slice(start, start + length)}» ${message}${hint === undefined ? '' : ` (${hint})`}`;
}

/** Every mistake of a spec, as people see it. */
export function told(text: string): string[] {
  return parse(text).issues.map(shown);
}
