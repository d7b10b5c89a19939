import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { sha256 } from '../../core/digest.js';
import { decodeSafetensors } from '../../core/safetensors.js';
import { sharedData } from '../builders/shared-data.js';

/** The built command. */
export const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** What it has said so far, on both streams. */
  said(): string;
}

/** A process that a workplace's commands started, or one of them. */
export interface Relative {
  readonly pid: number;
  readonly command: string;
}

export const tiny = {
  data: sharedData,
  images: 60,
  kernels: 'unit: kernel, mode: each, fill: [zero, mean]',
  accuracy: 0.656,
  divide: 255,
  run: '{ engine: onnxruntime, device: cpu, batchSeconds: 0.01, workers: 2 }',
};

/** A study that takes seconds, and has every kind of unit: about 160 units in about as many batches. */
export function tinySpec(study: string, more: Partial<typeof tiny> = {}): string {
  const { images, kernels, accuracy, divide, run, data } = { ...tiny, ...more };
  const cifar = (name: string): string => path.join(data, 'images/cifar10', name);
  return `version: 1
study: ${study}
seed: 7
data:
  test: { format: cifar10, files: [${cifar('cifar10_test_0000-0499.bin')}], images: ${images} }
  train: { format: cifar10, files: [${cifar('cifar10_train_0000-1999.bin')}], images: 24 }
defaults: { data: test, reference: train, output: { kind: logits } }
models:
  tutorial:
    file: ${path.join(data, 'models/cifar10_mstutorial.onnx')}
    input: { divide: ${divide}, mean: [0.5], std: [0.5] }
    expect: { accuracy: ${accuracy}, within: 0.15 }
ablations:
  kernels: { ${kernels} }
  random: { unit: kernel, mode: random, fractions: [0.1, 0.3], trials: 2, spread: [one-layer, matched, all-depths] }
  two: { unit: kernel, mode: pairs, within: [layer, across], budget: 16 }
  by-damage: { unit: kernel, mode: cumulative, order: kl, fractions: [0.2, 0.5] }
  top: { unit: kernel, mode: each, stop: { top: 3, epsilon: 0.02 } }
impulses:
  images: { base: { images: 4 }, amplitudes: { std: [0.1, -0.1] }, resolve: { r2: 0.001, budget: { images: 8, positions: 2 } } }
analysis: { bootstrap: 100, nulls: { shuffled: 1 }, rarefy: { kernels: 4, sites: 3 } }
run: ${run}
`;
}

/** That spec with single kernels alone, all of them and the first few: no impulses, and so no nulls. */
export const onlyKernels = (spec: string): string =>
  spec
    .replace(/^ {2}(random|two|by-damage|images): .*\n/gm, '')
    .replace(/^impulses:\n/m, '')
    .replace(' nulls: { shuffled: 1 },', '');

