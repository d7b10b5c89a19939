import { onFailures } from './on-failure.js';
import { backOffMs } from './back-off.js';
import { halves, nextRange, patience, type Range } from './ranges.js';
import { counted, entryAt, replaced, windowWithin, without } from './sweep-state.js';
import type { HistoryLength, SweepRules, SweepState, UnitFailure } from './sweep-state.js';

// What happens to the batches of one stage, as a state, events and decisions: nothing here waits, computes or stores. The
// workflow of a sweep and the loop without Temporal tell what befell and do what is decided.

/** What befell. A range in flight is named by its first unit. */
export type SweepEvent =
  /** All that befell at once has been told, and batches may start. */
  | { readonly kind: 'turn'; readonly history: HistoryLength }
  /** A batch is committed. */
  | { readonly kind: 'done'; readonly from: number }
  /** Another run has units of a batch in hand; of the others so many were computed, and changed nothing. */
  | { readonly kind: 'held'; readonly from: number; readonly computed: number; readonly noOp: number }
  /** A batch failed by itself: what it computes, or its process. */
  | { readonly kind: 'failed'; readonly from: number; readonly code: string; readonly message: string }
  /** A batch was given up on for its time, though its worker should have ended it. */
  | { readonly kind: 'late'; readonly from: number }
  /** The infrastructure stopped the batch, or the record of its failure. */
  | { readonly kind: 'stalled'; readonly from: number; readonly reason: string }
  /** The failure that was decided to be recorded is. */
  | { readonly kind: 'recorded'; readonly from: number }
  /** A batch, or the record of its failure, was cancelled. */
  | { readonly kind: 'given-back'; readonly from: number }
  /** It met an error that would only come again. */
  | { readonly kind: 'broken'; readonly from: number }
  /** Those in flight when the sweep closed have had their time. */
  | { readonly kind: 'waited' }
  | { readonly kind: 'paused' }
  | { readonly kind: 'resumed' }
  | { readonly kind: 'resized'; readonly window: number }
  | { readonly kind: 'cancelled' };

/** What to do now. */
export type SweepDecision =
  | { readonly kind: 'start'; readonly range: Range }
  /** Record the failure; the range stays in flight until it is. */
  | { readonly kind: 'record'; readonly failure: UnitFailure }
  /** Wait, then do again what the infrastructure stopped; the range stays in flight. */
  | { readonly kind: 'retry'; readonly afterMs: number }
  /** Nothing starts any more: wait for what is in flight, at most so long. */
  | { readonly kind: 'close'; readonly patienceMs: number }
  /** Cancel what is in flight. */
  | { readonly kind: 'cancel' };

export interface SweepStep {
  readonly state: SweepState;
  readonly decisions: readonly SweepDecision[];
}

/** How a sweep ends: `continue` is as new, with what it hands on; `broken` with the error that it met. */
export type SweepOutcome = 'done' | 'stopped' | 'continue' | 'broken' | 'cancelled';

/** The range to run next, whether or not there is room for it: what other runs have in hand comes last. */
function upcoming({ stretches }: SweepRules, { carry, cursor, window }: SweepState): Range | undefined {
  return carry.find(({ held }) => held === undefined) ?? nextRange(stretches, cursor, window) ?? carry[0];
}

const hasRoom = ({ paused, inFlight, window }: SweepState): boolean => !paused && inFlight.length < window;

/** Nothing more can start: it stopped, broke, or all is done. */
function isOver(rules: SweepRules, state: SweepState): boolean {
  if (state.broken || state.stoppedBy !== undefined) return true;
  return state.inFlight.length === 0 && upcoming(rules, state) === undefined;
}

function isLong({ continueAfter }: SweepRules, { ended }: SweepState, { events, suggested }: HistoryLength): boolean {
  // Without a batch of its own a run would hand on what it was given, for ever.
  return suggested || (continueAfter !== undefined && events >= continueAfter && ended > 0);
}

/** Whether a turn would change anything now. */
export function hasTurn(rules: SweepRules, state: SweepState, history: HistoryLength): boolean {
  if (state.closing !== undefined) return false;
  if (isOver(rules, state) || isLong(rules, state, history)) return true;
  return hasRoom(state) && upcoming(rules, state) !== undefined;
}

/** How the sweep ends; undefined as long as it goes on or something is in flight. */
export function outcomeOf(rules: SweepRules, state: SweepState): SweepOutcome | undefined {
  if (state.closing === undefined || state.inFlight.length > 0) return undefined;
  if (state.closing === 'cancelled') return 'cancelled';
  if (state.broken) return 'broken';
  if (state.stoppedBy !== undefined) return 'stopped';
  return state.closing === 'history' && upcoming(rules, state) !== undefined ? 'continue' : 'done';
}

/**
 * What an event makes of a sweep, and what is to be done. A function of its arguments alone, so that a workflow that is
 * replayed decides alike.
 *
 * @throws Error for an event of a range that isn't in flight, or a record that was not decided: a bug of whoever drives it
 */
