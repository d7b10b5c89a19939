import type { Client } from '@temporalio/client';
import type { Digest } from '../core/digest.js';
import { isPercussError, messageOf, PercussError } from '../core/errors.js';
import { printNumericMode, type NumericMode } from '../core/numeric-mode.js';
import { knownOutputs } from '../core/study/analysing/outputs.js';
import { studyTally, type StoredTally } from '../core/study/verifying/tally.js';
import { connectClient } from '../infra/connection.js';
import type { WholeProgress } from '../workers/client.js';
import { submissionOf, submissions, workersOf, type Submitted, type Workers } from '../workers/submitted.js';
import { lookIdentity } from '../core/store/identity.js';
import type { KnownExtent } from '../core/study/planning/waves.js';
import { nextCommand, type Typed } from './command-line.js';
import { knownDoubts } from './doubts.js';
import { knownResolutions, resolutionLines } from './resolved.js';
import type { Session } from './session.js';
import { findStudy } from './study-name.js';
import { findTemporal } from './temporal.js';

/**
 * How a study stands, in one word: `complete` is stored with its report; `running`, `paused`, `cancelling`, `waiting` (submitted,
 * and no worker answers) are of a submission that goes on; `cancelled`, `failed`, `stopped` (at its first failure) of one that
 * ended; `unfinished` was never submitted, as far as is known, or was left off.
 */
export type State =
  'complete' | 'running' | 'paused' | 'cancelling' | 'waiting' | 'cancelled' | 'failed' | 'stopped' | 'unfinished';

/** A study that the store holds or, where that is out of reach, Temporal remembers. */
export interface Known {
  readonly id: Digest;
  readonly study: string;
  readonly mode?: NumericMode;
  readonly storeId?: string;
  /** Whether the store holds a report of this version; undefined where it is out of reach. */
  readonly reported?: boolean;
  /** Why the store can't be asked. */
  readonly unreachable?: string;
}

/** All that can be known of a study now. What nobody answers is null. */
export interface Standing {
  readonly study: Digest;
  readonly name: string;
  readonly state: State;
  /** Of the units that it is known to ask for. */
  readonly percent: number | null;
  readonly total: number | null;
  /** Whether these are counted unit by unit; else `total` is at most so many, and `stored` about. */
  readonly exact: boolean;
  /** Units in the store. */
  readonly stored: number | null;
  /** Of the last submission: computed by it, found in the store by it, and failed in it. */
  readonly computed: number | null;
  readonly reused: number | null;
  readonly failed: number | null;
  readonly workers: Workers | null;
  readonly progress: WholeProgress | null;
  readonly submitted: string | null;
  /** Why a submission failed, stalled, or paused by itself. */
  readonly because: string | null;
  /** How far impulses with `resolve` go, by what is decided. */
  readonly resolve: readonly KnownExtent[];
  /** Reasons to doubt its intact networks: labels, preprocessing or the reading of outputs. */
  readonly warnings: readonly string[];
  /** What could not be asked, and why. */
  readonly unknown: readonly string[];
}

/** A Temporal that may be asked, if there is one. `reason`: why there is none. */
export interface Asked {
  readonly client?: Client;
  readonly reason?: string;
  /** The same, with its code. */
  readonly error?: PercussError;
  /** That there should be one: it is configured, or was started here. */
  readonly expected: boolean;
  close(): Promise<void>;
}

/** The Temporal that is configured, or runs here; that there is none is no error. */
export async function askTemporal(profile: string | undefined): Promise<Asked> {
  try {
    const client = await connectClient(await findTemporal(profile));
    return { client, expected: true, close: () => client.connection.close() };
  } catch (error) {
    if (!isPercussError(error) || profile !== undefined) throw error;
    return { reason: messageOf(error), error, expected: 'address' in error.details, close: () => Promise.resolve() };
  }
}

/** Finds a study in the store. @throws PercussError NOT_FOUND; STORE_UNREACHABLE. */
export async function findStored(session: Session, asked: string): Promise<Known> {
  const { id, study } = await findStudy(session.ledger, asked);
  const mode = await session.ledger.getDecision<NumericMode>(id, 'mode');
  return {
    id,
    study,
    reported: (await knownOutputs(session.ledger, id)) !== undefined,
    ...(mode ? { mode } : {}),
    ...(await storeIdIn(session)),
  };
}

