import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Ref } from '../core/digest.js';
import type { Engine } from '../core/engine/engine.js';
import { Ledger } from '../core/ledger/ledger.js';
import { emitOnnx } from '../core/network/emit-onnx.js';
import type { Graph } from '../core/network/graph.js';
import { nullNetwork } from '../core/probe/null-network.js';
import { Recalibration } from '../core/probe/recalibration.js';
import { openStore } from '../core/store/open.js';
import { tableBytes } from '../core/study/analysing/analysis.js';
import { createSteps } from '../core/study/create-steps.js';
import { prepareStudy } from '../core/study/preparing/prepare-study.js';
import { runStudySteps } from '../core/study/running/run-steps.js';
import { readTable } from '../core/tables/read-table.js';
import type { ExcessRow } from '../core/tables/schema.js';
import type { Tensor } from '../core/tensor.js';
import { computeChildren } from '../workers/children.js';

/** A trained network whose shuffles are scored as if they were networks. */
export interface Trained {
  readonly graph: Graph;
  /** Reference images as the network takes them: what its shuffles are recalibrated on, as the study's nulls are. */
  readonly reference: Tensor;
  /** Data and input of a spec; the reference images are those of the set `train`. */
  readonly spec: { readonly data: object; readonly defaults: object };
}

/** How much is run. */
export interface Trial {
  readonly nulls: number;
  readonly bases: number;
}

/**
 * Scores one shuffle of a network as if it were a network: it is written to a file, and a study of that file, with nulls of its own, is
 * run from spec to tables. Its rows of the table `excess`.
 */
export async function scoreNull(
  { graph, reference, spec }: Trained,
  engine: Engine,
  trial: number,
  { nulls, bases }: Trial,
): Promise<readonly ExcessRow[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'percuss-nulls-'));
  const store = await openStore(`file:${path.join(folder, 'store')}`);
  const children = computeChildren({ slots: 1 });
  try {
    const shuffled = await nullNetwork(graph, new Recalibration(graph, engine, [reference]), 1, { shuffled: trial });
    const file = path.join(folder, 'null.onnx');
    await writeFile(file, emitOnnx(shuffled));
    const study = {
      version: 1,
      study: 'null-as-network',
      seed: 1000 + trial,
      ...spec,
      models: { null: { file } },
      impulses: { images: { base: { images: bases }, amplitudes: { std: [0.1, -0.1] } } },
      analysis: { nulls: { shuffled: nulls } },
    };
    const ledger = new Ledger(store);
    const { ref } = await prepareStudy(study, ledger);
    const steps = createSteps({ ledger, compute: children });
    // The report would cost more than all else, so the steps end before it.
    const left = ref.study as unknown as Ref<never>;
    const swept = {
      ...steps,
      analyse: () => Promise.resolve(left),
      writeReport: () => Promise.resolve({ report: left, summary: left }),
    };
    await runStudySteps(swept, ref, { window: 1, onFailure: 'stop', tables: [] });
    return await readTable('excess', await tableBytes(ledger, await steps.analyse(ref), 'excess'));
  } finally {
    await children.close();
    await store.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** How p are spread that would be uniform on 1/(1 + nulls), …, 1: the share at most each of some levels, and chi-squared over the values. */
export function spreadOfP(
  values: readonly number[],
  nulls: number,
  levels: readonly number[],
): { readonly shares: readonly number[]; readonly chi: number; readonly freedom: number } {
  const counts = Array.from({ length: nulls + 1 }, (_, i) =>
    values.filter((p) => Math.round(p * (nulls + 1)) === i + 1),
  );
  const expected = values.length / (nulls + 1);
  return {
    shares: levels.map((level) => values.filter((p) => p <= level + 1e-9).length / values.length),
    chi: counts.reduce((sum, { length }) => sum + (length - expected) ** 2 / expected, 0),
    freedom: nulls,
  };
}
