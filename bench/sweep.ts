import path from 'node:path';

/** Channels of sites, in topological order of these, to be replaced by zero. */
export interface Lesion {
  readonly cuts: readonly { readonly site: string; readonly channels: readonly number[] }[];
}

/** Kernel number `channel` of a site, to be replaced by zero. */
export interface Kernel extends Lesion {
  readonly site: string;
  readonly channel: number;
}

export const kernelOf = (site: string, channel: number): Kernel => ({
  site,
  channel,
  cuts: [{ site, channels: [channel] }],
});

/** What a sweep runs on: a network of the data folder and its first images, or a large network of random weights and images. */
export interface Subject {
  /** Folder with `models/` and `images/`. */
  readonly data: string;
  /** Name of the `.onnx` and `.npz` files under `models/`, or of an architecture of `random-networks.ts`. */
  readonly network: string;
  readonly images: number;
}

/** Per lesion and image, lesion-major: what every method must agree on. */
export interface SweepResults {
  readonly predicted: Uint16Array;
  readonly loss: Float32Array;
  readonly kl: Float32Array;
  /** Largest logit less the second; percuss stores none. */
  readonly margin?: Float32Array;
}

/** One method's run over all lesions. Seconds from the first one to the last result, and of processor time. */
export interface SweepRun {
  readonly seconds: number;
  readonly cpu: number;
  /** Lesions that were found to change nothing, and so not run. */
  readonly idle: number;
  /** Page faults that needed no disk, where a method counts them. */
  readonly faults?: number;
  readonly results: SweepResults;
}

/** The test images that every network of the bench is shown. */
export const imageFile = (data: string): string => path.join(data, 'images/cifar10/cifar10_test_0000-0499.bin');
/** (pixel/divide − mean)/std, as the CIFAR networks were trained. */
export const input = {
  divide: 255,
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
  order: 'rgb',
} as const;

export function emptyResults(rows: number, margins: boolean): SweepResults {
  return {
    predicted: new Uint16Array(rows),
    loss: new Float32Array(rows),
    kl: new Float32Array(rows),
    ...(margins ? { margin: new Float32Array(rows) } : {}),
  };
}

/** Writes a part of the results in its place. */
export function place(results: SweepResults, part: SweepResults, at: number): void {
  results.predicted.set(part.predicted, at);
  results.loss.set(part.loss, at);
  results.kl.set(part.kl, at);
  if (part.margin) results.margin?.set(part.margin, at);
}
