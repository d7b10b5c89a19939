import { join } from 'node:path';
import type { Command } from 'commander';
import { exportOutputs, outputsOf } from '../core/study/analysing/outputs.js';
import { openReading, type CommonOptions } from './session.js';
import { findStudy } from './study-name.js';

/** `percuss report`: copies the report and the tables of a finished study out of the store. */
export function reportCommand(verb: Command): void {
  verb
    .argument('<study>', 'name or id')
    .option('--out <dir>', 'where to; else percuss-out/STUDY')
    .action(async (asked: string, _: unknown, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions & { out?: string }>();
      const session = await openReading(options);
      try {
        const { id, study } = await findStudy(session.ledger, asked);
        const folder = options.out ?? join('percuss-out', study);
        const files = await exportOutputs(session.ledger, await outputsOf(session.ledger, id), folder);
        session.terminal.result({ study: id, folder, files }, () => [
          `report: ${join(folder, 'report.html')}`,
          `tables: ${join(folder, 'tables')}`,
        ]);
      } finally {
        await session.close();
      }
    });
}
