import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import { bundleWorkflowCode } from '@temporalio/worker';
import type { NativeConnection, WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { afterAll, beforeAll } from 'vitest';
import { sha256 } from '../../core/digest.js';
import type { Digest } from '../../core/digest.js';
import type { NumericMode } from '../../core/numeric-mode.js';
import type { StudyRef } from '../../core/spec/resolved-study.js';
import type { StudySteps } from '../../core/study/steps.js';
import { connectClient } from '../../infra/connection.js';
import { connectWorker } from '../../infra/worker-connection.js';
import { obtainTemporal } from '../../infra/obtain/temporal.js';
import type { ServerBinary } from '../../infra/obtain/temporal.js';
import { startPrivateServer } from '../../infra/server.js';
import type { PrivateServer } from '../../infra/server.js';
import { cacheFolder } from '../../infra/settings.js';
import { queryProgress, studyHandle, submitStudy } from '../../workers/client.js';
import type { StudyHandle, SubmitOptions } from '../../workers/client.js';
import { startWorker } from '../../workers/worker.js';
import type { RunningWorker, WorkerRole } from '../../workers/worker.js';
import { setWindowSignal } from '../../workflows/protocol.js';
import { batches, commits, doneUnits, failedUnits, fakeSteps, writeConfig } from './fixtures/fake-steps.mjs';
import type { FakeConfig } from './fixtures/fake-steps.mjs';

export const mode: NumericMode = { engine: 'reference', precision: 'float64', device: 'cpu' };

export function serverBinary(): Promise<ServerBinary> {
  return obtainTemporal({ cache: cacheFolder(), onProgress: (line) => console.warn(line) });
}

/** Sets the number of batches in flight of the running sweep and of all later ones. */
export async function setWindow(client: Client, study: Digest, window: number): Promise<void> {
  await studyHandle(client, study).signal(setWindowSignal, window);
  const { sweep } = await queryProgress(client, study);
  if (sweep !== undefined) await client.workflow.getHandle(sweep).signal(setWindowSignal, window);
}

/** A real server for the tests of a file, with connections. */
export interface TestServer {
  server: PrivateServer;
  client: Client;
  native: NativeConnection;
  readonly storeId: string;
  /** One worker for all tests of a file, since starting one takes seconds. */
  worker?: RunningWorker;
}

export function useServer(options: { readonly worker: boolean } = { worker: true }): TestServer {
  const held = { storeId: randomUUID().slice(0, 8) } as TestServer;
  beforeAll(async () => {
    held.server = await startPrivateServer({ binary: await serverBinary() });
    held.client = await connectClient(held.server);
    held.native = await connectWorker(held.server);
    if (options.worker) held.worker = await work(held, sharedSteps);
  });
  afterAll(async () => {
    await held.worker?.shutdown();
    await held.client?.connection.close();
    await held.native?.close();
    await held.server?.stop();
    for (const folder of folders.values()) await rm(folder, { recursive: true, force: true });
    folders.clear();
  });
  return held;
}

/** What the build made of the workflows; tests begin with a build. */
export const builtWorkflows = { codePath: fileURLToPath(new URL('../../dist/workflows/bundle.js', import.meta.url)) };

/** Bundles them from their sources. */
export function bundleWorkflows(): Promise<WorkflowBundleWithSourceMap> {
  const silent = () => undefined;
  const logger = { trace: silent, debug: silent, info: silent, log: silent, warn: silent, error: console.error };
  return bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../../workflows/index.ts', import.meta.url)),
    logger,
  });
}

const folders = new Map<string, string>();

/** Steps of whichever fake study is meant. */
const of = (study: StudyRef): StudySteps => fakeSteps(folders.get(study.id) ?? 'no such study');
const sharedSteps: StudySteps = {
  planStage: (study, ...rest) => of(study).planStage(study, ...rest),
  runBatch: (stage, ...rest) => of(stage.study).runBatch(stage, ...rest),
  recordFailures: (stage, ...rest) => of(stage.study).recordFailures(stage, ...rest),
  analyse: (study, ...rest) => of(study).analyse(study, ...rest),
  writeTable: (study, ...rest) => of(study).writeTable(study, ...rest),
  writeReport: (study, ...rest) => of(study).writeReport(study, ...rest),
};

/** A worker of its own for one mode and some roles. */
export function workOn(held: TestServer, of: NumericMode, roles: readonly WorkerRole[]): Promise<RunningWorker> {
  return work(held, sharedSteps, { mode: of, roles });
}

function work(
  held: TestServer,
  steps: StudySteps,
  more: { readonly mode?: NumericMode; readonly roles?: readonly WorkerRole[] } = {},
): Promise<RunningWorker> {
  return startWorker({
    connection: held.native,
    namespace: held.server.namespace,
    storeId: held.storeId,
    mode,
    steps,
    slots: 6,
    graceSeconds: 1,
    workflows: { workflowBundle: builtWorkflows },
    ...more,
  });
}

/** One fake study in a folder of its own. */
export class World {
  readonly study: StudyRef;

  private constructor(
    readonly held: TestServer,
    readonly folder: string,
  ) {
    const id = sha256(folder);
    this.study = { id, study: { key: `studies/${id}/study.json`, sha256: id }, mode, batchSeconds: 10 };
    folders.set(id, folder);
  }

  static async open(held: TestServer, config: FakeConfig): Promise<World> {
    const folder = await mkdtemp(path.join(tmpdir(), 'percuss-world-'));
    writeConfig(folder, config);
    return new World(held, folder);
  }

  configure(config: FakeConfig): void {
    writeConfig(this.folder, config);
  }

  submit(options: Partial<SubmitOptions> = {}): Promise<StudyHandle> {
    return submitStudy(this.held.client, this.study, {
      name: 'fake',
      storeId: this.held.storeId,
      tables: ['models', 'layers'],
      window: 6,
      ...options,
    });
  }

  get done(): string[] {
    return doneUnits(this.folder);
  }
  get failed(): string[] {
    return failedUnits(this.folder);
  }
  get commits(): string[] {
    return commits(this.folder);
  }
  get batches(): [number, number][] {
    return batches(this.folder);
  }
}

/** Waits until something holds, or fails with what it was waiting for. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, seconds = 30): Promise<void> {
  for (const deadline = Date.now() + 1000 * seconds; !(await holds());) {
    if (Date.now() > deadline) throw new Error(`waited ${seconds} s in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
