/** Where every value of the resolved spec came from is kept beside it (`ParsedSpec` in core/spec/parse.ts); this is the meaning alone. */

import type { DataSpec, InputSpec } from '../data/data-spec.js';
import type { DeviceName, EngineName } from '../numeric-mode.js';
import type { SitePosition } from '../anatomy/site-position.js';
import type { BaseName } from './words/bases.js';
import type { FillName } from './words/fills.js';
import type { KeptOutput } from './words/kept-outputs.js';
import type { KeptResponse } from './words/kept-responses.js';
import type { Mode } from './words/modes.js';
import type { NullsSpec } from './words/nulls.js';
import type { OnFailure } from '../on-failure.js';
import type { OutputKind } from './words/output-kinds.js';
import type { PairScope } from './words/pair-scopes.js';
import type { PositionWord } from './words/positions.js';
import type { RemovalOrder } from './words/removal-orders.js';
import type { Spread } from './words/spreads.js';
import type { Unit } from './words/units.js';

export type { DataSpec, InputSpec };

export interface OutputSpec {
  readonly kind: OutputKind;
  /** Which output, where the network has several; undefined: its last. */
  readonly name: string | undefined;
  /** Added to a label to find its output: 1 where output 0 is `background`. */
  readonly classOffset: number;
}

export interface ModelSpec {
  /** Of one of several trainings: that of its architecture and a number (`core/training-name.ts`). */
  readonly name: string;
  /** Absolute path or s3:// URL of an `.onnx` file, a Keras `.h5` or `.keras` file or a TensorFlow.js `model.json`. */
  readonly file: string;
  /** Names of image sets. `reference`: means, donors and the bases of impulses. */
  readonly data: string;
  readonly reference: string;
  readonly input: InputSpec;
  readonly output: OutputSpec;
  /** How far a kernel's site follows its convolution. */
  readonly after: SitePosition;
  /** The intact network's accuracy, and how far it may be off (default 0.02). */
  readonly expect: { readonly accuracy: number; readonly within: number } | undefined;
}

/** Which pairs of its targets an ablation removes together, beside each of them alone. */
export interface PairsSpec {
  /** Each has an equal share of the budget; `any` stands alone. */
  readonly within: readonly PairScope[];
  /** At most so many pairs, a seeded sample; undefined: all. */
  readonly budget: number | undefined;
  /** Of these pairs only some are run; absent: all. */
  readonly screen?: ScreenSpec;
}

/** Which of an ablation's pairs are run, once it is known what each target does alone. */
export interface ScreenSpec {
  /** So many pairs of the largest product of the two damages. */
  readonly keep: number;
  /** So many of the others, by chance: the screen is judged by them. */
  readonly random: number;
}

/** How many quadruples of its targets an ablation draws, of which it removes the four pairs and each target alone. */
export interface QuadruplesSpec {
  readonly budget: number;
}

/** Looks at images in waves until every condition's interval is at most this far from its middle. */
export interface PrecisionStop extends StopCommon {
  /** Half the width of an interval, in nats of clipped KL. */
  readonly precision: number;
}

/** Looks at images in waves until it is settled which conditions do the most damage. */
export interface TopStop extends StopCommon {
  readonly top: number;
  /** How far, in nats of clipped KL, a chosen condition may be below one that was not chosen. */
  readonly epsilon: number;
}

interface StopCommon {
  readonly confidence: number;
  /** In nats: an image counts with this at most, since a sequence needs a bound. */
  readonly clip: number;
  /** What intervals are made of: the images run alone, or these and what gradients predict of all. */
  readonly by: StopBy;
}

export type StopBy = 'preview' | 'images';

export type StopSpec = PrecisionStop | TopStop;

