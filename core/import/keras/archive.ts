import { configure, Uint8ArrayReader, ZipReader, type FileEntry } from '@zip.js/zip.js';
import { PercussError } from '../../errors.js';
import { limits } from '../../limits.js';
import { expandable, invalidFile } from './bounds.js';

// Everything is read in this thread: an archive is small, or stored as it is.
configure({ useWebWorkers: false });

/**
 * Files of a zip archive by name, of those that are asked for the ones that it holds.
 * @throws PercussError FILE_DAMAGED for what is no such archive, for entries that overlap, have two of one name or lie about
 * their size; LIMIT_EXCEEDED for more entries or bytes than may be, before they are decompressed.
 */
export async function readArchive(
  model: string,
  bytes: Uint8Array,
  asked: readonly string[],
): Promise<ReadonlyMap<string, Uint8Array>> {
  const invalid = (complaint: string, cause?: unknown): PercussError =>
    invalidFile(model, `(.keras) ${complaint}. Save or download it again`, cause);
  const reader = new ZipReader(new Uint8ArrayReader(bytes));
  const found = new Map<string, Uint8Array>();
  try {
    let entries = 0;
    let left = expandable(bytes.length);
    for await (const entry of reader.getEntriesGenerator()) {
      if (++entries > limits.archiveEntries.value)
        throw tooMuch(model, `more than ${limits.archiveEntries.value} files`);
      if (entry.directory || !asked.includes(entry.filename)) continue;
      if (found.has(entry.filename)) throw invalid(`it holds two files ${entry.filename}`);
      left -= entry.uncompressedSize;
      if (!(left >= 0)) throw tooMuch(model, `more than ${expandable(bytes.length)} bytes once they are decompressed`);
      found.set(entry.filename, await contentOf(entry, invalid));
    }
  } catch (cause) {
    if (cause instanceof PercussError) throw cause;
    throw invalid('no zip archive, or a damaged one', cause);
  } finally {
    await reader.close();
  }
  return found;
}

/** What an entry holds: as much as it says, and whoever says too little is stopped there. */
async function contentOf(entry: FileEntry, invalid: (complaint: string) => PercussError): Promise<Uint8Array> {
  const content = new Uint8Array(entry.uncompressedSize);
  let at = 0;
  const sink = new WritableStream<Uint8Array>({
    write(part) {
      if (at + part.length > content.length) throw invalid(`${entry.filename} is larger than it says`);
      content.set(part, at);
      at += part.length;
    },
  });
  await entry.getData(sink, { checkOverlappingEntry: true, checkSignature: true, useWebWorkers: false });
  if (at !== content.length) throw invalid(`${entry.filename} is smaller than it says`);
  return content;
}

function tooMuch(model: string, what: string): PercussError {
  return new PercussError('LIMIT_EXCEEDED', `model "${model}" (.keras): it holds ${what} (docs/limits.md)`, {
    details: { model },
  });
}