/** A folder of its own to work in, with an environment in which nothing of this machine's user is configured. */
export class Workplace {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'percuss-cli-'));
  readonly #mark = randomUUID();
  readonly #more: NodeJS.ProcessEnv;

  constructor(more: NodeJS.ProcessEnv = {}) {
    this.#more = more;
  }

  path(...parts: string[]): string {
    return path.join(this.folder, ...parts);
  }

  /** Writes a spec and gives its path. */
  spec(name: string, text: string): string {
    const file = this.path(`${name}.yaml`);
    writeFileSync(file, text);
    return file;
  }

  /** What this workplace's commands find in their environment. */
  environment(): NodeJS.ProcessEnv {
    return {
      ...Object.fromEntries(
        Object.entries(process.env).filter(([name]) => !/^(TEMPORAL|PERCUSS|VITEST|NODE_OPTIONS)/.test(name)),
      ),
      XDG_CACHE_HOME: process.env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache'),
      XDG_STATE_HOME: this.path('state'),
      XDG_CONFIG_HOME: this.path('config'),
      ...this.#more,
      // By a name that every process of ours hands on, servers too.
      LC_PERCUSS_TEST_MARK: this.#mark,
    };
  }

  start(args: readonly string[], cwd = this.folder): Running {
    const env = this.environment();
    // A process group of its own, as a shell gives it, to which a terminal sends Ctrl-C.
    const child = spawn(process.execPath, [main, ...args], {
      cwd,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (part: Buffer) => (stdout += part.toString()));
    child.stderr.on('data', (part: Buffer) => (stderr += part.toString()));
    const ended = new Promise<Ended>((resolve, reject) => {
      child.once('error', reject);
      // Not `close`: a process left behind would hold the pipes open, and that is for `relatives` to find.
      child.once('exit', (code) => setTimeout(() => resolve({ code, stdout, stderr }), 50));
    });
    return { child, ended, said: () => stdout + stderr };
  }

  run(args: readonly string[], cwd = this.folder): Promise<Ended> {
    return this.start(args, cwd).ended;
  }

  /** Processes that descend from this workplace's commands, orphans too, by a mark in their environment. Linux only. */
  relatives(pattern = /./): Relative[] {
    return readdirSync('/proc').flatMap((name) => {
      if (!/^\d+$/.test(name)) return [];
      try {
        if (!readFileSync(`/proc/${name}/environ`, 'latin1').includes(`LC_PERCUSS_TEST_MARK=${this.#mark}`)) return [];
        const command = readFileSync(`/proc/${name}/cmdline`, 'latin1').replaceAll('\0', ' ').trim();
        return command !== '' && pattern.test(command) ? [{ pid: Number(name), command }] : [];
      } catch {
        // It ended while we looked.
        return [];
      }
    });
  }

  /** Waits until none of the processes is left; gives those that are left after the time. */
  async deserted(withinMs = 15_000): Promise<Relative[]> {
    for (const end = Date.now() + withinMs; Date.now() < end; await sleep(100)) {
      if (this.relatives().length === 0) return [];
    }
    return this.relatives();
  }

  close(): void {
    if (process.platform === 'linux') for (const { pid } of this.relatives()) killQuietly(pid);
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

export const computeChild = /compute-child\.js/;
export const temporalServer = /server start-dev/;

export function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Waits until something holds, or the command has ended. */
export async function until(holds: () => boolean, running?: Running): Promise<void> {
  let over = false;
  void running?.ended.then(() => (over = true));
  for (const end = Date.now() + 240_000; !holds(); await sleep(20)) {
    if (over || Date.now() > end) throw new Error(`it never came to be; the command said:\n${running?.said() ?? ''}`);
  }
}

/** SHA-256 of each table that a run wrote. */
export function tableHashes(out: string): Record<string, string> {
  const folder = path.join(out, 'tables');
  return Object.fromEntries(
    readdirSync(folder)
      .sort()
      .map((name) => [name, sha256(readFileSync(path.join(folder, name)))]),
  );
}

/** Paths of the files below a folder, sorted; none if there is no such folder. */
export function filesBelow(folder: string, pattern = /./): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => pattern.test(file))
    .sort();
}

/** Objects that hold cells, and responses or profiles, in a store that is a folder. */
export const cellFiles = (store: string): string[] => filesBelow(path.join(store, 'cells'), /\.safetensors$/);
export const resultFiles = (store: string): string[] => filesBelow(path.join(store, 'responses'), /\.safetensors$/);

/** Keys of all units in the store, one entry for each time a unit was committed. */
export function committedUnits(store: string): string[] {
  const cells = cellFiles(store).flatMap((file) => {
    const keys = Buffer.from(decodeSafetensors(readFileSync(file), file).tensors.get('key')?.data as Uint8Array);
    return Array.from({ length: keys.length / 32 }, (_, i) => keys.subarray(32 * i, 32 * i + 32).toString('hex'));
  });
  return [...cells, ...resultFiles(store).map((file) => path.basename(file).split('-', 1)[0] as string)].sort();
}

/** The answer of a command with --json. */
export function answer<T>(ended: Ended): T {
  try {
    return JSON.parse(ended.stdout) as T;
  } catch {
    throw new Error(`exit ${ended.code}, and not JSON: ${ended.stdout}\n${ended.stderr}`);
  }
}

/** What `run --json` answers. */
export interface RunAnswer {
  readonly computed: number;
  readonly reused: number;
  readonly failed: number;
  readonly files: readonly string[];
}
