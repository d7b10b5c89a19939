import { expect } from 'vitest';
import type { RandomStream } from '../../core/random.js';
import type { Range } from '../../core/ranges.js';
import { advance, hasTurn, outcomeOf } from '../../core/sweep-policy.js';
import type { SweepDecision, SweepEvent, SweepOutcome } from '../../core/sweep-policy.js';
import { beginSweep, restOf } from '../../core/sweep-state.js';
import type { SweepRules, SweepState } from '../../core/sweep-state.js';

/** What may befall a sweep; numbers in [0, 1] are chances of each step. */
export interface Weather {
  /** Units of which every batch fails. */
  readonly poison: ReadonlySet<number>;
  /** A batch fails though it holds no poison, is stopped by the infrastructure, or is given up on for its time. */
  readonly flaky: number;
  readonly stall: number;
  readonly late: number;
  /** Another run has units of a batch in hand. */
  readonly held?: number;
  /** A batch meets an error that would only come again. */
  readonly breaking: number;
  /** Somebody pauses or resumes, sets another window, cancels. */
  readonly pausing: number;
  readonly resizing: number;
  readonly cancelling: number;
  /** The server suggests to continue as new. */
  readonly suggesting: number;
}

export const calm: Weather = {
  poison: new Set(),
  flaky: 0,
  stall: 0,
  late: 0,
  breaking: 0,
  pausing: 0,
  resizing: 0,
  cancelling: 0,
  suggesting: 0,
};

export const sights = [
  'continued',
  'continued with a carry',
  'paused by itself',
  'a batch given back',
  'a record given back',
  'a batch stalled',
  'a record stalled',
  'a batch held',
] as const;
export type Sight = (typeof sights)[number];

/** A range whose batch runs, or whose failure is being recorded, in whoever drives the sweep. */
interface Task {
  readonly range: Range;
  recording: boolean;
  stalls: number;
  cancelled: boolean;
}

/**
 * A sweep with a driver, workers, a store and users in any order that a stream of numbers gives. After every step the books
 * of the store are held against the state: each unit is in exactly one place, whatever happened.
 */
export class CheckedSweepWorld {
  state: SweepState;
  outcome: SweepOutcome | undefined;
  /** Times that a unit was committed, that it was recorded, and that it failed alone without a success. */
  readonly committed: number[];
  readonly recorded: number[];
  readonly failedAlone: number[];
  steps = 0;
  /** What happened at least once. */
  readonly seen = new Set<Sight>();
  /** Ranges in the order in which they were started. */
  readonly started: Range[] = [];
  #tasks: Task[] = [];
  #events = 0;
  /** What the sweep must take itself to be, by the book of this world. */
  #paused = false;
  #streak = 0;
  #window: number;

  constructor(
    readonly rules: SweepRules,
    window: number,
    readonly weather: Weather,
    readonly random: RandomStream,
  ) {
    this.#window = window;
    this.state = beginSweep(rules, { window, paused: false });
    const units = rules.stretches.at(-1)?.to ?? 0;
    const zeros = (): number[] => Array.from({ length: units }, () => 0);
    [this.committed, this.recorded, this.failedAlone] = [zeros(), zeros(), zeros()];
  }

  /** Steps until the sweep has ended for good. */
  run(): this {
    const most = 400 + 200 * this.committed.length;
    while (this.outcome === undefined || this.outcome === 'continue') {
      expect(++this.steps, 'the sweep ends').toBeLessThan(most);
      this.#step();
      this.#check();
      this.outcome = outcomeOf(this.rules, this.state);
      if (this.outcome === 'continue') this.#continue();
    }
    expect(this.#tasks).toEqual([]);
    return this;
  }

  #chance(share: number): boolean {
    return share > 0 && this.random.uniform() < share;
  }

