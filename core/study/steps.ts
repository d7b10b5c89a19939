import type { Digest, Ref } from '../digest.js';
import type { Stretch } from '../self-scheduling.js';
import type { StudyRef } from '../spec/resolved-study.js';
import type { UnitFailure } from '../sweep-state.js';
import type { TableName } from '../tables/columns.js';

/** Consecutive work units of a stage that are run in batches of `size` units, each of about `seconds`; of fewer at the end. */
export interface StageStretch extends Stretch {
  /** Network and ablation or impulses, for people: `resnet20 · each-kernel`. */
  readonly label: string;
  readonly model: string;
}

/** What `planStage` wrote: `stages/<study>/<index>`. Units are numbered 0 … units−1, in canonical order. */
export interface StagePlan {
  readonly study: StudyRef;
  readonly index: number;
  readonly ref: Ref<unknown>;
  readonly units: number;
  readonly segments: readonly StageStretch[];
  /** Units of the whole study that are stored already, and that failed before and are not tried again. */
  readonly stored: number;
  readonly failed: number;
}

/** What `planStage` gives when nothing is missing that is not recorded as failed. */
export interface StudyEnd {
  readonly ref?: undefined;
  readonly stored: number;
  readonly failed: number;
}

/** A batch that ran. `computed` + `reused` + `held` = units asked for. */
export interface BatchOutcome {
  readonly computed: number;
  readonly reused: number;
  readonly noOp: number;
  readonly seconds: number;
  /** Units that another run has in hand, neither computed nor reused: to be asked for again later. Left out where there are none. */
  readonly held?: number;
}

/** How a batch shares work with other runs. */
export interface Sharing {
  /** Whose the batch is. Batches of one run never wait for each other: who runs it gives each unit to one of them. */
  readonly run: string;
  /** How long units that other runs have in hand are waited for, once nothing else is left of the batch. */
  readonly waitSeconds: number;
}

export interface StepOptions extends Partial<Sharing> {
  readonly signal?: AbortSignal;
  /** Called with the number of units of this batch that are done. */
  readonly onUnits?: (done: number) => void;
}

/** What `analyse` leaves: the content of every table as a Parquet file, and how many rows it has. */
export interface Analysis {
  readonly tables: Readonly<Record<TableName, { readonly rows: number; readonly sha256: Digest }>>;
}

/** What a run did: units computed anew, and taken from the store. */
export interface RunCounts {
  readonly computed: number;
  readonly reused: number;
}

/**
 * The steps of a study, over the ports: the in-process loop and the Temporal activities call these and nothing else.
 * All are idempotent. PercussErrors of kind `compute` are results of the batch (halve it), those of kind
 * `infrastructure` ask to be retried, all others end the study.
 */
export interface StudySteps {
  /** The next stage, or how the study stands when there is none. Pure in what is committed. */
  planStage(study: StudyRef, index: number, options?: StepOptions): Promise<StagePlan | StudyEnd>;
  /** Computes and commits units [from, to) of a stage, leaving out what has been committed meanwhile. */
  runBatch(stage: StagePlan, from: number, to: number, options?: StepOptions): Promise<BatchOutcome>;
  /** Records units as failed, so that the next plan goes on without them. */
  recordFailures(stage: StagePlan, failures: readonly UnitFailure[]): Promise<void>;
  /**
   * Everything that is derived from the cells and responses: a table each, and one record that names them.
   * @throws PercussError OBJECT_DAMAGED where reading found that something planned isn't sound, and set it aside: plan again.
   */
  analyse(study: StudyRef, options?: StepOptions): Promise<Ref<Analysis>>;
  /** One Parquet file: `studies/<id>/tables/<name>-<sha256>.parquet`. */
  writeTable(
    study: StudyRef,
    analysis: Ref<Analysis>,
    table: TableName,
    options?: StepOptions,
  ): Promise<Ref<Uint8Array>>;
  /** The HTML report and `study.json`; `tables` are pinned in the latter. */
  writeReport(
    study: StudyRef,
    analysis: Ref<Analysis>,
    tables: Readonly<Record<string, Ref<Uint8Array>>>,
    cells: RunCounts,
    options?: StepOptions,
  ): Promise<{ readonly report: Ref<Uint8Array>; readonly summary: Ref<Uint8Array> }>;
}
