import type { Command } from 'commander';
import { knownOutputs } from '../core/study/outputs.js';
import { openReading, type CommonOptions } from './session.js';

/** `percuss list`: the studies of a store. */
export function listCommand(program: Command): void {
  program
    .command('list')
    .description('the studies of a store')
    .action(async (_: unknown, command: Command) => {
      const session = await openReading(command.optsWithGlobals<CommonOptions>());
      try {
        const studies: { id: string; study: string; created: string; reported: boolean }[] = [];
        for (const { id, study, created } of await session.ledger.listStudies()) {
          studies.push({ id, study, created, reported: (await knownOutputs(session.ledger, id)) !== undefined });
        }
        session.terminal.result(studies, () =>
          studies.length === 0
            ? [`no study is in ${session.ledger.url} yet`]
            : studies.map(
                ({ id, study, created, reported }) =>
                  `${id.slice(0, 12)}  ${created}  ${reported ? 'reported  ' : 'unfinished'}  ${study}`,
              ),
        );
      } finally {
        await session.close();
      }
    });
}
