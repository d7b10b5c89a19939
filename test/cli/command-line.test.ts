import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { nextCommand, sameCommand } from '../../cli/command-line.js';
import { clock } from '../../cli/terminal.js';

describe('a command that is to be typed', () => {
  test('is the one that was typed, with all its options', () => {
    expect(sameCommand(['run', 'study.yaml', '--in-process', '--store', 's3://bucket/a?region=x', '--workers=2'])).toBe(
      "percuss run study.yaml --in-process --store 's3://bucket/a?region=x' --workers=2",
    );
  });
  test('about the same things keeps store and profile, if they were typed', () => {
    expect(nextCommand(['watch', 'mine'], {})).toBe('percuss watch mine');
    expect(nextCommand(['watch', 'mine'], { store: 'file:a b', temporal: 'cluster' })).toBe(
      "percuss watch mine --store 'file:a b' --temporal cluster",
    );
  });
  test('reaches a shell’s command word for word', () => {
    const words = fc.array(
      fc.string().filter((word) => !word.includes('\0')),
      { minLength: 1, maxLength: 5 },
    );
    fc.assert(
      fc.property(words, (typed) => {
        const line = sameCommand(typed).replace(/^percuss/, String.raw`printf '%s\0'`);
        expect(execFileSync('sh', ['-c', line], { encoding: 'utf8' })).toBe(typed.map((word) => `${word}\0`).join(''));
      }),
      { numRuns: 40 },
    );
  });
});

test.each([
  [Number.NaN, '?'],
  ['NULL', '?'],
  ['INF', '?'],
  [0, '0 s'],
  [59, '59 s'],
  [61, '1 min 1 s'],
  [3600, '1 h 0 min'],
  [7384, '2 h 3 min'],
])('%s seconds left are shown as %s', (seconds, shown) => {
  // What the bars' library gives while it knows no rate is a word, whatever its type says.
  expect(clock(seconds as number)).toBe(shown);
});
