import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';

import { messageOf, PercussError } from '../../core/errors.js';
import { takeLock } from '../lock.js';
import { cacheFolder, childEnvironment } from '../settings.js';
import {
  libraryVersion,
  packageVersion,
  prefixOf,
  tensorFlowVariants,
  type TensorFlowVariant,
} from './tfjs-variant.js';

const wheelTags = [
  ['--platform', 'manylinux2014_x86_64'],
  ['--python-version', '3.11'],
  ['--implementation', 'cp'],
  ['--abi', 'cp311'],
].flat();
const libraries = { cc: 'libtensorflow_cc.so.2', framework: 'libtensorflow_framework.so.2' };
const headers = ['tensorflow/c', 'tensorflow/core/platform', 'tensorflow/tsl', 'tsl'];
/** Without a GPU the GPU's package computes on the processor, so this tries the build and not the device. */
const smoke = (name: string): string =>
  [
    `const tf = require('${name}');`,
    'const product = tf.matMul(tf.tensor2d([[1, 2], [3, 4]]), tf.tensor2d([[1], [1]])).dataSync();',
    "if (tf.getBackend() !== 'tensorflow' || product[0] !== 3 || product[1] !== 7) process.exit(1);",
  ].join('\n');

export interface SetupOptions {
  readonly device?: TensorFlowVariant['device'];
  /** percuss's cache folder. */
  readonly cache?: string;
  readonly onProgress?: (line: string) => void;
}

/**
 * Builds native TensorFlow.js from its unmodified sources against the library of the pinned wheel, and tries it. Done
 * before: only tried. The result appears under its name in one step, so an interrupted set-up leaves nothing that looks
 * finished. Returns its folder.
 *
 * @throws PercussError ENGINE_UNAVAILABLE in one sentence that names what is missing.
 */
export async function setUpTensorFlow({
  device = 'cpu',
  cache = cacheFolder(),
  onProgress = () => undefined,
}: SetupOptions = {}): Promise<string> {
  const variant = tensorFlowVariants[device];
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw unavailable(
      `The pinned TensorFlow library is for linux-x64, and this is ${process.platform}-${process.arch}.`,
    );
  const prefix = prefixOf(variant, cache);
  await mkdir(cache, { recursive: true });
  const release = await myTurn(`${prefix}.lock`, () =>
    onProgress('waiting for another process, which is setting it up'),
  );
  try {
    if (existsSync(prefix)) {
      if (await works(prefix, variant)) return prefix;
      onProgress(`${prefix} does not work (any more); building it again`);
      await rm(prefix, { recursive: true });
    }
    await build(variant, prefix, onProgress);
    return prefix;
  } finally {
    await release();
  }
}

/** Takes a lock; waits while another process has it. */
async function myTurn(lock: string, onWait: () => void): Promise<() => Promise<void>> {
  for (let waited = false; ; waited = true) {
    const release = await takeLock(lock);
    if (release) return release;
    if (!waited) onWait();
    await setTimeout(500);
  }
}

