import type { ErrorCode, Issue } from '../errors.js';

/** A stretch of one line of a spec, from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
  readonly length: number;
}

/** A mistake in a spec, with the line that it stands in. */
export interface SpecIssue extends Issue {
  /** Characters of the line that it is about, at least 1. */
  readonly length: number;
  /** The source line; of a long one, what stands around the place. */
  readonly snippet: string;
  /** Characters of the line before the snippet. */
  readonly cut: number;
}

/** A value's place, and the place of the alias or merge key through which it was read, if any. */
export interface Origin {
  readonly place: Place;
  readonly via?: Place;
}

/** The text of a spec, and where each of its values stands in it. */
export class Positions {
  readonly #lines: readonly string[];
  readonly #origins = new Map<string, Origin>();

  constructor(
    readonly file: string,
    text: string,
  ) {
    this.#lines = text.split(/\r\n|\n|\r/);
  }

  record(path: string, origin: Origin): void {
    this.#origins.set(path, origin);
  }

  /** Whether the author gave this value, rather than leaving it to its default. */
  given(path: string): boolean {
    return this.#origins.has(path);
  }

  /** Where a value stands; for one that was left to its default, where that which holds it stands. */
  at(path: string): Origin {
    for (
      let known = path;
      known !== '';
      known = known.slice(0, Math.max(0, known.lastIndexOf('.'), known.lastIndexOf('[')))
    ) {
      const origin = this.#origins.get(known);
      if (origin) return origin;
    }
    return { place: { line: 1, column: 1, length: 1 } };
  }

  /** A mistake about a value of the spec. */
  issue(
    path: string,
    message: string,
    hint?: string,
    origin: Origin = this.at(path),
    code: ErrorCode = 'SPEC_INVALID',
  ): SpecIssue {
    const { place, via } = origin;
    const used = via && via.line !== place.line ? `used through the alias at line ${via.line}` : undefined;
    const hints = [hint, used].filter((part) => part !== undefined).join('; ');
    return {
      code,
      file: this.file,
      ...place,
      path,
      message,
      ...excerpt(this.#lines[place.line - 1] ?? '', place.column),
      ...(hints === '' ? {} : { hint: hints }),
    };
  }
}

/** Characters of a line that are shown, and how many of them before the place. */
const SHOWN = 160;
const BEFORE = 60;

function excerpt(line: string, column: number): Pick<SpecIssue, 'snippet' | 'cut'> {
  if (line.length <= SHOWN) return { snippet: line, cut: 0 };
  const cut = Math.max(0, Math.min(column - 1 - BEFORE, line.length - SHOWN));
  return { snippet: line.slice(cut, cut + SHOWN), cut };
}

/** In the order of the file; a mistake that is read more than once, through aliases, stands once. */
export function sortIssues(issues: readonly SpecIssue[]): SpecIssue[] {
  const once = new Map<string, SpecIssue>();
  for (const issue of issues) {
    const identity = JSON.stringify([issue.line, issue.column, issue.message]);
    if (!once.has(identity)) once.set(identity, issue);
  }
  return [...once.values()].sort((a, b) => a.line - b.line || a.column - b.column);
}

/** Mistakes that are written out for people. */
const PRINTED = 20;

/** Mistakes for people: place and message, the source line with a caret below it, the hint. Of many, the first. */
export function formatIssues(issues: readonly SpecIssue[]): string {
  const shown = issues.slice(0, PRINTED).map(formatIssue);
  const more = issues.length - shown.length;
  return [
    ...shown,
    ...(more > 0 ? [`and ${more.toLocaleString('en-US')} more; percuss validate --json lists them`] : []),
  ].join('\n\n');
}

function formatIssue({ file, line, column, length, path, message, snippet, cut, hint }: SpecIssue): string {
  const margin = String(line).length;
  const start = column - 1 - cut;
  const [lead, tail] = [cut > 0 ? '…' : '', snippet.length === SHOWN ? '…' : ''];
  const before = `${lead && ' '}${snippet.slice(0, start).replace(/[^\t]/g, ' ')}`;
  const carets = '^'.repeat(Math.max(1, Math.min(length, snippet.length - start)));
  return [
    `${file}:${line}:${column}: ${path === '' ? '' : `${path}: `}${message}`,
    `  ${line} | ${lead}${snippet}${tail}`,
    `  ${' '.repeat(margin)} | ${before}${carets}`,
    ...(hint === undefined ? [] : [`  ${' '.repeat(margin)} = ${hint}`]),
  ].join('\n');
}
