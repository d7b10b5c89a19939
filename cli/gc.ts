import type { Command } from 'commander';
import { collectGarbage, type Collected } from '../core/study/collecting/collect.js';
import { printBytes } from '../core/study/print.js';
import { realNumber } from './number-option.js';
import { sameCommand } from './command-line.js';
import { openReading, openSession, type CommonOptions } from './session.js';

interface GcOptions extends CommonOptions {
  readonly delete?: boolean;
  readonly aside?: boolean;
  readonly grace: number;
}

/** A day: longer than a batch, an analysis or a comparison takes that has no root of its own. */
const GRACE_HOURS = 24;
/** Below, what a command is still writing could go. */
const LEAST_HOURS = 1;

/** `percuss gc`: says, or removes, what no study of the store rests on. */
export function gcCommand(verb: Command): void {
  verb
    .option('--delete', 'remove it; else it is only said what would go')
    .option('--grace <hours>', 'what is younger stays', realNumber(LEAST_HOURS, 1e6), GRACE_HOURS)
    .option('--aside', 'what was set aside, too')
    .action(async (_: unknown, command: Command) => {
      const options = command.optsWithGlobals<GcOptions>();
      const remove = options.delete === true;
      const session = await (remove ? openSession(options) : openReading(options));
      const { ledger, terminal } = session;
      try {
        const found = await collectGarbage(ledger, {
          grace: options.grace * 3_600_000,
          remove,
          aside: options.aside === true,
          progress: terminal.progress,
        });
        terminal.result(found, () => lines(found, options.grace));
      } finally {
        await session.close();
      }
    });
}

function lines({ kinds, objects, bytes, removed, young, foreign, open }: Collected, grace: number): readonly string[] {
  const what = `${objects} objects (${printBytes(bytes)})`;
  return [
    objects === 0
      ? 'nothing is there that no study rests on'
      : removed
        ? `removed ${what} that no study rested on`
        : `no study rests on ${what}`,
    ...kinds.map(({ kind, objects: count, bytes: size }) => `  ${kind}: ${count} (${printBytes(size)})`),
    ...(young > 0 ? [`${young} more are younger than ${grace} hours, or lie beside such, and stay`] : []),
    ...(open.length > 0
      ? [`not complete, or submitted lately, so that everything stays where they commit: ${open.join(', ')}`]
      : []),
    ...(foreign > 0 ? [`${foreign} objects are not of percuss, and stay`] : []),
    ...(objects > 0 && !removed ? [`remove them with: ${sameCommand()} --delete`] : []),
  ];
}