export function advance(rules: SweepRules, state: SweepState, event: SweepEvent): SweepStep {
  switch (event.kind) {
    case 'turn':
      return turn(rules, state, event.history);
    case 'done':
      return { state: counted(rules, { ...state, streak: 0 }, event.from), decisions: [] };
    case 'held':
      return { state: leftForLater(state, event), decisions: [] };
    case 'failed':
      return failed(rules, state, event);
    case 'late':
      return failed(rules, state, {
        from: event.from,
        code: 'COMPUTE_CRASHED',
        message: 'the batch did not end in time, nor did its worker end it',
      });
    case 'stalled':
      return stalled(state, event.from, event.reason);
    case 'recorded':
      return { state: recorded(rules, state, event.from), decisions: [] };
    case 'given-back':
      return { state: givenBack(state, event.from), decisions: [] };
    case 'broken':
      return { state: { ...givenBack(state, event.from), broken: true }, decisions: [] };
    case 'waited':
      return { state, decisions: cancelling(state) };
    case 'cancelled':
      return { state: { ...state, closing: 'cancelled' }, decisions: cancelling(state) };
    case 'paused':
      return { state: { ...state, paused: true }, decisions: [] };
    case 'resumed': {
      const { pausedBecause: _, ...others } = state;
      return { state: { ...others, paused: false, streak: 0 }, decisions: [] };
    }
    case 'resized':
      return { state: { ...state, window: windowWithin(event.window) }, decisions: [] };
  }
}

const cancelling = ({ inFlight }: SweepState): readonly SweepDecision[] =>
  inFlight.length > 0 ? [{ kind: 'cancel' }] : [];

/** Starts what there is room for, or closes. */
function turn(rules: SweepRules, state: SweepState, history: HistoryLength): SweepStep {
  if (state.closing !== undefined) return { state, decisions: [] };
  if (isOver(rules, state)) return closed(rules, { ...state, closing: 'over' });
  if (isLong(rules, state, history)) return closed(rules, { ...state, closing: 'history' });
  const decisions: SweepDecision[] = [];
  let now = state;
  for (;;) {
    const range = hasRoom(now) ? upcoming(rules, now) : undefined;
    if (range === undefined) return { state: now, decisions };
    decisions.push({ kind: 'start', range });
    now = {
      ...now,
      ...(now.carry.includes(range) ? { carry: now.carry.filter((other) => other !== range) } : { cursor: range.to }),
      inFlight: [...now.inFlight, { range, stalls: 0 }],
    };
  }
}

function closed(rules: SweepRules, state: SweepState): SweepStep {
  if (state.broken) return { state, decisions: cancelling(state) };
  const ranges = state.inFlight.map(({ range }) => range);
  const patienceMs = patience(ranges, rules.stretches, rules.drainSeconds);
  return { state, decisions: [{ kind: 'close', patienceMs }] };
}

/** A batch that failed by itself: halved, tried again behind what waits, or given up. */
function failed(
  rules: SweepRules,
  before: SweepState,
  { from, code, message }: { readonly from: number; readonly code: string; readonly message: string },
): SweepStep {
  const entry = entryAt(before, from);
  const { range } = entry;
  const state = grown(rules, before, `${code}: ${message}`);
  if (range.to - range.from > 1) {
    const left = without(state, from);
    return { state: { ...left, carry: [...halves(range), ...left.carry] }, decisions: [] };
  }
  const tries = range.tries + 1;
  if (tries < rules.tries) {
    const left = without(state, from);
    return { state: { ...left, carry: [...left.carry, { ...range, tries }] }, decisions: [] };
  }
  const failure = { unit: from, code, message };
  return { state: replaced(state, { range, failure, stalls: 0 }), decisions: [{ kind: 'record', failure }] };
}

/** One more failed batch in a row; too many pause the sweep. */
function grown({ pauseAfter }: SweepRules, state: SweepState, last: string): SweepState {
  const streak = state.streak + 1;
  if (pauseAfter === undefined || streak < pauseAfter || state.paused) return { ...state, streak };
  return {
    ...state,
    streak,
    paused: true,
    pausedBecause: `${streak} batches failed in a row, the last with ${last}`,
  };
}

function stalled(state: SweepState, from: number, reason: string): SweepStep {
  const entry = entryAt(state, from);
  const stalls = entry.stalls + 1;
  return {
    state: replaced(state, { ...entry, stalls, stalled: reason }),
    decisions: [{ kind: 'retry', afterMs: backOffMs(stalls) }],
  };
}

/** A range that ended without a result waits behind the others. */
function givenBack(state: SweepState, from: number): SweepState {
  const { range } = entryAt(state, from);
  const left = without(state, from);
  return { ...left, carry: [...left.carry, range] };
}

/** A range of which another run has a part in hand waits behind everything else. */
function leftForLater(
  state: SweepState,
  { from, computed, noOp }: { readonly from: number; readonly computed: number; readonly noOp: number },
): SweepState {
  const { range } = entryAt(state, from);
  const { held = { computed: 0, noOp: 0 } } = range;
  const later = { ...range, held: { computed: held.computed + computed, noOp: held.noOp + noOp } };
  const left = without(state, from);
  return { ...left, carry: [...left.carry, later] };
}

function recorded(rules: SweepRules, state: SweepState, from: number): SweepState {
  const { failure } = entryAt(state, from);
  if (failure === undefined) throw new Error(`no failure of unit ${from} was to be recorded`);
  const after = counted(rules, state, from);
  return onFailures[rules.onFailure].stops && after.stoppedBy === undefined ? { ...after, stoppedBy: failure } : after;
}
