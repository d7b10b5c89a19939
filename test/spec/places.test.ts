import { describe, expect, test } from 'vitest';
import { formatIssues, Positions, sortIssues, type SpecIssue } from '../../core/spec/issue.js';
import { parse, study } from './study-file.js';

const place = (line: number, column = 1, length = 1) => ({ line, column, length });

describe('the place of a value', () => {
  const positions = new Positions('study.yaml', 'a:\n  b: [1, 2]\nc: 3');
  positions.record('a', { place: place(1) });
  positions.record('a.b', { place: place(2, 3) });
  positions.record('a.b[1]', { place: place(2, 10) });

  test.each<[string, number, number]>([
    ['a.b[1]', 2, 10],
    ['a.b[0]', 2, 3],
    ['a.b[1].c', 2, 10],
    ['a.b.c[2].d', 2, 3],
    ['a.x', 1, 1],
    ['a', 1, 1],
  ])('that is left to its default is that of what holds it: %s', (path, line, column) => {
    expect(positions.at(path).place).toEqual(place(line, column));
    expect(positions.issue(path, 'wrong')).toMatchObject({ path, line, column });
  });

  test.each(['', 'x', 'x.y[0]', 'b'])('of which nothing is known is the beginning: %j', (path) => {
    expect(positions.at(path).place).toEqual(place(1));
  });

  test('is known to be given, or not', () => {
    expect(positions.given('a.b[1]')).toBe(true);
    expect(positions.given('a.b[0]')).toBe(false);
  });

  test('of a default that all networks share is where the default stands', () => {
    const { positions: read } = parse(
      study('defaults: { input: { mean: [0, 1, 2] } }').replace(', data: test }', ', data: test, after: conv }'),
    );
    expect(read.at('models.net.input.mean[2]').place).toMatchObject({ line: 7, column: 35 });
    expect(read.at('models.net.after').place).toMatchObject({ line: 6, column: 45, length: 4 });
  });
});

describe('a mistake', () => {
  const issue = (
    text: string,
    origin: { place: ReturnType<typeof place>; via?: ReturnType<typeof place> },
  ): SpecIssue => new Positions('study.yaml', text).issue('a', 'wrong', undefined, origin);

  test('comes with its file, path, code and line', () => {
    expect(issue('a: 1\nb: 2', { place: place(2, 4) })).toEqual({
      code: 'SPEC_INVALID',
      file: 'study.yaml',
      line: 2,
      column: 4,
      length: 1,
      path: 'a',
      message: 'wrong',
      snippet: 'b: 2',
      cut: 0,
    });
    expect(new Positions('s', 'a').issue('a', 'wrong', 'mend it', { place: place(1) }, 'LIMIT_EXCEEDED')).toMatchObject(
      {
        code: 'LIMIT_EXCEEDED',
        hint: 'mend it',
      },
    );
    expect(issue('a: 1', { place: place(7) }).snippet).toBe('');
  });

  test.each(['\n', '\r\n', '\r'])('has lines that end in %j', (end) => {
    expect(issue(['a', '', 'b'].join(end), { place: place(3) }).snippet).toBe('b');
  });

  test('that was read through an alias in another line says where', () => {
    expect(issue('a\nb', { place: place(1), via: place(2) }).hint).toBe('used through the alias at line 2');
    expect(issue('a\nb', { place: place(1), via: place(1, 9) })).not.toHaveProperty('hint');
    const hinted = new Positions('s', 'a\nb').issue('a', 'wrong', 'mend it', { place: place(1), via: place(2) });
    expect(hinted.hint).toBe('mend it; used through the alias at line 2');
  });

  /** A line in which the column of every character can be read. */
  const ruler = (length: number): string =>
    Array.from({ length }, (_, i) => ((i + 1) % 10 === 0 ? '|' : String((i + 1) % 10))).join('');

  test.each<[number, number, number]>([
    [160, 160, 0],
    [161, 1, 0],
    [161, 61, 0],
    [161, 62, 1],
    [161, 161, 1],
    [1000, 61, 0],
    [1000, 62, 1],
    [1000, 500, 439],
    [1000, 901, 840],
    [1000, 902, 840],
  ])('in a line of %i characters at column %i is shown without the first %i', (length, column, cut) => {
    const line = ruler(length);
    expect(issue(line, { place: place(1, column) })).toMatchObject({ snippet: line.slice(cut, cut + 160), cut });
  });
});

describe('mistakes', () => {
  const at = (line: number, column: number, message = 'wrong', hint?: string): SpecIssue => ({
    ...new Positions('study.yaml', `${'\n'.repeat(line - 1)}\tabc: def`).issue('a.b', message, hint, {
      place: place(line, column, 3),
    }),
  });

  test('stand in the order of the file', () => {
    const [a, b, c] = [at(1, 9), at(2, 1), at(2, 3)];
    for (const shuffled of [
      [a, b, c],
      [c, b, a],
      [b, c, a],
    ])
      expect(sortIssues(shuffled)).toEqual([a, b, c]);
  });

  test('stand once, with their first hint', () => {
    const first = at(1, 2, 'wrong', 'mend it');
    expect(sortIssues([first, at(1, 2), at(1, 2, 'twice'), at(1, 3), at(2, 2)])).toEqual([
      first,
      at(1, 2, 'twice'),
      at(1, 3),
      at(2, 2),
    ]);
  });

  test('are written with line, caret and hint, tabs as tabs', () => {
    expect(formatIssues([at(12, 2, 'wrong', 'mend it'), { ...at(1, 7), path: '' }])).toBe(
      [
        'study.yaml:12:2: a.b: wrong',
        '  12 | \tabc: def',
        '     | \t^^^',
        '     = mend it',
        '',
        'study.yaml:1:7: wrong',
        '  1 | \tabc: def',
        '    | \t     ^^^',
      ].join('\n'),
    );
  });

  test('point to something, and to nothing beyond their line', () => {
    const carets = (column: number, length: number): string =>
      formatIssues([{ ...at(1, column), length }]).split('\n')[2] as string;
    expect(carets(7, Infinity)).toBe('    | \t     ^^^');
    expect(carets(7, 3)).toBe('    | \t     ^^^');
    expect(carets(7, 2)).toBe('    | \t     ^^');
    expect(carets(10, 3)).toBe(`    | \t${' '.repeat(8)}^`);
    expect(carets(7, 0)).toBe('    | \t     ^');
  });

  test('in long lines are written with what was left out', () => {
    const long = new Positions('s', 'x'.repeat(500));
    const written = (column: number): string[] =>
      formatIssues([long.issue('', 'wrong', undefined, { place: place(1, column, 2) })]).split('\n');
    expect(written(1)).toEqual(['s:1:1: wrong', `  1 | ${'x'.repeat(160)}…`, '    | ^^']);
    expect(written(200)).toEqual(['s:1:200: wrong', `  1 | …${'x'.repeat(160)}…`, `    |  ${' '.repeat(60)}^^`]);
  });

  test('of many the first twenty are written, and how many there are besides', () => {
    const many = (count: number): string => formatIssues(Array.from({ length: count }, (_, i) => at(i + 1, 2)));
    expect(many(20).split('\n\n')).toHaveLength(20);
    expect(many(20)).not.toMatch(/more/);
    expect(many(21).split('\n\n').slice(19)).toEqual([
      expect.stringMatching(/^study\.yaml:20:2/),
      'and 1 more; percuss validate --json lists them',
    ]);
    expect(many(2021)).toMatch(/\n\nand 2,001 more; percuss validate --json lists them$/);
  });
});
