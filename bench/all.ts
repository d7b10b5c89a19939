import './flags.js';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

/** Every bench that keeps results, one after another, each with its defaults; what docs/performance.md is made from. */
const { values: flags } = parseArgs({
  options: {
    only: { type: 'string' },
    /** Interpreter with PyTorch, for the bench that compares with it. */
    python: { type: 'string' },
    data: { type: 'string' },
    provisional: { type: 'boolean', default: false },
  },
});

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};
const known = [
  'leave-one-out',
  'modes',
  'peak',
  'adaptive',
  'memory',
  'impulses',
  'prediction',
  'preview',
  'prune',
  'engines',
  'temporal',
];
const asked = flags.only?.split(',') ?? known.filter((name) => scripts[`bench:${name}`] !== undefined);
const failed: string[] = [];
for (const name of asked) {
  const file = /dist\/bench\/[a-z-]+\.js/.exec(scripts[`bench:${name}`] ?? '')?.[0];
  if (file === undefined) throw new Error(`there is no bench:${name}`);
  process.stdout.write(`\n== bench:${name}\n`);
  const more = [
    ...(name === 'leave-one-out' && flags.python !== undefined ? [`--python=${flags.python}`] : []),
    ...(name !== 'memory' && flags.data !== undefined ? [`--data=${flags.data}`] : []),
    ...(flags.provisional ? ['--provisional'] : []),
  ];
  const { status } = spawnSync(process.execPath, [file, `--json=bench/results/${name}.json`, ...more], {
    stdio: 'inherit',
  });
  if (status !== 0) failed.push(name);
}
process.stdout.write(
  failed.length > 0
    ? `\nnot measured, since they failed: ${failed.join(', ')}\n`
    : '\nall are measured; `npm run docs` writes docs/performance.md anew\n',
);
process.exitCode = failed.length > 0 ? 1 : 0;