/** A study of a store that is out of reach, as Temporal remembers it. @throws the store's failure, if it does not. */
export async function findRemembered(client: Client, asked: string, failure: PercussError): Promise<Known> {
  const known = (await submissions(client)).find(
    ({ id, study }) => study === asked || (asked.length >= 6 && id.startsWith(asked)),
  );
  if (!known) throw failure;
  const { id, study, mode, storeId } = known;
  return { id, study, mode, storeId, unreachable: failure.message };
}

export const isStoreLost = (error: unknown): error is PercussError =>
  isPercussError(error) && error.code === 'STORE_UNREACHABLE';

/** A store without an id has never been submitted from; one whose id is damaged can still be read. */
async function storeIdIn({ ledger }: Session): Promise<{ readonly storeId?: string }> {
  const found = await lookIdentity(ledger.store);
  return found.state === 'sound' ? { storeId: found.id } : {};
}

/** Of a study whose units are not gone through one by one. */
const counted: Awaited<ReturnType<typeof knownDoubts>> = {
  warnings: [],
  unread:
    'how many units are stored, one by one, and whether the intact networks are what they should be: percuss status --exact',
};

/** Puts together what store and Temporal say; of a large study by counts, unless `exact` asks for each unit. */
export async function standingOf(
  session: Session,
  { client, reason }: Asked,
  known: Known,
  { exact = false }: { readonly exact?: boolean } = {},
): Promise<Standing> {
  const { id, study, mode, storeId, reported, unreachable } = known;
  const workers = client && storeId && mode ? await workersOf(client, storeId, mode) : undefined;
  const submitted = client ? await submissionOf(client, id, workers) : undefined;
  const live = submitted?.progress;
  const tally = unreachable === undefined && !live ? await studyTally(session.ledger, id, { exact }) : undefined;
  // To find the intact networks' cells among so many takes as long as to count them.
  const { warnings, unread } = tally?.exact === false ? counted : await knownDoubts(session, known);
  const counts = live ? liveCounts(live) : storedCounts(submitted, tally);
  return {
    study: id,
    name: study,
    state: stateOf(reported, submitted),
    ...counts,
    workers: workers ?? null,
    progress: live ?? null,
    submitted: submitted?.submitted.toISOString() ?? null,
    because:
      submitted?.failure ??
      live?.stalled ??
      live?.current?.stalled ??
      live?.current?.pausedBecause ??
      submitted?.result?.stoppedBy?.message ??
      null,
    resolve: await knownResolutions(session, known),
    warnings,
    unknown: [unread, reason].filter((part) => part !== undefined),
  };
}

export function stateOf(reported: boolean | undefined, submitted: Submitted | undefined): State {
  if (submitted?.state === 'running') {
    if (submitted.cancelling) return 'cancelling';
    if (submitted.paused) return 'paused';
    const idle = submitted.progress?.phase === 'sweeping' && !submitted.computing;
    return submitted.progress && !idle ? 'running' : 'waiting';
  }
  if (reported === true) return 'complete';
  if (submitted?.state === 'completed')
    return submitted.result?.state === 'stopped' ? 'stopped' : reported === undefined ? 'complete' : 'unfinished';
  return submitted?.state ?? 'unfinished';
}

type Counts = Pick<Standing, 'percent' | 'total' | 'stored' | 'computed' | 'reused' | 'failed' | 'exact'>;

const percentOf = (done: number, total: number | null): number | null =>
  total === null || total === 0 ? null : Math.floor((100 * Math.min(done, total)) / total);

/** Counters of the study are of sweeps that have ended; the one that runs has its own. */
export function liveCounts({ counters, current, stored }: WholeProgress): Counts {
  const sum = (name: 'computed' | 'reused' | 'failed'): number => counters[name] + (current?.[name] ?? 0);
  const computed = sum('computed');
  const reused = stored + sum('reused');
  const total = stored + counters.computed + counters.reused + counters.failed + (current?.units ?? 0);
  return {
    computed,
    reused,
    failed: sum('failed'),
    exact: true,
    stored: computed + reused,
    total,
    percent: percentOf(computed + reused, total),
  };
}

