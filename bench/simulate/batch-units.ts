import { PercussError } from '../../core/errors.js';
import type { Ledger } from '../../core/ledger/ledger.js';
import { unitKey, type ModelOutline } from '../../core/plan/outline.js';
import { thereOf } from '../../core/plan/planner.js';
import { unitsOf, type Stage, type UnitGroup } from '../../core/plan/stage.js';
import type { Catalog } from '../../core/study/catalog.js';
import type { GroupContext } from '../../core/study/running/batch.js';
import type { Unit } from '../../core/study/running/claimed-units.js';
import { committedOf } from '../../core/study/reading/committed.js';
import { loadOutlines, type StudyOutline } from '../../core/study/reading/outlines.js';
import type { BatchOutcome, StagePlan, StepOptions } from '../../core/study/steps.js';
import { remembered } from '../../core/study/running/remembered.js';

type Tally = Omit<BatchOutcome, 'seconds'>;

/**
 * The units of batches, group by group, without those that are stored by now: what a batch asks of the store before anything is
 * computed, as `core/study/running/batch.ts` does, but without claims. Keeps stages and outlines between batches.
 */
export class BatchUnits {
  readonly #ledger: Ledger;
  readonly #catalog: Catalog;
  readonly #stages = new Map<string, Promise<Stage>>();
  readonly #outlines = new Map<string, Promise<StudyOutline>>();

  constructor(ledger: Ledger, catalog: Catalog) {
    this.#ledger = ledger;
    this.#catalog = catalog;
  }

  /**
   * Hands what is missing of units [from, to) of a stage to whoever computes and commits it.
   * @param compute says how many cells changed nothing
   */
  async run(
    plan: StagePlan,
    from: number,
    to: number,
    compute: (context: GroupContext) => Promise<number>,
    options: StepOptions = {},
  ): Promise<Tally> {
    const stage = await this.#stage(plan);
    const tally = { computed: 0, reused: 0, noOp: 0 };
    let done = 0;
    for (const { group, indices } of unitsOf(stage, from, to)) {
      const report = (part: number): void => options.onUnits?.(done + part);
      const outline = await this.#outline(plan, stage, group.model);
      const missing = await this.#missing(outline, group, indices);
      const reused = indices.length - missing.length;
      tally.reused += reused;
      if (missing.length > 0) {
        report(reused);
        tally.noOp += await compute({
          study: plan.study,
          model: modelOf(outline, group),
          seed: outline.study.seed,
          group,
          missing,
          report: (part) => report(reused + part),
          signal: options.signal,
        });
        tally.computed += missing.length;
      }
      done += indices.length;
      options.onUnits?.(done);
    }
    return tally;
  }

  async #missing(outline: StudyOutline, group: UnitGroup, indices: readonly number[]): Promise<readonly Unit[]> {
    const model = modelOf(outline, group);
    const keyed = indices.map((index) => ({ index, key: unitKey(model, outline.study.seed, group, index) }));
    const committed = committedOf(
      this.#ledger,
      keyed.map(({ key }) => key),
    );
    const stored = await thereOf(model, group, committed);
    return keyed.filter(({ key }) => !stored.has(key));
  }

  #stage({ ref }: StagePlan): Promise<Stage> {
    return remembered(this.#stages, ref.key, 4, async () => (await this.#ledger.getRecord(ref)) as Stage);
  }

  /** One network of a study: a batch needs no other. Two studies may have equal stages, so the study is part of the name. */
  #outline({ study, ref }: StagePlan, stage: Stage, model: string): Promise<StudyOutline> {
    const name = `${study.id} ${JSON.stringify(study.mode)} ${ref.key} ${model}`;
    return remembered(this.#outlines, name, 4, () => loadOutlines(this.#ledger, this.#catalog, study, stage, [model]));
  }
}

function modelOf({ models }: StudyOutline, { model: name }: UnitGroup): ModelOutline {
  const model = models.find((candidate) => candidate.model.name === name);
  if (!model) throw new PercussError('BUG', `the stage asks for network ${name}, which is not in the study`);
  return model;
}
