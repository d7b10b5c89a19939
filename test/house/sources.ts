import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Files of the repository, tracked or new, by their paths from its root; ignored ones are left out. */
export const files: readonly string[] = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\0')
  .filter((file) => file !== '')
  .sort();

export const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

const productRooms = /^(?:core|activities|workflows|infra|workers|cli)\//;

/** What users get: sources of the rooms, and the library's entry. */
export const product: readonly string[] = files.filter(
  (file) => (productRooms.test(file) || file === 'index.ts') && /\.(?:ts|mjs)$/.test(file),
);

/** Code without its comments, line for line. Good enough for what a formatter laid out; no string holds a comment's mark. */
export const withoutComments = (source: string): string =>
  source.replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, '')).replace(/(^|\s)\/\/ .*$/gm, '$1');
