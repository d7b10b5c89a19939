import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { planLines, planOf } from '../core/study/planning/plan-report.js';
import { candidateModes, choiceLines } from '../core/study/preparing/choose-mode.js';
import { calibrationOf } from '../infra/calibrations.js';
import { openReading, type CommonOptions } from './session.js';
import { countLines, JUDGED_BY_PLAN, refusals, refusedLine, totalOf } from '../core/study/preparing/allowance.js';
import { catalogAtHand, readStudy, refusedPlan, standingMode } from '../core/study/preparing/prepare-study.js';

/** `percuss plan`: conditions, cells, batches, what is stored, time and bytes, before anything runs. */
export function planCommand(verb: Command): void {
  verb.argument('<spec>', 'the study’s YAML').action(async (file: string, _: unknown, command: Command) => {
    const session = await openReading(command.optsWithGlobals<CommonOptions>());
    try {
      const checked = await readStudy(file, session.terminal.progress);
      const { spec, resolved, counts } = checked;
      const refused = refusals(totalOf(counts), spec.run.limit);
      if (refused.length > 0 && totalOf(counts).cells > JUDGED_BY_PLAN) {
        const { cells, bytes } = totalOf(counts);
        const told = { study: spec.study, id: resolved.id, exact: false, rows: counts, units: cells, bytes, refused };
        session.terminal.result(told, () => [
          `study ${spec.study} (${resolved.id.slice(0, 12)}), counted, not planned; what is stored or asked for twice is not taken off`,
          ...countLines(counts),
          refusedLine(refused),
        ]);
        return;
      }
      const catalog = catalogAtHand(checked);
      const { mode, decided, choice } = await standingMode(session.ledger, resolved.id, spec.run);
      const calibration = await calibrationOf(mode);
      const run = { ...spec.run, workers: spec.run.workers ?? availableParallelism() };
      const plan = await planOf(session.ledger, catalog, resolved, mode, run, calibration?.cost);
      const { first, last } = candidateModes(spec.run);
      const open = !decided && first.length + last.length > 1;
      const above = refusedPlan(plan, spec.run.limit);
      session.terminal.result(
        {
          ...plan,
          exact: true,
          refused: above,
          modeDecided: !open,
          choice: choice ?? null,
          calibration: calibration ?? null,
        },
        () => [
          ...planLines(plan),
          ...(above.length > 0 ? [refusedLine(above)] : []),
          calibration
            ? `times by what percuss bench measured here on ${calibration.measured.slice(0, 10)} (${mode.engine} ${calibration.engineVersion})`
            : `times of a usual processor core; percuss bench ${mode.engine}:${mode.device} MODEL --save measures this machine`,
          ...(open ? [`${plan.numericMode} is assumed: auto is decided when the study is first stored`] : []),
          ...(choice ? choiceLines(choice) : []),
        ],
      );
    } finally {
      await session.close();
    }
  });
}
