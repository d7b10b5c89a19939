import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Bytes of rows that are kept in memory; more go to a file. */
const ROWS_IN_MEMORY = 2 ** 26;

/** Bytes that are read from the file at a time. */
const BLOCK = 2 ** 16;
/** Blocks that are remembered. */
const BLOCKS = 64;

/**
 * Rows of equal size, by number, written in any order and read in any: in memory where they are few bytes, else in a file for temporary
 * data, of which 4 MiB are remembered. Nobody else sees the file, and it goes with the process, however that ends.
 *

 */
export class SpilledRows {
  readonly #bytesOfRow: number;
  readonly #written: Uint8Array;
  readonly #memory: Uint8Array | undefined;
  readonly #file: ScratchFile | undefined;

  constructor(rows: number, bytesOfRow: number, share = 1) {
    this.#bytesOfRow = bytesOfRow;
    this.#written = new Uint8Array(Math.ceil(rows / 8));
    if (rows * bytesOfRow <= share * ROWS_IN_MEMORY) this.#memory = new Uint8Array(rows * bytesOfRow);
    else this.#file = new ScratchFile(Math.max(2, Math.floor(share * BLOCKS)));
  }

  has(row: number): boolean {
    return (((this.#written[row >> 3] ?? 0) >> (row & 7)) & 1) === 1;
  }

  write(row: number, bytes: Uint8Array): void {
    const from = row * this.#bytesOfRow;
    if (this.#memory) this.#memory.set(bytes, from);
    else this.#file?.write(from, bytes);
    this.#written[row >> 3] = (this.#written[row >> 3] as number) | (1 << (row & 7));
  }

  /** A row, not to be written into; undefined where none was written. */
  read(row: number): Uint8Array | undefined {
    if (!this.has(row)) return undefined;
    const from = row * this.#bytesOfRow;
    if (this.#memory) return this.#memory.subarray(from, from + this.#bytesOfRow);
    return this.#file?.read(from, this.#bytesOfRow);
  }

  close(): void {
    this.#file?.close();
  }
}

/** A file for temporary data, without a name as soon as it is open where the system allows that. */
class ScratchFile {
  readonly #folder: string;
  readonly #descriptor: number;
  readonly #most: number;
  readonly #blocks = new Map<number, Uint8Array>();

  /** @param most blocks that are remembered */
  constructor(most: number) {
    this.#most = most;
    this.#folder = mkdtempSync(join(tmpdir(), `percuss-rows-${process.pid}-`));
    this.#descriptor = openSync(join(this.#folder, 'rows'), 'wx+');
    // Windows keeps what is open.
    if (process.platform !== 'win32') rmSync(this.#folder, { recursive: true });
  }

  write(from: number, bytes: Uint8Array): void {
    if (this.#blocks.size > 0) this.#blocks.clear();
    for (let done = 0; done < bytes.length;)
      done += writeSync(this.#descriptor, bytes, done, bytes.length - done, from + done);
  }

  read(from: number, count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    for (let done = 0; done < count;) {
      const number = Math.floor((from + done) / BLOCK);
      const inside = from + done - number * BLOCK;
      const part = this.#block(number).subarray(inside, inside + count - done);
      bytes.set(part, done);
      done += part.length;
    }
    return bytes;
  }

  close(): void {
    closeSync(this.#descriptor);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** What lies behind the end is 0. */
  #block(number: number): Uint8Array {
    const known = this.#blocks.get(number);
    if (known) return known;
    const block = new Uint8Array(BLOCK);
    for (let filled = 0; filled < BLOCK;) {
      const count = readSync(this.#descriptor, block, filled, BLOCK - filled, number * BLOCK + filled);
      if (count === 0) break;
      filled += count;
    }
    if (this.#blocks.size >= this.#most) this.#blocks.delete(this.#blocks.keys().next().value as number);
    this.#blocks.set(number, block);
    return block;
  }
}