  #step(): void {
    const { weather } = this;
    if (this.#chance(weather.cancelling)) this.#obey(this.#tell({ kind: 'cancelled' }));
    else if (this.#chance(weather.resizing)) this.#resize(1 + this.random.below(6));
    else if (this.#chance(weather.pausing)) this.#pause(!this.#paused);
    else if (this.state.closing !== undefined && this.#chance(0.05)) this.#obey(this.#tell({ kind: 'waited' }));
    else if (this.#chance(0.5) && this.#turn()) return;
    else if (this.#tasks.length > 0) this.#befall(this.#tasks[this.random.below(this.#tasks.length)] as Task);
    // With nothing in flight and nothing to start the sweep can only wait for somebody to resume it.
    else if (!this.#turn() && this.state.closing === undefined) {
      expect(this.state.paused).toBe(true);
      this.#pause(false);
    }
  }

  #tell(event: SweepEvent): readonly SweepDecision[] {
    this.#events += 1;
    // Never changed, only followed by another: who changes a frozen one fails.
    const { state } = this;
    for (const part of [state, state.carry, state.inFlight, state.done]) Object.freeze(part);
    const step = advance(this.rules, state, event);
    // As if another process went on with it.
    this.state = JSON.parse(JSON.stringify(step.state)) as SweepState;
    return step.decisions;
  }

  #obey(decisions: readonly SweepDecision[]): void {
    for (const decision of decisions) {
      if (decision.kind === 'cancel') for (const task of this.#tasks) task.cancelled = true;
      if (decision.kind === 'close') expect(decision.patienceMs).toBeGreaterThanOrEqual(1000 * this.rules.drainSeconds);
      if (decision.kind === 'start') this.#start(decision.range);
    }
  }

  #turn(): boolean {
    const history = { events: this.#events, suggested: this.#chance(this.weather.suggesting) };
    if (!hasTurn(this.rules, this.state, history)) return false;
    const wasClosing = this.state.closing !== undefined;
    const decisions = this.#tell({ kind: 'turn', history });
    expect(decisions.length + (this.state.closing === undefined ? 0 : 1), 'a turn does something').toBeGreaterThan(0);
    if (wasClosing || this.state.closing !== undefined) {
      expect(decisions.filter(({ kind }) => kind === 'start')).toEqual([]);
    }
    this.#obey(decisions);
    return true;
  }

  #start(range: Range): void {
    const { from, to } = range;
    expect(this.#paused, 'nothing starts while paused').toBe(false);
    expect(this.#tasks.length, 'there is room').toBeLessThan(this.#window);
    expect(to).toBeGreaterThan(from);
    expect(this.rules.stretches.some((stretch) => from >= stretch.from && to <= stretch.to)).toBe(true);
    // What others have in hand comes last.
    if (range.held !== undefined) {
      expect(this.state.cursor, 'nothing else is left').toBe(this.committed.length);
      expect(this.state.carry.every(({ held }) => held !== undefined)).toBe(true);
    }
    this.started.push(range);
    this.#tasks.push({ range, recording: false, stalls: 0, cancelled: false });
  }

  #end(task: Task): void {
    this.#tasks = this.#tasks.filter((other) => other !== task);
  }

  /** Something happens to a batch, or to the record of its failure. */
  #befall(task: Task): void {
    const { from } = task.range;
    if (task.cancelled && this.#chance(0.7)) {
      this.#end(task);
      // Whose record is cancelled is tried once more.
      this.seen.add(task.recording ? 'a record given back' : 'a batch given back');
      if (task.recording) this.failedAlone[from] = (this.failedAlone[from] ?? 0) - 1;
      this.#tell({ kind: 'given-back', from });
    } else if (this.#chance(this.weather.stall)) {
      task.stalls += 1;
      this.seen.add(task.recording ? 'a record stalled' : 'a batch stalled');
      const afterMs = Math.min(60_000, 1000 * 2 ** task.stalls);
      expect(this.#tell({ kind: 'stalled', from, reason: 'out of reach' })).toEqual([{ kind: 'retry', afterMs }]);
    } else if (this.#chance(this.weather.breaking)) {
      this.#end(task);
      this.#tell({ kind: 'broken', from });
    } else if (task.recording) this.#record(task);
    else this.#run(task);
  }

  #run(task: Task): void {
    const { from, to } = task.range;
    if (this.#chance(this.weather.held ?? 0)) {
      this.#end(task);
      this.seen.add('a batch held');
      expect(this.#tell({ kind: 'held', from, computed: 1, noOp: 0 })).toEqual([]);
      return;
    }
    const late = this.#chance(this.weather.late);
    const poisoned = [...this.weather.poison].some((unit) => unit >= from && unit < to);
    if (!late && !poisoned && !this.#chance(this.weather.flaky)) {
      for (let unit = from; unit < to; unit++) this.committed[unit] = (this.committed[unit] ?? 0) + 1;
      this.#end(task);
      this.#streak = 0;
      expect(this.#tell({ kind: 'done', from })).toEqual([]);
      return;
    }
    if (to - from === 1) this.failedAlone[from] = (this.failedAlone[from] ?? 0) + 1;
    const message = `it failed at ${this.#events}`;
    const [decision, ...more] = this.#tell(
      late ? { kind: 'late', from } : { kind: 'failed', from, code: 'ENGINE_FAILED', message },
    );
    expect(more).toEqual([]);
    this.#streak += 1;
    if (!this.#paused && this.#streak >= (this.rules.pauseAfter ?? Infinity)) {
      this.#paused = true;
      this.seen.add('paused by itself');
    }
    if (decision === undefined) {
      this.#end(task);
      return;
    }
    expect(decision).toMatchObject({ kind: 'record', failure: { unit: from } });
    expect(this.failedAlone[from], 'tries of a unit that is recorded').toBe(this.rules.tries);
    task.recording = true;
    task.stalls = 0;
  }

  #record(task: Task): void {
    const { from } = task.range;
    this.recorded[from] = (this.recorded[from] ?? 0) + 1;
    this.#end(task);
    expect(this.#tell({ kind: 'recorded', from })).toEqual([]);
  }

  #pause(paused: boolean): void {
    this.#tell({ kind: paused ? 'paused' : 'resumed' });
    this.#paused = paused;
    if (!paused) this.#streak = 0;
  }

  #resize(window: number): void {
    this.#tell({ kind: 'resized', window });
    this.#window = window;
  }

  /** Goes on with nothing but what is handed on. */
  #continue(): void {
    expect(this.#tasks).toEqual([]);
    const { paused, window } = this.state;
    const rest = JSON.parse(JSON.stringify(restOf(this.state))) as SweepState;
    this.state = beginSweep(this.rules, { paused, window }, rest);
    this.seen.add(this.state.carry.length > 0 ? 'continued with a carry' : 'continued');
    this.#events = 0;
    this.outcome = undefined;
    this.#check();
  }

  /** The state against the books. */
  #check(): void {
    const { state, rules } = this;
    const inFlight = state.inFlight.map(({ range }) => range);
    const places = this.committed.map((times, unit) => times + (this.recorded[unit] ?? 0));
    const ended = rules.stretches.map(({ from, to }) => places.slice(from, to).reduce((sum, times) => sum + times, 0));
    const ahead = { from: state.cursor, to: places.length };
    for (const { from, to } of [...state.carry, ...inFlight, ahead]) {
      for (let unit = from; unit < to; unit++) places[unit] = (places[unit] ?? 0) + 1;
    }
    const named = (ranges: readonly Range[]): string => ranges.map(({ from, to }) => `${from}-${to}`).join(' ');
    const recording = (all: readonly boolean[]): string => all.join(' ');
    const claims: readonly (readonly [claim: string, said: unknown, is: unknown])[] = [
      ['units that are not in one place', places.flatMap((times, unit) => (times === 1 ? [] : [unit])).join(' '), ''],
      ['units done', state.done.join(' '), ended.join(' ')],
      ['in flight', named(inFlight), named(this.#tasks.map(({ range }) => range))],
      [
        'being recorded',
        recording(state.inFlight.map((one) => one.failure !== undefined)),
        recording(this.#tasks.map((one) => one.recording)),
      ],
      ['paused', state.paused, this.#paused],
      ['failures in a row', state.streak, this.#streak],
      ['the window', state.window, this.#window],
      ['a reason only of a pause', state.pausedBecause === undefined || state.paused, true],
    ];
    // `expect` only where it fails: this is asked hundreds of thousands of times.
    for (const [claim, said, is] of claims) if (said !== is) expect(said, claim).toBe(is);
  }
}
