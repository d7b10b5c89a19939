import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { files, product, root } from './sources.js';

const run = promisify(execFile);

/** One change of one file. `before` and `after` are text that stands in it exactly once; a new file has neither. */
export interface Change {
  readonly file: string;
  readonly before?: string;
  readonly after?: string;
  readonly insert: string;
}

/** What is compiled, what frames it, and what `npm run docs` makes documents of. */
const copied = (file: string): boolean => /\.(?:ts|mts|mjs)$|^[^/]*\.json$|^docs\/[^/]*$|^bench\/results\//.test(file);

/** A copy of the source tree in a temporary folder, to be changed, built and tried out. */
export class TreeCopy {
  readonly root = mkdtempSync(path.join(tmpdir(), 'percuss-additions-'));

  constructor() {
    for (const file of files.filter(copied)) {
      if (!existsSync(path.join(root, file))) continue;
      mkdirSync(path.dirname(this.#at(file)), { recursive: true });
      cpSync(path.join(root, file), this.#at(file));
    }
    symlinkSync(path.join(root, 'node_modules'), this.#at('node_modules'));
  }

  #at(file: string): string {
    return path.join(this.root, file);
  }

  read(file: string): string {
    return readFileSync(this.#at(file), 'utf8');
  }

  /** @throws Error where the text that a change goes by doesn't stand in its file exactly once. */
  apply({ file, before, after, insert }: Change): void {
    const anchor = before ?? after;
    if (anchor === undefined) {
      if (existsSync(this.#at(file))) throw new Error(`${file} is there already: say where the change goes`);
      mkdirSync(path.dirname(this.#at(file)), { recursive: true });
      writeFileSync(this.#at(file), insert);
      return;
    }
    const [ahead, behind, ...more] = this.read(file).split(anchor);
    if (ahead === undefined || behind === undefined || more.length > 0) {
      throw new Error(`${file} has not exactly one place that reads: ${anchor}`);
    }
    const both = before === undefined ? anchor + insert : insert + anchor;
    writeFileSync(this.#at(file), ahead + both + behind);
  }

  /** Compiles into dist/ what a configuration includes; what the compiler says, mistake by mistake. */
  async compile(configuration: 'tsconfig.json' | 'tsconfig.build.json'): Promise<readonly string[]> {
    const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
    const options = ['--noEmit', 'false', '--outDir', 'dist', '--rootDir', '.'];
    const { stdout } = await run(
      process.execPath,
      [tsc, '-p', configuration, '--pretty', 'false', '--sourceMap', 'false', ...options],
      { cwd: this.root, maxBuffer: 2 ** 26 },
    ).catch((error: unknown) => {
      if (error instanceof Error && 'stdout' in error && error.stdout !== '') return { stdout: String(error.stdout) };
      throw error;
    });
    return stdout.match(/^\S+\(\d+,\d+\): error .*(?:\n .*)*/gm) ?? [];
  }

  /** Runs a script of the compiled copy; what it prints. */
  async run(script: string, ...options: readonly string[]): Promise<string> {
    return (await run(process.execPath, [script, ...options], { cwd: this.root, maxBuffer: 2 ** 26 })).stdout;
  }

  /** A module of the compiled copy, by the path of its source: as `import` gives it, but for the words that are new. */
  async import<T>(file: string): Promise<T> {
    const url = pathToFileURL(this.#at(path.join('dist', file.replace(/\.ts$/, '.js'))));
    return (await import(/* @vite-ignore */ url.href)) as T;
  }

  remove(): void {
    rmSync(this.root, { recursive: true });
  }
}

/** Files of the product among those that changes touch, new ones too: docs that are generated are none. */
export const sourcesOf = (changes: readonly Change[]): readonly string[] =>
  [...new Set(changes.map(({ file }) => file))].filter(
    (file) => product.includes(file) || /^(?:core|activities|workflows|infra|workers|cli)\//.test(file),
  );
