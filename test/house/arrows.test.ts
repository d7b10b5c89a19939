import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The order of docs/architecture.md: a room may import only from those before it. */
const coreRooms = [
  'network',
  'import',
  'anatomy',
  'pruning',
  'data',
  'spec',
  'plan',
  'engine',
  'probe',
  'store',
  'ledger',
  'analysis',
  'tables',
  'report',
  'study',
].map((room) => `core/${room}`);
const rooms = [...coreRooms, 'activities', 'workflows', 'infra', 'workers', 'cli'];
const ports = [
  'core/data/image-source',
  'core/engine/engine',
  'core/probe/lesion',
  'core/store/object-store',
  'core/study/running/compute',
];

interface Planted {
  readonly file: string;
  readonly source: string;
  /** The rule that must speak up, or undefined: no rule may. */
  readonly rule: string | undefined;
}

const arrow = 'eslint(no-restricted-imports)';
const planted: Planted[] = [];

function plantImport(from: string, to: string, kind: 'value' | 'type', allowed: boolean): string {
  const file = `${from}/planted-${planted.length}.ts`;
  const way = relative(dirname(file), `${to}.js`);
  const specifier = way.startsWith('.') ? way : `./${way}`;
  const source =
    kind === 'value'
      ? `import { thing } from '${specifier}';\nexport const used = thing;\n`
      : `import type { Thing } from '${specifier}';\nexport type Used = Thing;\n`;
  planted.push({ file, source, rule: allowed ? undefined : arrow });
  return file;
}

function plant(file: string, source: string, rule: string | undefined): string {
  planted.push({ file, source, rule });
  return file;
}

for (const [i, from] of rooms.entries())
  for (const [j, to] of rooms.entries()) {
    if (i === j) continue;
    const inWorkflow = from === 'workflows';
    plantImport(from, `${to}/thing`, 'value', j < i && !inWorkflow);
    plantImport(from, `${to}/thing`, 'type', j < i);
  }
for (const from of coreRooms) {
  plantImport(`${from}/deeper`, 'workers/thing', 'type', false);
  plantImport(from, 'core/errors', 'value', true);
  plant(`${from}/temporal.ts`, `import { Client } from '@temporalio/client';\nexport const used = Client;\n`, arrow);
  for (const port of ports.filter((name) => coreRooms.indexOf(dirname(name)) > coreRooms.indexOf(from))) {
    plantImport(from, port, 'type', true);
    plantImport(from, port, 'value', false);
  }
}
for (const room of rooms) {
  plantImport('core', `${room}/thing`, 'value', false);
  plantImport('core', `${room}/thing`, 'type', false);
  plantImport(room, 'test/thing', 'value', false);
  plantImport(room, 'experiments/thing', 'value', false);
}
for (const [leaf, allowed] of Object.entries({
  errors: true,
  progress: true,
  'self-scheduling': true,
  'sweep-policy': true,
  digest: false,
  safetensors: false,
}))
  plantImport('workflows', `core/${leaf}`, 'value', allowed);
for (const name of ['node:fs', '@temporalio/client', '@temporalio/worker', 'zod'])
  plant(
    `workflows/planted-${planted.length}.ts`,
    `import * as thing from '${name}';\nexport const used = thing;\n`,
    arrow,
  );

