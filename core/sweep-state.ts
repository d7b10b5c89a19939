import type { OnFailure } from './on-failure.js';
import type { Range } from './ranges.js';
import { stretchAt } from './ranges.js';
import type { Stretch } from './self-scheduling.js';

/** What holds for a whole sweep. */
export interface SweepRules {
  readonly stretches: readonly Stretch[];
  /** Runs of a single unit that may fail before it is recorded as failed. */
  readonly tries: number;
  /** `stop` ends the sweep at the first unit that is recorded. */
  readonly onFailure: OnFailure;
  /** Failed batches without one that succeeds after which the sweep pauses itself; never unless given. */
  readonly pauseAfter?: number;
  /** Seconds beyond their predicted time that batches in flight get when the sweep closes; `Infinity` waits for all. */
  readonly drainSeconds: number;
  /** Events of a history after which the sweep continues as new; only the server's suggestion unless given. */
  readonly continueAfter?: number;
}

/** A unit that could not be computed, after every try. */
export interface UnitFailure {
  readonly unit: number;
  readonly code: string;
  readonly message: string;
}

/** What a sweep hands on when it continues as new, besides its controls; no batch is in flight then. */
export interface SweepRest {
  /** Units before it have been started once. */
  readonly cursor: number;
  /** Ranges to run again, before anything at the cursor. */
  readonly carry: readonly Range[];
  /** Units committed or recorded as failed, by stretch. */
  readonly done: readonly number[];
  /** Failed batches since the last that succeeded. */
  readonly streak: number;
  /** Why the sweep paused by itself. */
  readonly pausedBecause?: string;
}

/** A range that is being run, or whose failure is being recorded. */
export interface InFlight {
  readonly range: Range;
  /** What is being recorded. */
  readonly failure?: UnitFailure;
  /** Attempts in a row that the infrastructure stopped, and why it stopped the last. */
  readonly stalls: number;
  readonly stalled?: string;
}

/** Where a sweep stands. Plain data: it may be written as JSON and read again at any time. */
export interface SweepState extends SweepRest {
  readonly paused: boolean;
  /** Most batches in flight. */
  readonly window: number;
  readonly inFlight: readonly InFlight[];
  /** Ranges that this history has seen end, in whatever way. */
  readonly ended: number;
  /** Nothing starts any more. */
  readonly closing?: 'over' | 'history' | 'cancelled';
  /** The failure at which `onFailure: stop` ends the sweep. */
  readonly stoppedBy?: UnitFailure;
  /** A batch met an error that would only come again. */
  readonly broken?: true;
}

/** How long the history has grown in which this sweep is kept; always nothing without Temporal. */
export interface HistoryLength {
  readonly events: number;
  /** The server suggests to continue as new. */
  readonly suggested: boolean;
}

export const noHistory: HistoryLength = { events: 0, suggested: false };

/** A window that was asked for, within 1 to 500. */
export const windowWithin = (window: number): number => Math.min(500, Math.max(1, Math.floor(window)));

/** A priority that was asked for, within 1 to 5. */
export const priorityWithin = (priority: number): number => Math.min(5, Math.max(1, Math.floor(priority)));

/** The state of a sweep that begins, or of one that goes on with what another handed on. */
export function beginSweep(
  rules: SweepRules,
  { window, paused }: { readonly window: number; readonly paused: boolean },
  rest?: SweepRest,
): SweepState {
  return {
    cursor: rest?.cursor ?? 0,
    carry: rest?.carry ?? [],
    done: rules.stretches.map((_, i) => rest?.done[i] ?? 0),
    streak: rest?.streak ?? 0,
    ...(rest?.pausedBecause === undefined ? {} : { pausedBecause: rest.pausedBecause }),
    paused,
    window,
    inFlight: [],
    ended: 0,
  };
}

export function restOf({ cursor, carry, done, streak, pausedBecause }: SweepState): SweepRest {
  return { cursor, carry, done, streak, ...(pausedBecause === undefined ? {} : { pausedBecause }) };
}

/** A range in flight, by its first unit. @throws Error where none is: a bug of whoever drives the sweep */
export function entryAt(state: SweepState, from: number): InFlight {
  const entry = state.inFlight.find(({ range }) => range.from === from);
  if (entry === undefined) throw new Error(`no range that begins at unit ${from} is in flight`);
  return entry;
}

export function replaced(state: SweepState, entry: InFlight): SweepState {
  const { from } = entry.range;
  return { ...state, inFlight: state.inFlight.map((other) => (other.range.from === from ? entry : other)) };
}

/** The range is in flight no more. */
export function without(state: SweepState, from: number): SweepState {
  entryAt(state, from);
  return {
    ...state,
    inFlight: state.inFlight.filter(({ range }) => range.from !== from),
    ended: state.ended + 1,
  };
}

/** The units of a range in flight are committed or recorded. */
export function counted({ stretches }: SweepRules, state: SweepState, from: number): SweepState {
  const { range } = entryAt(state, from);
  const at = stretchAt(stretches, from);
  return {
    ...without(state, from),
    done: state.done.map((units, i) => (i === at ? units + range.to - range.from : units)),
  };
}
