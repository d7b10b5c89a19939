import { randomUUID } from 'node:crypto';
import { canonicalJson } from '../canonical.js';
import { PercussError } from '../errors.js';
import type { Ledger } from '../ledger/ledger.js';
import type { StudyRef } from '../spec/resolved-study.js';
import type { TableName } from '../tables/columns.js';
import { readReportTables, tableBytes, writeAnalysis } from './analysing/analysis.js';
import { Catalog } from './catalog.js';
import type { Compute } from './running/compute.js';
import { recordUnitFailures } from './running/failures.js';
import { keepOutputs } from './analysing/outputs.js';
import { indexCells, nextStage, publishStage } from './planning/plan-stage.js';
import { renderStudyReport } from './analysing/study-report.js';
import type { StudySteps } from './steps.js';

export interface StepsContext {
  readonly ledger: Ledger;
  readonly compute: Compute;
  /** What was read already, if anything. */
  readonly catalog?: Catalog;
}

/** The steps of a study over a store and compute processes. */
export function createSteps({ ledger, compute, ...context }: StepsContext): StudySteps {
  const catalog = context.catalog ?? new Catalog((digest) => ledger.getBlob(digest));
  const ownRun = randomUUID();
  return {
    planStage: async (study) => {
      const planned = await nextStage(ledger, catalog, study);
      // A sweep has just ended, or was broken off; whoever runs batches looks here what stood before.
      await indexCells(ledger, planned.models);
      return publishStage(ledger, study, planned);
    },
    runBatch: async (stage, from, to, options = {}) => {
      if (from < 0 || to > stage.units || from >= to) {
        throw new PercussError(
          'BUG',
          `batch [${from}, ${to}) is not within the ${stage.units} units of stage ${stage.index}`,
        );
      }
      const { run = ownRun, waitSeconds = 0, ...rest } = options;
      const sharing = { run, waitSeconds };
      const result = await compute.run({ store: ledger.url, stage, from, to, sharing }, rest);
      return result.outcome;
    },
    recordFailures: (stage, failures) => recordUnitFailures(ledger, catalog, stage, failures),
    analyse: (study, options) => writeAnalysis(ledger, catalog, study, options?.signal),
    writeTable: async (study, analysis, table: TableName) => {
      const bytes = await tableBytes(ledger, analysis, table);
      return ledger.putOutput(study.id, `tables/${table}.parquet`, bytes);
    },
    writeReport: async (study: StudyRef, analysis, tables, cells) => {
      const { html, summary } = await renderStudyReport(
        ledger,
        catalog,
        study,
        await readReportTables(ledger, analysis),
        {
          files: tables,
          cells,
        },
      );
      const written = {
        report: await ledger.putOutput(study.id, 'report.html', new TextEncoder().encode(html)),
        summary: await ledger.putOutput(
          study.id,
          'study.json',
          new TextEncoder().encode(`${canonicalJson(summary)}\n`),
        ),
      };
      const failed = (await ledger.failuresOf(study.id)).length;
      await keepOutputs(ledger, study.id, { ...written, tables }, failed);
      return written;
    },
  };
}