const environment = 'export const home = process.env.HOME;\n';
for (const room of rooms) plant(`${room}/environment.ts`, environment, 'node(no-process-env)');
plant('infra/settings.ts', environment, undefined);
plant(
  'core/network/cycle-a.ts',
  `import { b } from './cycle-b.js';\nexport const a = (): number => b();\n`,
  'import(no-cycle)',
);
plant(
  'core/network/cycle-b.ts',
  `import { a } from './cycle-a.js';\nexport const b = (): number => a();\n`,
  'import(no-cycle)',
);
plant(
  'core/network/type-cycle-a.ts',
  `import type { B } from './type-cycle-b.js';\nexport interface A {\n  readonly b: B;\n}\n`,
  'import(no-cycle)',
);
plant(
  'core/network/type-cycle-b.ts',
  `import type { A } from './type-cycle-a.js';\nexport interface B {\n  readonly a: A | undefined;\n}\n`,
  'import(no-cycle)',
);
plant('core/network/default.ts', 'export default 1;\n', 'import(no-default-export)');
plant('core/network/any.ts', 'export const f = (x: any): void => void x;\n', 'typescript(no-explicit-any)');
plant('core/network/ignored.ts', '// @ts-ignore\nexport const x: number = 1;\n', 'typescript(ban-ts-comment)');
plant(
  'core/network/caught.ts',
  'export function f(g: () => void): void {\n  try {\n    g();\n  } catch {}\n}\n',
  'eslint(no-empty)',
);
plant(
  'core/network/floating.ts',
  'export const f = (): void => {\n  Promise.resolve(1);\n};\n',
  'typescript(no-floating-promises)',
);
plant(
  'core/network/awaited.ts',
  'export const f = async (x: number): Promise<number> => await x;\n',
  'typescript(await-thenable)',
);
plant(
  'core/network/hidden.ts',
  "export function f(word: 'a' | 'b'): number {\n  switch (word) {\n    case 'a':\n      return 1;\n    default:\n      return 2;\n  }\n}\n",
  'typescript(switch-exhaustiveness-check)',
);
plant(
  'core/network/misused.ts',
  'export const f = (g: () => Promise<boolean>): number => (g() ? 1 : 2);\n',
  'typescript(no-misused-promises)',
);

let found: Map<string, Set<string>>;
const scratch = mkdtempSync(join(tmpdir(), 'percuss-arrows-'));

beforeAll(() => {
  for (const { file, source } of planted) {
    mkdirSync(dirname(join(scratch, file)), { recursive: true });
    writeFileSync(join(scratch, file), source);
  }
  copyFileSync(join(root, '.oxlintrc.json'), join(scratch, '.oxlintrc.json'));
  copyFileSync(join(root, 'tsconfig.json'), join(scratch, 'tsconfig.json'));
  writeFileSync(join(scratch, 'package.json'), '{ "type": "module" }\n');
  symlinkSync(join(root, 'node_modules'), join(scratch, 'node_modules'));
  const oxlint = join(root, 'node_modules/oxlint/bin/oxlint');
  const { stdout, stderr } = spawnSync(process.execPath, [oxlint, '--format=json'], {
    cwd: scratch,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (!stdout.startsWith('{')) throw new Error(`oxlint said: ${stdout}${stderr}`);
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { filename: string; code: string }[] };
  found = new Map(planted.map(({ file }) => [file, new Set<string>()]));
  for (const { filename, code } of diagnostics) found.get(filename)?.add(code);
});
afterAll(() => rmSync(scratch, { recursive: true }));

describe('lint', () => {
  test('reports every planted violation', () => {
    const missed = planted.filter(({ file, rule }) => rule !== undefined && !found.get(file)?.has(rule));
    expect(missed).toEqual([]);
  });

  test('lets every allowed import pass', () => {
    const wronged = planted.filter(({ file, rule }) => rule === undefined && found.get(file)?.has(arrow));
    expect(wronged).toEqual([]);
    expect(found.get('infra/settings.ts')).toEqual(new Set());
  });

  test('knows every room that there is', () => {
    const tracked = execFileSync('git', ['ls-files', '*.ts'], { cwd: root, encoding: 'utf8' }).split('\n');
    const folders = new Set(tracked.flatMap((file) => /^(core\/[^/]+|[^/]+)\//.exec(file)?.[1] ?? []));
    const others = ['core', 'test', 'experiments', 'bench'];
    const unknown = [...folders].filter((folder) => !folder.endsWith('.ts') && ![...rooms, ...others].includes(folder));
    expect(unknown).toEqual([]);
  });
});
