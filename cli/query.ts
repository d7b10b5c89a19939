import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { exportStudy } from '../core/study/analysing/outputs.js';
import { tableNames } from '../core/tables/columns.js';
import { printCsv, printJson, printText } from '../core/tables/print.js';
import { queryTables } from '../core/tables/query.js';
import { openReading, type CommonOptions } from './session.js';
import { findStudy } from './study-name.js';

interface QueryOptions extends CommonOptions {
  readonly csv?: boolean;
}

/** `percuss query`: SQL over a study's tables. */
export function queryCommand(verb: Command): void {
  verb
    .argument('<study>', 'name or id of a finished study, or the folder of its report')
    .argument('<sql>', 'one SELECT')
    .option('--csv', 'comma-separated values')
    .action(async (asked: string, sql: string, _: unknown, command: Command) => {
      const options = command.optsWithGlobals<QueryOptions>();
      const print = options.json === true ? printJson : options.csv === true ? printCsv : printText;
      const answer = async (folder: string): Promise<void> => {
        process.stdout.write(print(await queryTables(folder, sql)));
      };
      const holdsTables = (folder: string): boolean =>
        tableNames.some((table) => existsSync(join(folder, `${table}.parquet`)));
      const tables = [asked, join(asked, 'tables')].find(holdsTables);
      if (tables) return answer(tables);
      const session = await openReading(options);
      const folder = await mkdtemp(join(tmpdir(), 'percuss-query-'));
      try {
        const { id } = await findStudy(session.ledger, asked, { reported: true });
        await exportStudy(session.ledger, id, folder);
        await answer(join(folder, 'tables'));
      } finally {
        await rm(folder, { recursive: true, force: true });
        await session.close();
      }
    });
}
