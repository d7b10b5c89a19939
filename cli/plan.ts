import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { planLines, planOf } from '../core/study/plan-report.js';
import { candidateModes, choiceLines } from '../core/study/choose-mode.js';
import { Catalog } from '../core/study/catalog.js';
import { calibrationOf } from '../infra/calibrations.js';
import { openReading, type CommonOptions } from './session.js';
import { readStudy, standingMode } from '../core/study/prepare-study.js';

/** `percuss plan`: conditions, cells, batches, what is stored, time and bytes, before anything runs. */
export function planCommand(program: Command): void {
  program
    .command('plan')
    .description('what a study would compute, what of it is stored, and what it would take')
    .argument('<spec>', 'the study’s YAML')
    .action(async (file: string, _: unknown, command: Command) => {
      const session = await openReading(command.optsWithGlobals<CommonOptions>());
      try {
        const { spec, resolved } = await readStudy(file, session.terminal.progress);
        const catalog = new Catalog((digest) => Promise.resolve(resolved.blobs.get(digest) as Uint8Array));
        const { mode, decided, choice } = await standingMode(session.ledger, resolved.id, spec.run);
        const calibration = await calibrationOf(mode);
        const run = { ...spec.run, workers: spec.run.workers ?? availableParallelism() };
        const plan = await planOf(session.ledger, catalog, resolved, mode, run, calibration?.cost);
        const { first, last } = candidateModes(spec.run);
        const open = !decided && first.length + last.length > 1;
        session.terminal.result(
          { ...plan, modeDecided: !open, choice: choice ?? null, calibration: calibration ?? null },
          () => [
            ...planLines(plan),
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
