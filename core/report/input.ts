import type { Digest } from '../digest.js';
import type { NumericMode } from '../numeric-mode.js';
import type { ResolvedStudy } from '../spec/resolved-study.js';
import type { Gathered, ReportTables } from './gathering.js';

/** One channel of one response, as a picture. Pictures of one network and impulse are shown side by side, by depth. */
export interface ResponsePicture {
  readonly model: string;
  /** What was given, for people: `plain: channel 0, amplitude +1, centre, on normalised-zero`. */
  readonly impulse: string;
  readonly site: string;
  readonly channel: number;
  /** Depth of the site, counted in sites. */
  readonly depth: number;
  readonly height: number;
  readonly width: number;
  /** The response on the whole map of the site, row-major, activation units; zero outside the projective field. */
  readonly values: Float32Array;
}

/** An object of the store that the report rests on. */
export interface ReportedObject {
  readonly name: string;
  readonly key: string;
  readonly sha256: Digest;
}

/** What only the run knows. Whatever differs from run to run stands here, so that all else in the report is a function of the study. */
export interface ReportProvenance {
  /** Versions by name: percuss, onnxruntime, node, … */
  readonly versions: Readonly<Record<string, string>>;
  /** Engine builds, processors, and how many cells each computed, as lines for people. */
  readonly machines: readonly string[];
  /** Times as they shall be printed, by name: submitted, finished, … */
  readonly times: Readonly<Record<string, string>>;
  readonly objects: readonly ReportedObject[];
  /** How the numeric mode was measured and chosen, as lines for people; left out where it was given. */
  readonly choice?: readonly string[];
}

/** Everything that a report shows. Equal input gives an equal report, byte for byte. */
export interface ReportInput {
  readonly id: Digest;
  readonly study: ResolvedStudy;
  readonly mode: NumericMode;
  /** The spec as its author wrote it, if it is at hand. */
  readonly yaml: string | null;
  readonly tables: ReportTables;
  /** What is gathered from the tables that have a row a condition. */
  readonly gathered: Gathered;
  /** Cells of this run: computed anew, and taken from the store. Null where the run did not count. */
  readonly cells: { readonly computed: number; readonly reused: number } | null;
  readonly pictures: readonly ResponsePicture[];
  readonly warnings: readonly string[];
  /** Networks that gradients do not pass, with what stops them: they have no predictors by gradients. */
  readonly withoutGradients: readonly string[];
  readonly provenance: ReportProvenance;
}
