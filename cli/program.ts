import { Command } from 'commander';
import { percussVersion } from '../core/study/version.js';
import { verbs } from './verbs.js';

function commonOptions(command: Command): Command {
  return command
    .option(
      '--store <url>',
      'where results are: file:PATH or s3://BUCKET/PREFIX; else PERCUSS_STORE, else file:.percuss',
    )
    .option('--temporal <profile>', 'profile of Temporal’s own configuration')
    .option('--json', 'answer in JSON')
    .option('--debug', 'show what caused an error, with stack traces (also PERCUSS_DEBUG=1)')
    .exitOverride();
}

/** Common options that take a value, which is no verb. */
const valued: ReadonlySet<string> = new Set(['--store', '--temporal']);

/** The verb that the arguments ask for, or ask help about. */
function askedVerb(args: readonly string[]): string | undefined {
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    if (valued.has(arg)) i++;
    else if (!arg.startsWith('-') && arg !== 'help') return arg;
  }
  return undefined;
}

/** The program with the verb that the arguments ask for, and the others' names. */
export async function percuss(args: readonly string[]): Promise<Command> {
  const program = commonOptions(
    new Command('percuss')
      .description('finds the redundancy in trained convolutional networks')
      .version(percussVersion)
      .showSuggestionAfterError(),
  );
  const asked = askedVerb(args);
  for (const [name, { summary, description = summary, load }] of Object.entries(verbs)) {
    const verb = program.command(name).summary(summary).description(description);
    if (name === asked) (await load())(verb);
  }
  for (const command of program.commands) commonOptions(command);
  return program;
}
