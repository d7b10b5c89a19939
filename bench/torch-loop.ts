import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { encodeSafetensors } from '../core/safetensors.js';
import { childEnvironment } from '../infra/settings.js';
import { writeNpy } from './npy-file.js';
import { isArchitecture, randomImages, randomNetwork } from './random-networks.js';
import { imageFile, type Kernel, type Subject, type SweepRun } from './sweep.js';

interface Line {
  readonly ready?: string;
  readonly missing?: string;
}

export interface TorchOptions {
  /** Command of the interpreter. */
  readonly python: string;
  readonly threads: number;
  /** Images of one forward pass. */
  readonly batch: number;
  /** The script; it is not compiled, so it lies where it is written. */
  readonly script: string;
  /**
   * Whether its allocator keeps what is freed. As installed, glibc gives the top of its heap back whenever a large activation
   * there is freed, and whatever is made next pays for fresh pages; whether something small lies above is luck.
   */
  readonly keepsMemory: boolean;
}

/** No memory outside of glibc's heap, and none given back from its top (glibc's manual, "Malloc Tunable Parameters"). */
const keepingMemory = { MALLOC_MMAP_MAX_: '0', MALLOC_TRIM_THRESHOLD_: String(2 ** 34) };

/** The PyTorch loop, in a process of its own. */
export class TorchLoop {
  readonly version: string;
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;
  readonly #folder: string;
  readonly #reader: Interface;

  private constructor(
    process: ChildProcessByStdio<Writable, Readable, null>,
    reader: Interface,
    lines: AsyncIterator<string>,
    folder: string,
    version: string,
  ) {
    this.#process = process;
    this.#reader = reader;
    this.#lines = lines;
    this.#folder = folder;
    this.version = version;
  }

  /** Rebuilds the network and reads the images. Resolves to a reason, as text, where there is no PyTorch. */
  static async open(subject: Subject, options: TorchOptions): Promise<TorchLoop | string> {
    const folder = await mkdtemp(path.join(tmpdir(), 'percuss-bench-'));
    const child = spawn(
      options.python,
      [
        options.script,
        ...(await filesOf(subject, folder)),
        `--count=${subject.images}`,
        `--threads=${options.threads}`,
        `--batch=${options.batch}`,
      ],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
        env: childEnvironment(options.keepsMemory ? keepingMemory : {}),
      },
    );
    const failed = new Promise<string>((resolve) => child.once('error', (error) => resolve(error.message)));
    const reader = createInterface({ input: child.stdout });
    const lines = reader[Symbol.asyncIterator]();
    const first = await Promise.race([lines.next(), failed]);
    const line: Line =
      typeof first === 'string' ? { missing: first } : first.done === true ? {} : (JSON.parse(first.value) as Line);
    if (line.ready === undefined) {
      await rm(folder, { recursive: true, force: true });
      return line.missing ?? `${options.script} ended before it was ready`;
    }
    return new TorchLoop(child, reader, lines, folder, line.ready);
  }

  async run(kernels: readonly Kernel[], images: number): Promise<SweepRun> {
    const out = path.join(this.#folder, 'results');
    this.#process.stdin.write(
      `${JSON.stringify({ kernels: kernels.map(({ site, channel }) => [site, channel]), out })}\n`,
    );
    const answer = await this.#lines.next();
    if (answer.done) throw new Error('the PyTorch loop ended by itself');
    const { seconds, cpu, faults } = JSON.parse(answer.value) as { seconds: number; cpu: number; faults: number };
    const rows = kernels.length * images;
    const bytes = await readFile(out);
    const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    const floats = (at: number): Float32Array => new Float32Array(buffer.slice(2 * rows + 4 * rows * at), 0, rows);
    const predicted = new Uint16Array(buffer, 0, rows);
    return { seconds, cpu, idle: 0, faults, results: { predicted, loss: floats(0), kl: floats(1), margin: floats(2) } };
  }

  /** Resolves when the process is gone, and takes nothing from what runs next. */
  async close(): Promise<void> {
    const gone = this.#process.exitCode ?? once(this.#process, 'exit');
    this.#process.stdin.end();
    this.#reader.close();
    await gone;
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** What names the network and the images to the script; those of random numbers are written for it. */
async function filesOf({ network, data, images }: Subject, folder: string): Promise<string[]> {
  if (!isArchitecture(network))
    return [`--weights=${path.join(data, 'models', `${network}.npz`)}`, `--images=${imageFile(data)}`];
  const files = { weights: path.join(folder, 'weights.safetensors'), images: path.join(folder, 'images.npy') };
  await writeFile(files.weights, encodeSafetensors(randomNetwork(network).constants));
  await writeFile(files.images, writeNpy(randomImages(images)));
  return [`--architecture=${network}`, `--weights=${files.weights}`, `--images=${files.images}`];
}
