import type { Command } from 'commander';
import { planLines, planOf } from '../core/study/plan-report.js';
import { Catalog } from '../core/study/catalog.js';
import { openSession, type CommonOptions } from './session.js';
import { proposedMode, readStudy } from '../core/study/prepare-study.js';

/** `percuss plan`: conditions, cells, batches, what is stored, time and bytes, before anything runs. */
export function planCommand(program: Command): void {
  program
    .command('plan')
    .description('what a study would compute, what of it is stored, and what it would take')
    .argument('<spec>', 'the study’s YAML')
    .action(async (file: string, _: unknown, command: Command) => {
      const session = await openSession(command.optsWithGlobals<CommonOptions>());
      try {
        const { spec, resolved } = await readStudy(file, session.terminal.progress);
        const catalog = new Catalog((digest) => Promise.resolve(resolved.blobs.get(digest) as Uint8Array));
        const plan = await planOf(session.ledger, catalog, resolved, proposedMode(spec.run), spec.run);
        session.terminal.result(plan, () => planLines(plan));
      } finally {
        await session.close();
      }
    });
}
