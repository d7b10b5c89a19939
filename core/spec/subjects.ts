import type { Graph } from '../network/graph.js';
import type { Anatomy } from '../anatomy/site.js';

/** What a spec names, as far as it could be read. What is missing in a map is not checked. */
export interface SpecSubjects {
  /** By model. */
  readonly anatomies: ReadonlyMap<string, Anatomy>;
  readonly graphs: ReadonlyMap<string, Graph>;
  /** By image set. */
  readonly images: ReadonlyMap<string, ImageFacts>;
}

export interface ImageFacts {
  /** Of one image: [channels, height, width]. */
  readonly shape: readonly number[];
  readonly images: number;
  /** The largest and the smallest label of the images that are used. */
  readonly labelsMax: number;
  readonly labelsMin: number;
  /** Names of the classes by label, where folders or `classes` tell them. */
  readonly classes: readonly string[] | null;
}

/** Takes note of a mistake about the value at a path of the spec. */
export type Fail = (path: string, message: string, hint?: string) => void;
