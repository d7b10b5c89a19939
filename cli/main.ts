#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { percussVersion } from '../core/study/version.js';
import { debugs } from '../infra/settings.js';
import { showControls } from './shown.js';
import { exitCodeOf, exitCodes, explainError } from './exit.js';

type Register = (program: Command) => void;

/** A verb's line in the overview, and its file: only the verb that is asked for is loaded, with the libraries it needs. */
interface Verb {
  readonly summary: string;
  readonly load: () => Promise<Register>;
}

const verbs: Readonly<Record<string, Verb>> = {
  init: { summary: 'write a commented spec to start from', load: async () => (await import('./init.js')).initCommand },
  validate: {
    summary: 'check a spec against its networks and images; shows every mistake at once',
    load: async () => (await import('./validate.js')).validateCommand,
  },
  check: {
    summary: 'run a network on inputs and compare with expected outputs',
    load: async () => (await import('./check.js')).checkCommand,
  },
  inspect: {
    summary: 'layers, sites, kernels, coupling, shapes, parameters and MACs of a network',
    load: async () => (await import('./inspect.js')).inspectCommand,
  },
  baseline: {
    summary: 'run the intact networks only and compare their accuracy with what the spec expects',
    load: async () => (await import('./baseline.js')).baselineCommand,
  },
  plan: {
    summary: 'what a study would compute, what of it is stored, and what it would take',
    load: async () => (await import('./plan.js')).planCommand,
  },
  run: {
    summary: 'run a study on this machine: plan, compute what is missing, analyse, report',
    load: async () => (await import('./run.js')).runCommand,
  },
  submit: {
    summary: 'hand a study to your Temporal; workers of the same store compute it',
    load: async () => (await import('./submit.js')).submitCommand,
  },
  resume: {
    summary: 'go on: with a spec as run does, or with a paused study',
    load: async () => (await import('./control.js')).resumeCommand,
  },
  pause: {
    summary: 'let a submitted study finish its batches in flight and then wait',
    load: async () => (await import('./control.js')).pauseCommand,
  },
  cancel: {
    summary: 'end a submitted study; what is committed stays',
    load: async () => (await import('./control.js')).cancelCommand,
  },
  status: { summary: 'how a submitted study stands', load: async () => (await import('./control.js')).statusCommand },
  watch: {
    summary: 'follow a submitted study until it ends',
    load: async () => (await import('./control.js')).watchCommand,
  },
  list: { summary: 'the studies of a store', load: async () => (await import('./list.js')).listCommand },
  report: {
    summary: 'write the report and the tables of a finished study',
    load: async () => (await import('./report.js')).reportCommand,
  },
  query: { summary: 'SQL over the tables of a study', load: async () => (await import('./query.js')).queryCommand },
  verify: {
    summary: 'compute a sample of a study’s cells again on another engine, and compare',
    load: async () => (await import('./verify.js')).verifyCommand,
  },
  worker: {
    summary: 'take part in the studies of a store until stopped',
    load: async () => (await import('./worker.js')).workerCommand,
  },
  server: {
    summary: 'a Temporal server of your own on this machine',
    load: async () => (await import('./server.js')).serverCommand,
  },
  bench: {
    summary: 'measure an engine on a network, and what plans predict by',
    load: async () => (await import('./bench.js')).benchCommand,
  },
  doctor: {
    summary: 'what percuss finds on this machine, and where each setting came from',
    load: async () => (await import('./doctor.js')).doctorCommand,
  },
};

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

/** The program with the verb that the arguments ask for, and the others' names. */
async function percuss(args: readonly string[]): Promise<Command> {
  const program = commonOptions(
    new Command('percuss')
      .description('finds the redundancy in trained convolutional networks')
      .version(percussVersion)
      .showSuggestionAfterError(),
  );
  const asked = args.filter((arg) => arg in verbs)[0];
  for (const [name, { summary, load }] of Object.entries(verbs)) {
    if (name === asked) (await load())(program);
    else program.command(name).description(summary);
  }
  for (const command of program.commands) commonOptions(command);
  return program;
}

showControls(process.argv.includes('--json'));
// The reader of a pipe may leave early (`percuss query … | head`): that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.complete);
  throw error;
});

try {
  await (await percuss(process.argv.slice(2))).parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? exitCodes.complete : exitCodes.input;
  } else {
    process.stderr.write(`${explainError(error, debugs(process.argv.slice(2)))}\n`);
    process.exitCode = exitCodeOf(error);
  }
}
// Of more than a pipe holds, what its reader has not taken yet would be lost.
await new Promise<void>((resolve) => void process.stdout.write('', () => resolve()));
// A native library may hold the event loop; everything of ours has been closed by now.
process.exit();