async function build(variant: TensorFlowVariant, prefix: string, onProgress: (line: string) => void): Promise<void> {
  checkPrerequisites(variant);
  const scratch = await mkdtemp(join(dirname(prefix), '.tfjs-node-'));
  try {
    await writeFile(join(scratch, 'package.json'), '{ "private": true }\n');
    onProgress(`1/4 installing ${variant.npmPackage} ${packageVersion} without its install script`);
    const install = [
      'install',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      `${variant.npmPackage}@${packageVersion}`,
    ];
    await command('npm', install, scratch);
    const module = join(scratch, 'node_modules', variant.npmPackage);
    onProgress(`2/4 downloading ${variant.wheel} ${libraryVersion} (${variant.megabytes} MB, pinned by SHA-256)`);
    const file = await downloadWheel(scratch, variant);
    onProgress('3/4 unpacking its library and headers');
    await unpack(file, join(scratch, 'unpacked'), join(module, 'deps'));
    onProgress('4/4 compiling the binding (about 10 s)');
    await compile(module);
    await rm(join(scratch, 'unpacked'), { recursive: true });
    await rm(file);
    if (!(await works(scratch, variant)))
      throw unavailable('The binding was built but multiplies two matrices wrongly.');
    await rename(scratch, prefix);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function checkPrerequisites(variant: TensorFlowVariant): void {
  const present = (program: string, args: string[]): boolean => {
    try {
      execFileSync(program, args, { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  };
  const missing = [
    ...(present('python3', ['--version']) ? [] : ['python3']),
    ...(present('python3', ['-m', 'pip', '--version']) ? [] : ['pip for python3']),
    ...(present('c++', ['--version']) ? [] : ['a C++ compiler (c++)']),
    ...(present('make', ['--version']) ? [] : ['make']),
    ...(present('npm', ['--version']) ? [] : ['npm']),
  ];
  if (missing.length > 0)
    throw unavailable(
      `Building native TensorFlow.js needs ${missing.join(', ')}: install it (Debian: apt install python3-pip g++ make) and run \`${variant.command}\` again.`,
    );
}

async function downloadWheel(scratch: string, { wheel, sha256 }: TensorFlowVariant): Promise<string> {
  const requirements = join(scratch, 'requirements.txt');
  await writeFile(requirements, `${wheel}==${libraryVersion} --hash=sha256:${sha256}\n`);
  const options = ['--no-deps', '--require-hashes', '--only-binary=:all:', '--no-input', '--quiet', ...wheelTags];
  await command('python3', ['-m', 'pip', 'download', ...options, '--dest', scratch, '-r', requirements], scratch);
  const name = (await readdir(scratch)).find((entry) => entry.endsWith('.whl'));
  if (name === undefined) throw unavailable(`pip reported success but left no wheel of ${wheel}.`);
  const hash = createHash('sha256');
  for await (const part of createReadStream(join(scratch, name))) hash.update(part as Uint8Array);
  const found = hash.digest('hex');
  if (found !== sha256)
    throw unavailable(`The wheel of ${wheel} has SHA-256 ${found} instead of the pinned ${sha256}.`);
  return join(scratch, name);
}

/** Puts library and headers where the package's `binding.gyp` looks for them. */
async function unpack(file: string, into: string, deps: string): Promise<void> {
  const script = [
    'import sys, zipfile',
    'wheel, into, *starts = sys.argv[1:]',
    'with zipfile.ZipFile(wheel) as z:',
    '    z.extractall(into, [n for n in z.namelist() if n.startswith(tuple(starts))])',
  ].join('\n');
  const starts = [
    ...Object.values(libraries).map((name) => `tensorflow/${name}`),
    ...headers.map((folder) => `tensorflow/include/${folder}/`),
  ];
  await command('python3', ['-c', script, file, into, ...starts], dirname(file));
  await mkdir(join(deps, 'lib'), { recursive: true });
  for (const [name, library] of Object.entries(libraries)) {
    await rename(join(into, 'tensorflow', library), join(deps, 'lib', library));
    await symlink(library, join(deps, 'lib', name === 'cc' ? 'libtensorflow.so' : 'libtensorflow_framework.so'));
  }
  await cp(join(into, 'tensorflow/include'), join(deps, 'include'), { recursive: true });
}

async function compile(module: string): Promise<void> {
  const npmRoot = (await command('npm', ['root', '--global'], module)).trim();
  const gyp = join(npmRoot, 'npm/node_modules/node-gyp/bin/node-gyp.js');
  if (!existsSync(gyp)) throw unavailable(`npm was expected to bring node-gyp, but there is none at ${gyp}.`);
  // Headers that came with this Node save a download, which may not be possible.
  const nodeFolder = dirname(dirname(process.execPath));
  const local = existsSync(join(nodeFolder, 'include/node/node_api.h')) ? [`--nodedir=${nodeFolder}`] : [];
  const names = [
    '--module_name=tfjs_binding',
    `--module_path=${join(module, 'lib/napi-v8')}`,
    '--napi_build_version=8',
  ];
  await command(process.execPath, [gyp, 'rebuild', ...local, ...names], module);
}

/** Whether the native backend of a prefix loads and multiplies, tried in a process of its own. */
async function works(prefix: string, { npmPackage }: TensorFlowVariant): Promise<boolean> {
  try {
    await command(process.execPath, ['-e', smoke(npmPackage)], prefix);
    return true;
  } catch (error) {
    if (error instanceof PercussError) return false;
    throw error;
  }
}

async function command(program: string, args: readonly string[], cwd: string): Promise<string> {
  try {
    const env = childEnvironment({ TF_CPP_MIN_LOG_LEVEL: '2' });
    return (await promisify(execFile)(program, args, { cwd, env, maxBuffer: 64 * 2 ** 20 })).stdout;
  } catch (error) {
    const output = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
    const reason = output.split('\n').findLast((line) => /error|ERR!/i.test(line)) ?? messageOf(error);
    throw unavailable(`\`${program} ${args.slice(0, 3).join(' ')} …\` failed: ${reason.trim().slice(0, 400)}`, error);
  }
}

function unavailable(message: string, cause?: unknown): PercussError {
  return new PercussError('ENGINE_UNAVAILABLE', message, cause === undefined ? {} : { cause });
}
