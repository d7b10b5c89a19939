import { rm } from 'node:fs/promises';
import type { Ref } from '../core/digest.js';
import { Ledger } from '../core/ledger/ledger.js';
import type { StudyRef } from '../core/spec/resolved-study.js';
import { storeIdentity } from '../core/store/identity.js';
import type { ObjectStore } from '../core/store/object-store.js';
import { openStore } from '../core/store/open.js';
import { createSteps } from '../core/study/create-steps.js';
import { prepareStudy } from '../core/study/preparing/prepare-study.js';
import { runStudySteps } from '../core/study/running/run-steps.js';
import type { Analysis, StudySteps } from '../core/study/steps.js';
import { computeChildren, type Children } from '../workers/children.js';

export interface SweepTime {
  /** From the start to the moment when nothing is missing any more. */
  readonly seconds: number;
  readonly computed: number;
  readonly batches: number;
}

/** Runs the steps of a study that is prepared; `started` is when its clock began. */
export type Runner = (
  steps: StudySteps,
  study: StudyRef,
  storeId: string,
) => Promise<{ readonly started: number; readonly computed: number }>;

/** A loop in this process, with so many batches at a time. */
export const inProcess =
  (slots: number): Runner =>
  async (steps, study) => {
    const started = performance.now();
    const { computed } = await runStudySteps(steps, study, { window: slots, onFailure: 'stop', tables: [] });
    return { started, computed };
  };

/** Analysis and report cost the same however a sweep is run, so the steps end where they would begin. */
function sweepOnly(
  steps: StudySteps,
  study: StudyRef,
): { readonly steps: StudySteps; ended(): number; batches(): number } {
  let ended = Number.NaN;
  let batches = 0;
  const nothing = study.study as unknown as Ref<Uint8Array>;
  return {
    ended: () => ended,
    batches: () => batches,
    steps: {
      ...steps,
      runBatch: (...batch) => {
        batches++;
        return steps.runBatch(...batch);
      },
      analyse: () => {
        ended = performance.now();
        return Promise.resolve(study.study as unknown as Ref<Analysis>);
      },
      writeReport: () => Promise.resolve({ report: nothing, summary: nothing }),
    },
  };
}

/**
 * One study's sweep with compute children, on a file store in a folder of its own, which is removed. Reading the spec,
 * networks and images and storing them is not timed. `look` sees the store and the processes while they are there.
 */
export async function studySweep<T>(
  folder: string,
  spec: string,
  slots: number,
  run: Runner,
  look: (store: ObjectStore, ledger: Ledger, study: StudyRef, children: Children) => Promise<T>,
): Promise<SweepTime & { readonly seen: T }> {
  const store = await openStore(`file:${folder}`);
  const children = computeChildren({ slots });
  try {
    const ledger = new Ledger(store);
    const { ref } = await prepareStudy(spec, ledger);
    const watched = sweepOnly(createSteps({ ledger, compute: children }), ref);
    const { started, computed } = await run(watched.steps, ref, await storeIdentity(store));
    const seconds = (watched.ended() - started) / 1000;
    return { seconds, computed, batches: watched.batches(), seen: await look(store, ledger, ref, children) };
  } finally {
    await children.close();
    await store.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Keys of all objects below a prefix, in order. */
export async function keysOf(store: ObjectStore, prefix: string): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys.sort();
}
