// Mutation tests, room by room: docs/testing.md.
//   npm run test:mutation                     every room
//   npm run test:mutation -- analysis report  those rooms
//   npm run test:mutation -- core/plan/pairs.ts   one file; what is known of its mutants is not used again
//   npm run test:mutation -- report --sample 0.2  a fifth of a room, drawn by blocks of lines: an estimate
// The report of a room is .tmp/mutation/ROOM.html; what it found is kept, and only what changed is tried again.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { rooms } from './rooms.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const kept = path.join(root, '.tmp/mutation');
const counted = ['Killed', 'Timeout', 'Survived', 'NoCoverage'];

/** Lines that are drawn together: a mutant that reaches beyond them is in no sample. */
const BLOCK = 25;

const { positionals, values } = parseArgs({ allowPositionals: true, options: { sample: { type: 'string' } } });
const sample = values.sample === undefined ? undefined : Number(values.sample);
if (sample !== undefined && !(sample > 0 && sample < 1)) {
  console.error('--sample wants a share above 0 and below 1');
  process.exit(2);
}
const wanted = positionals.length === 0 ? Object.keys(rooms) : positionals;
mkdirSync(kept, { recursive: true });
let failed = false;
for (const name of wanted) failed = !mutate(name) || failed;
for (const name of wanted) print(name);
process.exit(failed ? 1 : 0);

/** The room that an argument names or, for a file, the one that it lies in. */
function roomOf(name) {
  if (Object.hasOwn(rooms, name)) return name;
  const room = Object.keys(rooms).find((one) => name.startsWith(`${rooms[one].folder}/`));
  if (room !== undefined && existsSync(path.join(root, name))) return room;
  console.error(
    `no room of mutation tests: ${name}; there are ${Object.keys(rooms).join(', ')}, and the files in them`,
  );
  process.exit(2);
}

function fileOf(name) {
  return path.join(kept, `${name.replaceAll('/', '-')}${sample === undefined ? '' : `-sample-${sample}`}`);
}

/** Blocks of lines of a room, about so large a share of them, the same ones every time. */
function drawn({ folder, mutate }) {
  const names = readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' });
  const files = names.filter((file) => file.endsWith('.ts'));
  return files.sort().flatMap((file) => {
    if (!mutate.some((pattern) => path.matchesGlob(file, pattern))) return [];
    const lines = readFileSync(path.join(root, folder, file), 'utf8').split('\n').length;
    const blocks = Array.from({ length: Math.ceil(lines / BLOCK) }, (_, i) => i);
    return blocks
      .filter((block) => createHash('sha256').update(`${file}:${block}`).digest().readUInt32BE() / 2 ** 32 < sample)
      .map((block) => `${folder}/${file}:${block * BLOCK + 1}-${(block + 1) * BLOCK}`);
  });
}

function mutate(name) {
  const room = roomOf(name);
  const whole = room === name;
  if (!whole) rmSync(`${fileOf(name)}.json`, { force: true });
  const config = `${fileOf(name)}.config.json`;
  writeFileSync(
    config,
    JSON.stringify({
      plugins: ['@stryker-mutator/vitest-runner'],
      testRunner: 'vitest',
      vitest: { configFile: 'test/mutation/vitest.config.ts', related: false },
      mutate: !whole
        ? [name]
        : sample !== undefined
          ? drawn(rooms[room])
          : rooms[room].mutate.map((pattern) => `${rooms[room].folder}/${pattern}`),
      ignorePatterns: ['dist', 'percuss-out', 'coverage', 'experiments/zoo', '.percuss'],
      coverageAnalysis: 'perTest',
      ignoreStatic: true,
      incremental: true,
      incrementalFile: `${fileOf(name)}.json`,
      concurrency: Number(process.env.PERCUSS_MUTATION_CONCURRENCY ?? 2),
      tempDirName: '.tmp/stryker',
      reporters: ['progress-append-only', 'html'],
      htmlReporter: { fileName: `${fileOf(name)}.html` },
      timeoutMS: 10_000,
      dryRunTimeoutMinutes: 15,
      disableTypeChecks: false,
      // Stryker would rewrite tsconfig.json by an API that TypeScript 7 no longer has; nothing in it needs that.
      tsconfigFile: 'none',
    }),
  );
  const { status } = spawnSync('npx', ['--no-install', 'stryker', 'run', config], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, PERCUSS_MUTATION_TESTS: JSON.stringify(rooms[room].tests) },
  });
  return status === 0;
}

/** The score by file, and every mutant that survived: where it stands and what stood there. */
function print(name) {
  if (!existsSync(`${fileOf(name)}.json`)) return;
  const { files } = JSON.parse(readFileSync(`${fileOf(name)}.json`, 'utf8'));
  const all = new Map();
  for (const [file, { mutants, source }] of Object.entries(files)) {
    const lines = source.split('\n');
    for (const { status, location, replacement, mutatorName } of mutants) {
      if (!counted.includes(status)) continue;
      const counts = all.get(file) ?? { killed: 0, total: 0 };
      all.set(file, counts);
      counts.total++;
      if (status === 'Killed' || status === 'Timeout') {
        counts.killed++;
        continue;
      }
      const { start, end } = location;
      const was = start.line === end.line ? lines[start.line - 1].slice(start.column - 1, end.column - 1) : '…';
      console.log(`${file}:${start.line}:${start.column} ${status} ${mutatorName}: ${was} → ${replacement}`);
    }
  }
  let [killed, total] = [0, 0];
  for (const [file, counts] of all) {
    console.log(`${share(counts)} ${counts.killed}/${counts.total} ${file}`);
    killed += counts.killed;
    total += counts.total;
  }
  console.log(`${share({ killed, total })} ${killed}/${total} ${name}`);
}

function share({ killed, total }) {
  return total === 0 ? '    –' : `${((100 * killed) / total).toFixed(1).padStart(5)} %`;
}