function storedCounts(submitted: Submitted | undefined, tally: StoredTally | undefined): Counts {
  const result = submitted?.result;
  return {
    exact: tally?.exact ?? true,
    total: tally?.total ?? null,
    stored: tally?.stored ?? null,
    percent: tally ? percentOf(tally.stored, tally.total) : null,
    computed: result?.counters.computed ?? null,
    reused: result ? result.stored + result.counters.reused : null,
    failed: result?.counters.failed ?? tally?.failed ?? null,
  };
}

/** How a study stands, for people. */
export const standingWords: Readonly<Record<State, string>> = {
  complete: 'complete',
  running: 'running',
  paused: 'paused',
  cancelling: 'being cancelled',
  waiting: 'submitted, but no worker answers: nothing is computed until one comes',
  cancelled: 'cancelled; what is committed stays',
  failed: 'failed',
  stopped: 'stopped at its first failure, as onFailure says',
  unfinished: 'unfinished, and not running on a Temporal that we know of',
};

function countedWords({ percent, stored, total, exact, progress, state }: Standing): string {
  if (!exact && state === 'complete') return `100 % (about ${stored} units)`;
  if (!exact) return `about ${percent} % (about ${stored} of at most ${total} units)`;
  return `${percent} % (${stored} of ${total} units${progress ? ' known so far' : ''})`;
}

/** How a study stands, as lines for people. */
export function standingLines(
  standing: Standing,
  storeUrl: string,
  mode: NumericMode | undefined,
  typed: Typed,
): readonly string[] {
  const start = mode ? ['--engine', mode.engine, '--device', mode.device] : [];
  const { name, study, state, percent, computed, reused, failed, workers, because, warnings, unknown } = standing;
  const counted = [
    ...(percent === null ? [] : [countedWords(standing)]),
    ...(computed === null ? [] : [`${computed} computed, ${reused} reused`]),
    ...(failed === null || failed === 0 ? [] : [`${failed} failed`]),
  ];
  const none = workers && (workers.control === 0 || workers.evaluate === 0);
  const goesOn = state === 'running' || state === 'paused' || state === 'waiting' || state === 'cancelling';
  return [
    `${name} (${study.slice(0, 12)}): ${standingWords[state]}${because === null ? '' : `: ${because}`}`,
    ...(counted.length > 0 ? [`  ${counted.join('; ')}`] : []),
    ...(standing.progress ? progressLines(standing.progress) : []),
    ...resolutionLines(standing.resolve),
    ...(goesOn && workers
      ? [
          none
            ? `  no worker listens${workers.control > 0 && mode ? ` on ${printNumericMode(mode)}` : ''}; start one: ${nextCommand(['worker', ...start], { ...typed, store: storeUrl })}`
            : `  ${listening(workers.evaluate)}`,
        ]
      : []),
    ...(state === 'paused' ? [`  go on with: ${nextCommand(['resume', name], typed)}`] : []),
    ...warnings.map((line) => `WARNING ${line}`),
    ...unknown.map((reason) => `  not asked: ${reason}`),
  ];
}

function progressLines({ phase, stage, current }: WholeProgress): string[] {
  const lines = [`  ${phase}, stage ${stage}`];
  if (!current) return lines;
  const rate = current.rate === undefined ? '' : `, ${current.rate.toFixed(1)} cells/s`;
  const left = current.secondsLeft === undefined ? '' : `, about ${Math.ceil(current.secondsLeft)} s left`;
  for (const { label, done, total } of current.labels) lines.push(`  ${label}: ${done}/${total}`);
  lines.push(`  ${current.inFlight} batches in flight of ${current.window}${rate}${left}`);
  return lines;
}

/** @throws PercussError NOT_FOUND for a study of which no submission goes on, with how it stands instead. */
export function requireRunning(name: string, submitted: Submitted | undefined, what: string): Submitted {
  if (submitted?.state === 'running') return submitted;
  const stands =
    submitted === undefined ? 'this Temporal knows of no submission of it' : `it has ended (${submitted.state})`;
  throw new PercussError(
    'NOT_FOUND',
    `${name} can't be ${what}: ${stands}; percuss status ${name} shows how it stands, percuss submit SPEC hands it over (again)`,
    {
      details: { state: submitted?.state ?? 'unknown' },
    },
  );
}

/** How many workers listen. */
export const listening = (workers: number): string =>
  workers === 1 ? '1 worker listens' : `${workers} workers listen`;
