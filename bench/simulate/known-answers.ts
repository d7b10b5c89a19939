import { canonicalJson, type Json } from '../../core/canonical.js';
import { sha256, type Digest } from '../../core/digest.js';
import type { Ledger } from '../../core/ledger/ledger.js';
import type { CellRow } from '../../core/ledger/cell-object.js';
import { SEMANTICS } from '../../core/plan/identity.js';
import type { ModelOutline } from '../../core/plan/outline.js';
import type { Cell, Provenance } from '../../core/probe/cell.js';
import type { KeptOutputs } from '../../core/probe/kept-outputs.js';
import type { StoredResult } from '../../core/ledger/response-shelf.js';
import type { StudyRef } from '../../core/spec/resolved-study.js';
import { analyseStudy } from '../../core/study/analysing/analyse.js';
import { createSteps } from '../../core/study/create-steps.js';
import { nextStage } from '../../core/study/planning/plan-stage.js';
import { outputScope } from '../../core/study/reading/committed.js';
import { BatchRunner } from '../../core/study/running/batch.js';
import type { Compute } from '../../core/study/running/compute.js';
import { runStage } from '../../core/study/running/run-stage.js';
import { memoryLedger, studyNames, submit, type StudyName, type Workload } from './workload.js';

/** What every unit of both studies gives, computed once and undisturbed: what processes of a simulation take as computed. */
export interface KnownAnswers {
  readonly cells: ReadonlyMap<Digest, Cell>;
  readonly outputs: ReadonlyMap<Digest, KeptOutputs>;
  readonly results: ReadonlyMap<Digest, StoredResult>;
  /** SHA-256 of the rows of all tables, in order. */
  readonly tables: Readonly<Record<StudyName, Digest>>;
  /** Units of each study. */
  readonly units: Readonly<Record<StudyName, number>>;
  /** Cells that study `two` alone asks for. */
  readonly onlyTwo: readonly Digest[];
}

export const provenance: Provenance = {
  engine: 'reference',
  version: '1',
  device: 'cpu',
  processor: 'simulated',
  percuss: '0',
};

/** Runs both studies with real arithmetic and no faults. */
export async function knownAnswers(workload: Workload): Promise<KnownAnswers> {
  const { catalog } = workload;
  const ledger = memoryLedger();
  const runner = new BatchRunner(ledger);
  const compute: Compute = {
    slots: 1,
    run: async ({ stage, from, to }) => ({ outcome: await runner.run(stage, from, to) }),
    close: () => runner.close(),
  };
  const steps = createSteps({ ledger, catalog, compute });
  const [cells, outputs, results] = [
    new Map<Digest, Cell>(),
    new Map<Digest, KeptOutputs>(),
    new Map<Digest, StoredResult>(),
  ];
  const tables: [StudyName, Digest][] = [];
  const units: [StudyName, number][] = [];
  let before: readonly Digest[] = [];
  for (const name of studyNames) {
    before = [...cells.keys()];
    const ref = await submit(ledger, workload, name);
    for (let index = 0; ; index++) {
      const plan = await steps.planStage(ref, index);
      if (!plan.ref) break;
      await runStage(steps, plan, { window: 1, onFailure: 'continue' });
    }
    const { models, tally } = await nextStage(ledger, catalog, ref);
    for (const outline of models) await gather(ledger, outline, { cells, outputs, results });
    tables.push([name, await rowsDigest(ledger, workload, ref)]);
    units.push([name, tally.total]);
  }
  await compute.close();
  return {
    onlyTwo: [...cells.keys()].filter((key) => !before.includes(key)),
    cells,
    outputs,
    results,
    tables: Object.fromEntries(tables) as KnownAnswers['tables'],
    units: Object.fromEntries(units) as KnownAnswers['units'],
  };
}

async function gather(
  ledger: Ledger,
  outline: ModelOutline,
  into: {
    readonly cells: Map<Digest, Cell>;
    readonly outputs: Map<Digest, KeptOutputs>;
    readonly results: Map<Digest, StoredResult>;
  },
): Promise<void> {
  for (const chunk of outline.chunks) {
    const scope = { ...outline.scope, chunk: chunk.digest, images: chunk.images, semantics: SEMANTICS };
    for await (const cell of ledger.streamCells(scope)) into.cells.set(cell.key, cell);
    for await (const kept of ledger.streamOutputs(outputScope(outline, chunk))) into.outputs.set(kept.key, kept);
  }
  const scope = { ...outline.scope, semantics: SEMANTICS };
  for (const key of (await ledger.committedResults(scope)).keys()) {
    const result = await ledger.readResult(scope, key);
    if (result) into.results.set(key, result);
  }
}

/** What tables are made of: each row of each table, as canonical JSON in the order in which it is handed to the writer of Parquet. */
export async function rowsDigest(ledger: Ledger, { catalog }: Workload, ref: StudyRef): Promise<Digest> {
  const lines: string[] = [];
  await analyseStudy(ledger, catalog, ref, {
    append: async (table, rows) => {
      for (const row of rows) lines.push(`${table} ${canonicalJson(row as unknown as Json)}`);
    },
  });
  return sha256(lines.join('\n'));
}

/** Whether two cells are equal bit by bit. */
export const sameCell = (a: CellRow, b: CellRow): boolean =>
  a.state === b.state &&
  Object.is(a.effect, b.effect) &&
  (['predicted', 'loss', 'kl'] as const).every(
    (name) =>
      Buffer.compare(
        Buffer.from(a[name].buffer, a[name].byteOffset, a[name].byteLength),
        Buffer.from(b[name].buffer, b[name].byteOffset, b[name].byteLength),
      ) === 0,
  );
