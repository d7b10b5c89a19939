import { inflateRawSync } from 'node:zlib';
import { PercussError } from '../../errors.js';

const endOfDirectory = 0x06054b50;
const directoryEntry = 0x02014b50;

/**
 * The files of a zip archive, as far as Keras writes them (APPNOTE.TXT of PKWARE, 4.3): stored or deflated, below 4 GiB.
 * @throws PercussError MODEL_INVALID.
 */
export function readArchive(model: string, bytes: Uint8Array): ReadonlyMap<string, Uint8Array> {
  const invalid = (complaint: string, cause?: unknown): PercussError =>
    new PercussError('MODEL_INVALID', `model "${model}" (.keras): ${complaint}. Save or download it again`, {
      details: { model },
      cause,
    });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = endIn(view);
  if (end === undefined) throw invalid('no zip archive, or a damaged one');
  const files = new Map<string, Uint8Array>();
  try {
    const count = view.getUint16(end + 10, true);
    let at = view.getUint32(end + 16, true);
    for (let i = 0; i < count; i++) {
      if (view.getUint32(at, true) !== directoryEntry) throw invalid('its directory is damaged');
      const [method, size] = [view.getUint16(at + 10, true), view.getUint32(at + 20, true)];
      const [nameLength, extra, comment] = [28, 30, 32].map((field) => view.getUint16(at + field, true)) as [
        number,
        number,
        number,
      ];
      const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
      const local = view.getUint32(at + 42, true);
      const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
      if (start + size > bytes.length) throw invalid(`it ends before "${name}" does`);
      const data = bytes.subarray(start, start + size);
      files.set(name, method === 0 ? data : new Uint8Array(inflateRawSync(data)));
      at += 46 + nameLength + extra + comment;
    }
  } catch (cause) {
    if (cause instanceof PercussError) throw cause;
    throw invalid('its contents are damaged', cause);
  }
  return files;
}

/** Where the record stands that ends an archive; a comment of up to 64 KiB may follow it. */
function endIn(view: DataView): number | undefined {
  for (let at = view.byteLength - 22; at >= 0 && at >= view.byteLength - 22 - 0xffff; at--) {
    if (view.getUint32(at, true) === endOfDirectory) return at;
  }
  return undefined;
}