export interface AblationSpec {
  readonly name: string;
  readonly models: readonly string[];
  readonly unit: Unit;
  /** Globs over names and aliases of layers (kernel, layer), blocks, or streams. */
  readonly layers: readonly string[];
  readonly mode: Mode;
  readonly fill: readonly FillName[];
  /** resample: how many draws of donors, at least 3. */
  readonly draws: number;
  /** random and cumulative. */
  readonly fractions: readonly number[];
  readonly trials: number;
  /** random. */
  readonly spread: readonly Spread[];
  /** cumulative. */
  readonly order: RemovalOrder;
  /** pairs; absent in every other mode. */
  readonly pairs?: PairsSpec;
  /** quadruples; absent in every other mode. */
  readonly quadruples?: QuadruplesSpec;
  /** each: adaptive evaluation; absent: every condition on every image. */
  readonly stop?: StopSpec;
  /** `stop` by preview: networks of which conditions are predicted. Known once networks are read. */
  readonly previewed?: readonly string[];
  /** What is kept, where that is not what the mode keeps (`core/spec/words/modes.ts`). */
  readonly keep?: KeptOutput;
}

/** How narrow the brackets of R² and of systemic redundancy are wanted; at least one of the two. */
export interface ResolveWish {
  /** Most that the ends of the mean R² of a network’s kernels may be apart, from the same site and from far ones. */
  readonly r2?: number;
  /** Most that systemic redundancy and its plug-in value may be apart. */
  readonly sr?: number;
}

/** Adds base images, then positions, in waves, until brackets are as narrow as is wished. */
export interface ResolveSpec extends ResolveWish {
  /** At most so many base images, and seeded positions on each; by default fewer images where there are fewer. */
  readonly budget: { readonly images: number; readonly positions: number; readonly orFewer?: true };
}

export interface ImpulseSpec {
  readonly name: string;
  readonly models: readonly string[];
  /** `input`, or globs over sites. */
  readonly at: 'input' | readonly string[];
  readonly channels: 'each' | readonly number[];
  /** By a word, so many seeded ones a base (from 2 on; one is the word), or as [row, column] pairs. */
  readonly positions: PositionWord | { readonly phases: number } | readonly (readonly [number, number])[];
  /** In the network's input units after preprocessing, or in standard deviations of the channel over the reference images. */
  readonly amplitudes: { readonly unit: 'input' | 'std'; readonly values: readonly number[] };
  /** Flat bases by name, or the first n reference images; by default fewer where there are fewer, which reading them decides. */
  readonly bases: readonly BaseName[] | { readonly images: number; readonly orFewer?: true };
  /** Globs over sites. */
  readonly record: readonly string[];
  readonly keep: KeptResponse;
  /** Bases and positions are those of the first wave; absent: these and no more. */
  readonly resolve?: ResolveSpec;
}

export interface AnalysisSpec {
  readonly confidence: number;
  readonly fdr: number;
  readonly bootstrap: number;
  /** Least distance in normalised depth of two sites that count as far apart. */
  readonly far: number;
  /** Networks that every measure of redundancy stands against. */
  readonly nulls: NullsSpec;
  /** Kernels a site, sites, and draws of the rarefied systemic redundancy. */
  readonly rarefy: { readonly kernels: number; readonly sites: number };
}

/** How to run, not what: no part of a study's identity. */
export interface RunSpec {
  readonly engine: 'auto' | EngineName;
  readonly device: 'auto' | DeviceName;
  readonly onFailure: OnFailure;
  /** Compute children on this machine; undefined: one for each core. */
  readonly workers: number | undefined;
  /** Bytes that one compute process of this machine may hold; undefined: no limit. */
  readonly memory: number | undefined;
  /** Predicted seconds of one batch. */
  readonly batchSeconds: number;
  readonly limit: {
    readonly hours: number | undefined;
    readonly bytes: number | undefined;
    readonly cells: number | undefined;
  };
}

/** A study as its author wrote it, checked, with every default filled in. */
export interface StudySpec {
  readonly version: 1;
  readonly study: string;
  readonly seed: number;
  readonly data: readonly DataSpec[];
  readonly models: readonly ModelSpec[];
  readonly ablations: readonly AblationSpec[];
  readonly impulses: readonly ImpulseSpec[];
  readonly analysis: AnalysisSpec;
  readonly run: RunSpec;
}
