import type { Change } from './tree-copy.js';

/** The changes of a unified diff that only adds lines: files that are new, and what is put in behind lines that are there. */
export function changesOf(diff: string): readonly Change[] {
  return diff
    .split(/^diff --git .*\n/m)
    .filter((part) => part !== '')
    .flatMap((part): readonly Change[] => {
      const file = /^\+\+\+ b\/(.*)$/m.exec(part)?.[1] ?? '';
      const hunks = part.split(/^@@.*@@.*\n/m).slice(1);
      if (/^new file/m.test(part)) return [{ file, insert: hunks.flatMap((hunk) => added(hunk)).join('') }];
      return hunks.map((hunk) => {
        const lines = hunk.split('\n');
        const first = lines.findIndex((line) => line.startsWith('+'));
        const context = lines.slice(0, first).map((line) => `${line.slice(1)}\n`);
        return { file, after: context.join(''), insert: added(hunk).join('') };
      });
    });
}

const added = (hunk: string): readonly string[] =>
  hunk
    .split('\n')
    .filter((line) => line.startsWith('+'))
    .map((line) => `${line.slice(1)}\n`);
