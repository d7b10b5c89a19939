import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PercussError, type ErrorCode } from '../../../core/errors.js';
import { randomStream } from '../../../core/random.js';
import { runStage, type StageOptions } from '../../../core/study/running/run-stage.js';
import type { StagePlan, StudySteps } from '../../../core/study/steps.js';

const mode = { engine: 'reference', precision: 'float64', device: 'cpu' } as const;
const object = { key: 'object', sha256: 'object' };

function planOf(lengths: readonly number[], size: number): StagePlan {
  let from = 0;
  const segments = lengths.map((units, i) => {
    const segment = { label: `s${i}`, model: 'm', from, to: from + units, size, least: 1, seconds: size };
    from += units;
    return segment;
  });
  const study = { id: 'study', study: object, mode, batchSeconds: 10 };
  return { study, index: 0, ref: object, units: from, segments, stored: 0, failed: 0 };
}

/** Steps whose batches end in the order of a stream of numbers; batches that hold a unit named here fail with its code. */
class Bench {
  readonly committed: number[] = [];
  readonly recorded: number[] = [];
  readonly batches: (readonly [from: number, to: number])[] = [];
  most = 0;
  inFlight = 0;
  aborted = 0;
  constructor(
    readonly failing: ReadonlyMap<number, ErrorCode>,
    seed = 0,
    readonly onBatch: (batch: number) => void = () => undefined,
  ) {
    this.random = randomStream(seed, 'bench');
  }
  readonly random;

  readonly steps: StudySteps = {
    planStage: () => Promise.reject(new Error('not asked for')),
    analyse: () => Promise.reject(new Error('not asked for')),
    writeTable: () => Promise.reject(new Error('not asked for')),
    writeReport: () => Promise.reject(new Error('not asked for')),
    runBatch: async (_plan, from, to, options) => {
      this.batches.push([from, to]);
      this.inFlight += 1;
      this.most = Math.max(this.most, this.inFlight);
      this.onBatch(this.batches.length);
      for (let ticks = this.random.below(12); ticks > 0; ticks--) await Promise.resolve();
      this.inFlight -= 1;
      if (options?.signal?.aborted) {
        this.aborted += 1;
        throw new PercussError('CANCELLED', 'the process was ended');
      }
      for (let unit = from; unit < to; unit++) {
        const code = this.failing.get(unit);
        if (code !== undefined) throw new PercussError(code, `unit ${unit} failed`);
      }
      for (let unit = from; unit < to; unit++) this.committed.push(unit);
      return { computed: to - from, reused: 0, noOp: 0, seconds: 0 };
    },
    recordFailures: async (_plan, failures) => {
      for (let ticks = this.random.below(3); ticks > 0; ticks--) await Promise.resolve();
      this.recorded.push(...failures.map(({ unit }) => unit));
    },
  };

  run(plan: StagePlan, options: Partial<StageOptions> = {}): ReturnType<typeof runStage> {
    return runStage(this.steps, plan, { window: 1, onFailure: 'continue', ...options });
  }
}

const poison = (...units: number[]): ReadonlyMap<number, ErrorCode> =>
  new Map(units.map((unit) => [unit, 'ENGINE_FAILED']));

describe('a stage without Temporal', () => {
  test('commits each unit or records it, once, within its window, in whatever order batches end', async () => {
    const anyPlan = fc
      .tuple(fc.array(fc.nat(20), { maxLength: 3 }), fc.integer({ min: 1, max: 8 }))
      .map(([lengths, size]) => planOf(lengths, size));
    const units = fc.array(fc.nat(40), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(anyPlan, units, fc.integer({ min: 1, max: 5 }), fc.nat(), async (plan, bad, window, seed) => {
        const bench = new Bench(poison(...bad), seed);
        const counts = await bench.run(plan, { window });
        const recorded = [...new Set(bad)].filter((unit) => unit < plan.units).toSorted((a, b) => a - b);
        expect(bench.recorded.toSorted((a, b) => a - b)).toEqual(recorded);
        const all = [...bench.committed, ...bench.recorded].toSorted((a, b) => a - b);
        expect(all).toEqual(Array.from({ length: plan.units }, (_, unit) => unit));
        expect(counts).toEqual({ computed: plan.units - recorded.length, failed: recorded.length });
        expect(bench.most).toBeLessThanOrEqual(window);
        for (const unit of recorded) {
          expect(bench.batches.filter(([from, to]) => from === unit && to === unit + 1)).toHaveLength(3);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('goes on where everything fails, since nobody could resume it', async () => {
    const bench = new Bench(poison(...Array.from({ length: 150 }, (_, unit) => unit)));
    expect(await bench.run(planOf([150], 1))).toEqual({ computed: 0, failed: 150 });
  });

  test('stops starting batches at the first unit that is recorded', async () => {
    const bench = new Bench(poison(0));
    expect(await bench.run(planOf([100], 1), { onFailure: 'stop' })).toMatchObject({ failed: 1 });
    // The unit waits its turn behind nothing: three runs of it, and none of another.
    expect(bench.batches).toEqual([
      [0, 1],
      [0, 1],
      [0, 1],
    ]);
  });

  test('shows units that are done, failed ones too, up to all', async () => {
    const shown: number[] = [];
    await new Bench(poison(2)).run(planOf([5], 1), { progress: ({ done }) => void shown.push(done) });
    expect(shown).toEqual([1, 2, 3, 4, 5]);
  });

  test('ends with an error that is not of a batch, and stops the batches in flight', async () => {
    const bench = new Bench(new Map([[0, 'STORE_UNREACHABLE']]), 3);
    await expect(bench.run(planOf([60], 1), { window: 4 })).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
    const begun = bench.batches.length;
    for (let ticks = 0; ticks < 50; ticks++) await Promise.resolve();
    expect(bench.inFlight).toBe(0);
    expect(bench.aborted).toBeGreaterThan(0);
    expect(bench.batches).toHaveLength(begun);
  });

  test('keeps the record of a unit that failed before an error ended it', async () => {
    const bench = new Bench(
      new Map([
        [0, 'ENGINE_FAILED'],
        [9, 'STORE_UNREACHABLE'],
      ]),
    );
    await expect(bench.run(planOf([10], 1))).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
    expect(bench.recorded).toEqual([0]);
  });

  test('is interrupted by its signal', async () => {
    const controller = new AbortController();
    const bench = new Bench(poison(), 0, (batch) => {
      if (batch === 5) controller.abort();
    });
    const run = bench.run(planOf([100], 1), { window: 2, signal: controller.signal });
    await expect(run).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(bench.batches.length).toBeLessThanOrEqual(6);
  });
});
