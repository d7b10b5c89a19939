import { gunzipSync, constants } from 'node:zlib';
import { PercussError } from '../errors.js';
import type { ReadOptions } from '../inside.js';
import { limits } from '../limits.js';
import type { ImageSource } from './image-source.js';

/** Packed bytes in which the header of every format lies. */
const HEAD = 2 ** 16;
/** Any file may grow to so much. */
const FREE = 64 * 2 ** 20;

/**
 * A file's bytes, unpacked where they are gzip, whatever its name. Unpacking ends where the header of what is in it says that
 * the file ends, and at the limits of docs/limits.md.
 *
 * @param declared the whole size by the first bytes of the file; undefined where they don't tell it.
 * @throws PercussError FILE_DAMAGED if the gzip data are damaged or hold more than declared; LIMIT_EXCEEDED.
 */
export async function unpacked(
  path: string,
  source: ImageSource,
  what: string,
  declared: (head: Uint8Array) => number | undefined,
): Promise<Uint8Array> {
  const options: ReadOptions = { what, atMost: limits.imageFile.value };
  const bytes = await source.read(path, options);
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const budget = Math.min(limits.imageFile.value, Math.max(FREE, limits.unpackedTimes.value * bytes.length));
  const above = (size: string): PercussError =>
    new PercussError(
      'LIMIT_EXCEEDED',
      `${what}: ${path} unpacks from ${bytes.length} bytes to ${size}, above the limit of ${budget} (docs/limits.md); unpack it first if it is meant`,
      { details: { file: path } },
    );
  const size = declared(inflated(path, what, bytes.subarray(0, HEAD), budget, true) ?? new Uint8Array());
  if (size !== undefined && size > budget) throw above(`${size} bytes`);
  const whole = inflated(path, what, bytes, size ?? budget, false);
  if (whole) return whole;
  if (size === undefined) throw above('more');
  throw damaged(path, what, `it unpacks to more than the ${size} bytes that its header declares`);
}

/** Undefined where it would take more than so many bytes. */
function inflated(
  path: string,
  what: string,
  packed: Uint8Array,
  atMost: number,
  beginning: boolean,
): Uint8Array | undefined {
  try {
    return gunzipSync(packed, {
      maxOutputLength: Math.max(1, atMost),
      ...(beginning ? { finishFlush: constants.Z_SYNC_FLUSH } : {}),
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return undefined;
    throw damaged(path, what, 'its gzip data are damaged or cut off', error);
  }
}

function damaged(path: string, what: string, reason: string, cause?: unknown): PercussError {
  return new PercussError('FILE_DAMAGED', `${what}: ${path}: ${reason}; pack or download it again`, {
    details: { file: path },
    cause,
  });
}
