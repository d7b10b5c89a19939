import { Worker } from '@temporalio/worker';
import type { NativeConnection, WorkerOptions } from '@temporalio/worker';
import { createActivities } from '../activities/activities.js';
import type { NumericMode } from '../core/numeric-mode.js';
import type { StudySteps } from '../core/study/steps.js';
import { queuesOf } from '../workflows/protocol.js';
import { workflowCode } from './workflow-bundle.js';

export type WorkerRole = 'control' | 'analyse' | 'evaluate';

export interface WorkerSettings {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly storeId: string;
  readonly mode: NumericMode;
  readonly steps: StudySteps;
  /** Batches at a time: the number of compute processes. */
  readonly slots: number;
  /** Without `evaluate` a process needs no engine; without `control`, no workflow runs in it. All unless given. */
  readonly roles?: readonly WorkerRole[];
  /** Time for batches to end after a shutdown was asked for. */
  readonly graceSeconds?: number;
  /** For tests: other workflow code. */
  readonly workflows?: Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'>;
}

export interface RunningWorker {
  /** Resolves when all is shut down; rejects when a poller fails for good. */
  readonly ended: Promise<void>;
  /** Finishes what it has within the grace, then gives it back to Temporal. */
  shutdown(): Promise<void>;
}

const graceSeconds = 60;
const forceSeconds = 15;

/** Starts to take part: polls the queues of the store for the roles. */
export async function startWorker(settings: WorkerSettings): Promise<RunningWorker> {
  const queues = queuesOf(settings.storeId, settings.mode);
  const roles = settings.roles ?? ['control', 'analyse', 'evaluate'];
  const all = createActivities(settings.steps);
  const { planStage, recordFailures, analyse, writeTable, writeReport, runBatch } = all;
  const grace = settings.graceSeconds ?? graceSeconds;
  const common: Omit<WorkerOptions, 'taskQueue'> = {
    connection: settings.connection,
    namespace: settings.namespace,
    shutdownGraceTime: `${grace} seconds`,
    shutdownForceTime: `${grace + forceSeconds} seconds`,
    // Cancellation and a lost worker are noticed by heartbeats, so they may not be held back for long.
    maxHeartbeatThrottleInterval: '5 seconds',
    defaultHeartbeatThrottleInterval: '5 seconds',
  };
  const recipes: Record<WorkerRole, () => WorkerOptions> = {
    control: () => ({
      ...common,
      ...(settings.workflows ?? workflowCode()),
      taskQueue: queues.control,
      activities: { planStage, recordFailures },
      maxConcurrentActivityTaskExecutions: 4,
      maxCachedWorkflows: 50,
      reuseV8Context: true,
      workflowThreadPoolSize: 1,
    }),
    analyse: () => ({
      ...common,
      taskQueue: queues.analyse,
      activities: { analyse, writeTable, writeReport },
      maxConcurrentActivityTaskExecutions: 1,
    }),
    evaluate: () => ({
      ...common,
      taskQueue: queues.evaluate,
      activities: { runBatch },
      maxConcurrentActivityTaskExecutions: settings.slots,
      maxConcurrentActivityTaskPolls: Math.min(5, settings.slots),
    }),
  };
  const workers = await Promise.all(roles.map((role) => Worker.create(recipes[role]())));
  const runs = workers.map((worker) => worker.run());
  const shutdownAll = (): void => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  // One that fails takes the others along: half a worker would only look alive.
  for (const run of runs) run.catch(shutdownAll);
  const ended = Promise.all(runs).then(() => undefined);
  ended.catch(() => undefined);
  return {
    ended,
    shutdown: async () => {
      shutdownAll();
      await Promise.allSettled(runs);
    },
  };
}
