/** The port through which image sets are read: local files, or objects of a bucket. */
export interface ImageSource {
  /** @throws PercussError FILE_MISSING if there is no such file. */
  read(path: string): Promise<Uint8Array>;
  /** Every file below a folder, as paths relative to it joined by '/', in any order. */
  list(folder: string): Promise<readonly string[]>;
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
  /** Names of the classes by label, where the format tells them. */
  readonly classes: readonly string[] | null;
  image(index: number): Promise<Image>;
}
