/** A weight; no data where it holds no numbers. */
export interface Hdf5Dataset {
  readonly shape: readonly number[];
  readonly data: Float32Array | undefined;
}

export interface Hdf5Group {
  /** Those that were asked for, texts and numbers only. */
  readonly attributes: ReadonlyMap<string, string | number>;
  readonly groups: ReadonlyMap<string, Hdf5Group>;
  readonly datasets: ReadonlyMap<string, Hdf5Dataset>;
}

/** What is read of a file. */
export interface Hdf5Selection {
  /** Groups at the top that are read; all where there are none. */
  readonly roots: readonly string[];
  /** Groups at the top that are left out. */
  readonly skip: readonly string[];
  /** Attributes of groups that are read. */
  readonly attributes: readonly string[];
}

export interface Hdf5Task extends Hdf5Selection {
  readonly bytes: Uint8Array;
  readonly limits: {
    readonly bytes: number;
    readonly memory: number;
    readonly objects: number;
    readonly depth: number;
  };
}

export type Hdf5Answer = { readonly root: Hdf5Group } | { readonly failure: string; readonly excess: boolean };
