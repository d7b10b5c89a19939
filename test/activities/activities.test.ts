import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it } from 'vitest';
import { createActivities } from '../../activities/activities.js';
import { PercussError } from '../../core/errors.js';
import type { StagePlan, StudySteps } from '../../core/study/steps.js';

const stage: StagePlan = {
  study: {
    id: 'x',
    study: { key: '', sha256: '' },
    mode: { engine: 'reference', precision: 'float64', device: 'cpu' },
    batchSeconds: 10,
  },
  index: 0,
  ref: { key: '', sha256: '' },
  units: 8,
  segments: [],
  stored: 0,
  failed: 0,
};

/** Activities whose batches do the one thing given. */
const batches = (runBatch: StudySteps['runBatch']) => {
  const refuse = () => Promise.reject(new Error('not asked for'));
  return createActivities({
    runBatch,
    planStage: refuse,
    recordFailures: refuse,
    analyse: refuse,
    writeTable: refuse,
    writeReport: refuse,
  });
};
const run = (runBatch: StudySteps['runBatch'], environment = new MockActivityEnvironment()) =>
  environment.run(batches(runBatch).runBatch, stage, 0, 8);

describe('the activity of a batch', () => {
  it('returns what a batch itself did wrong as a result, so that the workflow can halve it', async () => {
    const report = await run(() => Promise.reject(new PercussError('COMPUTE_CRASHED', 'the process ended')));
    expect(report).toEqual({ status: 'failed', code: 'COMPUTE_CRASHED', message: 'the process ended' });
  });

  it.each([
    ['STORE_UNREACHABLE', false],
    ['MODEL_INVALID', true],
    ['OBJECT_DAMAGED', true],
  ] as const)('throws %s as a failure of that type, final: %s', async (code, nonRetryable) => {
    const error = await run(() => Promise.reject(new PercussError(code, 'why', { details: { key: 'cells/1' } }))).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(ApplicationFailure);
    expect(error).toMatchObject({ type: code, message: 'why', nonRetryable, details: [{ key: 'cells/1' }] });
  });

  it('throws what is no error of ours as a bug that is not tried again', async () => {
    await expect(run(() => Promise.reject(new TypeError('x is not a function')))).rejects.toMatchObject({
      type: 'BUG',
      nonRetryable: true,
    });
  });

  it('keeps details below a kibibyte', async () => {
    const details = { small: 1, large: 'x'.repeat(5_000), last: true };
    await expect(
      run(() => Promise.reject(new PercussError('MODEL_INVALID', 'm'.repeat(9_000), { details }))),
    ).rejects.toMatchObject({
      details: [{ small: 1, last: true }],
      message: expect.stringMatching(/^m{1999}…$/) as string,
    });
  });

  it('hands on cancellation, and reports it as such whatever the step made of it', async () => {
    const environment = new MockActivityEnvironment();
    const attempt = run(
      (_stage, _from, _to, options) =>
        new Promise((_, reject) => {
          options?.signal?.addEventListener('abort', () => reject(new PercussError('ENGINE_FAILED', 'torn away')));
        }),
      environment,
    );
    environment.cancel();
    await expect(attempt).rejects.toBeInstanceOf(CancelledFailure);
  });

  it('ends a batch shortly before Temporal would give it up, and says so as a result', async () => {
    const report = await run(
      (_stage, _from, _to, options) =>
        new Promise((_, reject) => {
          options?.signal?.addEventListener('abort', () => reject(new PercussError('CANCELLED', 'stopped')));
        }),
      new MockActivityEnvironment({ startToCloseTimeoutMs: 100 }),
    );
    expect(report).toMatchObject({ status: 'failed', code: 'COMPUTE_CRASHED' });
  });

  it('beats with what is done, in words for people', async () => {
    const environment = new MockActivityEnvironment();
    const beats: unknown[] = [];
    environment.on('heartbeat', (details: unknown) => beats.push(details));
    await run((_stage, _from, _to, options) => {
      options?.onUnits?.(3);
      return Promise.resolve({ computed: 8, reused: 0, noOp: 0, seconds: 1 });
    }, environment);
    expect(beats).toEqual(['units 0 to 8', 'units 0 to 8: 3 done']);
  });
});
