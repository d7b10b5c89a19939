import { join } from 'node:path';
import type { Command } from 'commander';
import { exportStudy } from '../core/study/analysing/outputs.js';
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
        const { id, study } = await findStudy(session.ledger, asked, { reported: true });
        const folder = options.out ?? join('percuss-out', study);
        const { files, previewedSince } = await exportStudy(session.ledger, id, folder);
        session.terminal.result({ study: id, folder, files, previewedSince }, () => [
          `report: ${join(folder, 'report.html')}`,
          `tables: ${join(folder, 'tables')}`,
          ...(previewedSince
            ? ['the report is older than the preview, which is among the tables: run the spec again to have both in it']
            : []),
        ]);
      } finally {
        await session.close();
      }
    });
}
