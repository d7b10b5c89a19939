import type { Json } from '../canonical.js';
import { printNumericMode } from '../numeric-mode.js';
import { tablesVersion } from '../tables/columns.js';
import { contextOf } from './context.js';
import { mainCurveSet } from './curves.js';
import { findings } from './sentences.js';
import { halving } from './halving.js';
import type { ReportInput } from './input.js';
import { mainPredictor } from './main-predictor.js';

/**
 * `study.json`: what the study is, the objects that its answer rests on (by key and SHA-256), and the key numbers, for
 * programs. Equal input gives an equal object; print it with `JSON.stringify(…, null, 2)`.
 */
export function studyJson(input: ReportInput): Json {
  const { study } = input;
  const curves = mainCurveSet(input.tables);
  const main = mainPredictor(input.tables);
  const total = (field: 'planned' | 'committed' | 'failed' | 'no_op'): number =>
    input.tables.coverage.reduce((sum, row) => sum + row[field], 0);
  return {
    version: 1,
    study: study.study,
    id: input.id,
    seed: study.seed,
    semantics: study.semantics,
    numericMode: printNumericMode(input.mode),
    versions: { ...input.provenance.versions, tables: String(tablesVersion) },
    times: { ...input.provenance.times },
    objects: {
      stored: input.provenance.objects.map(({ name, key, sha256 }) => ({ name, key, sha256 })),
      models: Object.fromEntries(study.models.map((model) => [model.name, model.content])),
      data: Object.fromEntries(study.data.map((set) => [set.name, set.chunks.map((chunk) => chunk.digest)])),
    },
    coverage: {
      planned: total('planned'),
      committed: total('committed'),
      failed: total('failed'),
      noOp: total('no_op'),
      ...(input.cells === null ? {} : { computed: input.cells.computed, reused: input.cells.reused }),
    },
    nonFinite: {
      conditions: input.gathered.notFinite.conditions,
      images: input.gathered.notFinite.images,
    },
    findings: findings(contextOf(input)),
    models: input.tables.models.map((row) => {
      const half = halving(curves?.rows.filter((curve) => curve.model === row.model) ?? [], row.accuracy);
      return {
        ...row,
        accuracy_halves:
          half === undefined
            ? null
            : { ...half, low: half.low && { ...half.low }, high: half.high && { ...half.high } },
      };
    }),
    predictor:
      main === undefined
        ? null
        : {
            name: main.predictor,
            target: main.target,
            fill: main.fill,
            mean: main.mean,
            models: Object.fromEntries(
              main.rows.map((row) => [
                row.model,
                {
                  spearman: row.spearman,
                  low: row.low,
                  high: row.high,
                  ceiling: row.ceiling,
                  lead: row.lead,
                  lead_low: row.lead_low,
                  lead_high: row.lead_high,
                },
              ]),
            ),
          },
    warnings: [...input.warnings],
  };
}
