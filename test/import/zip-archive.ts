/** One file of a zip archive, as it is and as it is said to be. */
export interface ZipFile {
  readonly name: string;
  /** As it is stored. */
  readonly stored: Uint8Array;
  /** Raw deflate, else as it is. */
  readonly deflated?: boolean;
  /** What the headers say of its size once it is decompressed. */
  readonly size: number;
  readonly crc: number;
  /** The directory says that it is where the first file is. */
  readonly atFirst?: boolean;
}

/** The check sum of zip archives. */
export function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/** The part that both headers of a file have. */
function common({ name, stored, deflated, size, crc }: ZipFile): Buffer {
  const head = Buffer.alloc(26);
  head.writeUInt16LE(20, 0);
  head.writeUInt16LE(deflated ? 8 : 0, 4);
  head.writeUInt16LE(33, 8);
  head.writeUInt32LE(crc, 10);
  head.writeUInt32LE(stored.length, 14);
  head.writeUInt32LE(size, 18);
  head.writeUInt16LE(name.length, 22);
  return head;
}

/** A zip archive of these files, which says whatever they say. */
export function zipOf(files: readonly ZipFile[]): Uint8Array {
  const [parts, directory]: Buffer[][] = [[], []];
  let at = 0;
  for (const file of files) {
    const head = Buffer.concat([Buffer.from('PK\u0003\u0004'), common(file), Buffer.from(file.name)]);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(file.atFirst ? 0 : at, 10);
    parts?.push(head, Buffer.from(file.stored));
    directory?.push(Buffer.from('PK\u0001\u0002\u0014\u0000'), common(file), place, Buffer.from(file.name));
    at += head.length + file.stored.length;
  }
  const listing = Buffer.concat(directory ?? []);
  const end = Buffer.alloc(22);
  end.write('PK\u0005\u0006', 'latin1');
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(listing.length, 12);
  end.writeUInt32LE(at, 16);
  return new Uint8Array(Buffer.concat([...(parts ?? []), listing, end]));
}
