import type { ReadOptions } from '../inside.js';

/** The port through which image sets are read: local files, or objects of a bucket. */
export interface ImageSource {
  /** @throws PercussError FILE_MISSING if there is no such file, LIMIT_EXCEEDED if it is too large. */
  read(path: string, options: ReadOptions): Promise<Uint8Array>;
  /** A file below a folder, wherever links lead from there. @throws as `read`, and FILE_DAMAGED if it leads out of the folder. */
  readBelow(folder: string, name: string, options: ReadOptions): Promise<Uint8Array>;
  /** Everything below a folder, as paths relative to it joined by '/', in any order; those of folders end in '/'. */
  list(folder: string): Promise<readonly string[]>;
}

/** What a reader of image files is given. */
export interface ImageFiles {
  /** Of the set, for messages. */
  readonly name: string;
  readonly files: readonly string[];
  /** Files of labels, one for each of `files`, where the format keeps them apart. */
  readonly labels: readonly string[];
  readonly resize: number | undefined;
  readonly crop: number | undefined;
}

/** One decoded image: [channels, height, width], row-major. */
export interface Image {
  readonly shape: readonly [number, number, number];
  readonly data: Uint8Array | Float32Array;
  /** File, and index within it, for messages. */
  readonly where: string;
}

/** The images of a set in the order of its files, decoded only when asked for. */
export interface ImageRecords {
  readonly labels: Uint16Array;
  /** Names of the classes by label, where the format tells them or the spec does. */
  readonly classes: readonly string[] | null;
  /** What the author should know of: classes without pictures, pictures that are not read. */
  readonly notices: readonly string[];
  image(index: number): Promise<Image>;
}
