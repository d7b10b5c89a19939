// Plain Node without any dependency, because it runs before there are any: makes a clone ready, and in a ready clone
// ends within a fraction of a second.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const least = [20, 19];
const stamp = join(root, 'dist', '.built-from');
const sources = ['core', 'activities', 'workflows', 'infra', 'workers', 'cli', 'experiments', 'bench'];
const single = ['index.ts', 'package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];

/** Ends the process with one sentence. */
function stop(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(2);
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > least[0] || (major === least[0] && minor >= least[1])) return;
  stop(
    `percuss needs Node ${least.join('.')} or newer and this is ${process.versions.node}: install a current Node, for instance with \`nvm install --lts\`.`,
  );
}

/** npm itself, by the path that npm gives its scripts, so that a shim on the PATH doesn't matter. */
function npm(args, failure) {
  const script = process.env.npm_execpath;
  const [program, prefix] = script?.endsWith('.js') ? [process.execPath, [script]] : ['npm', []];
  try {
    execFileSync(program, [...prefix, ...args], { cwd: root, stdio: 'inherit' });
  } catch (error) {
    stop(error.code === 'ENOENT' ? 'percuss needs npm, which comes with Node: install Node anew.' : failure);
  }
}

function installDependencies() {
  const installed = join(root, 'node_modules', '.package-lock.json');
  const lock = join(root, 'package-lock.json');
  // npm writes .package-lock.json last, so an installation that was interrupted has none.
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  if (existsSync(installed) && sameVersions(installed, lock)) return;
  process.stdout.write('Installing dependencies (npm ci) …\n');
  npm(['ci'], '`npm ci` failed (see above): check the network and the registry, then run the same command again.');
}

/** A checkout gives the lock file a new time; only packages that differ ask for an installation. */
function sameVersions(installed, lock) {
  const packagesOf = (file) => JSON.parse(readFileSync(file, 'utf8')).packages;
  const there = packagesOf(installed);
  return Object.entries(packagesOf(lock)).every(
    ([name, { version, optional, devOptional }]) =>
      name === '' || there[name]?.version === version || (there[name] === undefined && (optional || devOptional)),
  );
}

function* filesUnder(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesUnder(path);
    else if (/\.(ts|mjs)$/.test(entry.name)) yield path;
  }
}

/** What the build depends on: contents, because times change with every checkout. */
function digestOfSources() {
  const hash = createHash('sha256');
  const files = [
    ...sources.map((name) => join(root, name)).flatMap((path) => (existsSync(path) ? [...filesUnder(path)] : [])),
    ...single.map((name) => join(root, name)).filter((path) => existsSync(path)),
  ].sort((a, b) => (a < b ? -1 : 1));
  for (const file of files) hash.update(relative(root, file)).update('\0').update(readFileSync(file)).update('\0');
  return hash.digest('hex');
}

function build() {
  const digest = digestOfSources();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return;
  process.stdout.write('Building (npm run build) …\n');
  rmSync(stamp, { force: true });
  npm(['run', '--silent', 'build'], 'The build failed (see above).');
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, digest);
}

checkNode();
installDependencies();
build();
