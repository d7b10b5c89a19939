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
import type { NumericMode } from '../../core/numeric-mode.js';
import type { StudyRef } from '../../core/spec/resolved-study.js';
import { connectClient, connectWorker } from '../../infra/connection.js';
import { obtainTemporal } from '../../infra/obtain/temporal.js';
import type { ServerBinary } from '../../infra/obtain/temporal.js';
import { startPrivateServer } from '../../infra/server.js';
import type { PrivateServer } from '../../infra/server.js';
import { cacheFolder } from '../../infra/settings.js';
import { submitStudy } from '../../workers/client.js';
import type { StudyHandle, SubmitOptions } from '../../workers/client.js';
import { installRuntime, startWorker } from '../../workers/worker.js';
import type { RunningWorker, WorkerSettings } from '../../workers/worker.js';
import { commits, doneUnits, failedUnits, fakeSteps, writeConfig } from './fixtures/fake-steps.mjs';
import type { FakeConfig } from './fixtures/fake-steps.mjs';

export const mode: NumericMode = { engine: 'reference', precision: 'float64', device: 'cpu' };

export function serverBinary(): Promise<ServerBinary> {
  return obtainTemporal({ cache: cacheFolder(), onProgress: (line) => console.warn(line) });
}

/** A real server for the tests of a file, with connections and the bundled workflows. */
export interface TestServer {
  server: PrivateServer;
  client: Client;
  native: NativeConnection;
  bundle: WorkflowBundleWithSourceMap;
}

export function useServer(): TestServer {
  const held = {} as TestServer;
  beforeAll(async () => {
    installRuntime();
    held.server = await startPrivateServer({ binary: await serverBinary() });
    held.client = await connectClient(held.server);
    held.native = await connectWorker(held.server);
    held.bundle = await bundleWorkflows();
  });
  afterAll(async () => {
    await held.client?.connection.close();
    await held.native?.close();
    await held.server?.stop();
  });
  return held;
}

export function bundleWorkflows(): Promise<WorkflowBundleWithSourceMap> {
  const silent = () => undefined;
  const logger = { trace: silent, debug: silent, info: silent, log: silent, warn: silent, error: console.error };
  return bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../../workflows/index.ts', import.meta.url)),
    logger,
  });
}

/** One fake study in a folder of its own, with queues of its own. */
export class World {
  readonly storeId = randomUUID().slice(0, 8);
  readonly study: StudyRef;
  readonly workers: RunningWorker[] = [];

  private constructor(
    readonly held: TestServer,
    readonly folder: string,
  ) {
    const id = sha256(folder);
    this.study = { id, study: { key: `studies/${id}/study.json`, sha256: id }, mode };
  }

  static async open(held: TestServer, config: FakeConfig): Promise<World> {
    const folder = await mkdtemp(path.join(tmpdir(), 'percuss-world-'));
    writeConfig(folder, config);
    return new World(held, folder);
  }

  configure(config: FakeConfig): void {
    writeConfig(this.folder, config);
  }

  async work(settings: Partial<WorkerSettings> = {}): Promise<RunningWorker> {
    const worker = await startWorker({
      connection: this.held.native,
      namespace: this.held.server.namespace,
      storeId: this.storeId,
      mode,
      steps: fakeSteps(this.folder),
      slots: 4,
      graceSeconds: 1,
      workflows: { workflowBundle: this.held.bundle },
      ...settings,
    });
    this.workers.push(worker);
    return worker;
  }

  submit(options: Partial<SubmitOptions> = {}): Promise<StudyHandle> {
    return submitStudy(this.held.client, this.study, {
      name: 'fake',
      storeId: this.storeId,
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

  async close(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.shutdown()));
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Waits until something holds, or fails with what it was waiting for. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, seconds = 30): Promise<void> {
  for (const deadline = Date.now() + 1000 * seconds; !(await holds());) {
    if (Date.now() > deadline) throw new Error(`waited ${seconds} s in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
