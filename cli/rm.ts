import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { PercussError } from '../core/errors.js';
import { removeStudy } from '../core/study/collecting/remove-study.js';
import { printBytes } from '../core/study/print.js';
import { submissionOf } from '../workers/submitted.js';
import { nextCommand } from './command-line.js';
import { openSession, type CommonOptions } from './session.js';
import { askTemporal } from './standing.js';
import { findStudy, type FoundStudy } from './study-name.js';

interface RmOptions extends CommonOptions {
  readonly temporal?: string;
  readonly yes?: boolean;
  readonly force?: boolean;
}

/** `percuss rm`: removes a study's root and records; its cells stay until `percuss gc`. */
export function rmCommand(verb: Command): void {
  verb
    .argument('<study>', 'name or id')
    .option('--yes', 'without asking')
    .option('--force', 'although it may be running, or Temporal cannot be asked')
    .action(async (asked: string, _: unknown, command: Command) => {
      const options = command.optsWithGlobals<RmOptions>();
      const session = await openSession(options);
      const { ledger, terminal } = session;
      try {
        const found = await findStudy(ledger, asked);
        if (options.force !== true) await refuseSubmitted(found, options);
        if (options.yes !== true) await agreed(found);
        const removed = await removeStudy(ledger, found.id, { force: options.force === true });
        terminal.result({ study: found.id, name: found.study, ...removed }, () => [
          `removed ${found.study} (${found.id.slice(0, 12)}): its records, report and tables, ${removed.objects} objects (${printBytes(removed.bytes)})`,
          `cells, networks and images stay until no study rests on them and ${nextCommand(['gc', '--delete'], options)} removes them`,
        ]);
      } finally {
        await session.close();
      }
    });
}

/** @throws PercussError USAGE where Temporal says that it runs, or should be able to say and does not answer. */
async function refuseSubmitted({ id, study }: FoundStudy, { temporal: profile }: RmOptions): Promise<void> {
  const temporal = await askTemporal(profile);
  try {
    if (!temporal.client) {
      if (!temporal.expected) return;
      throw new PercussError(
        'TEMPORAL_UNREACHABLE',
        `nobody can say whether ${study} runs (${temporal.reason ?? 'Temporal does not answer'}): start Temporal, or say --force`,
      );
    }
    const submitted = await submissionOf(temporal.client, id, undefined);
    if (submitted?.state !== 'running') return;
    throw new PercussError('USAGE', `${study} is submitted and goes on: end it first with percuss cancel ${study}`);
  } finally {
    await temporal.close();
  }
}

async function agreed({ id, study, created }: FoundStudy): Promise<void> {
  if (!process.stdin.isTTY)
    throw new PercussError('USAGE', `say --yes to remove ${study} (${id.slice(0, 12)}): there is nobody to ask`);
  const ask = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await ask.question(`Remove ${study} (${id.slice(0, 12)}, of ${created.slice(0, 16)})? [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) throw new PercussError('CANCELLED', 'nothing was removed');
  } finally {
    ask.close();
  }
}
