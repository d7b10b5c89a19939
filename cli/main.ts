#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { percussVersion } from '../core/study/version.js';
import { debugs } from '../infra/settings.js';
import { atBorder } from './border.js';
import { endProcess, guardProcess } from './ending.js';
import { exitCodeOf, exitCodes, explainError, failureOf } from './exit.js';
import { listenToSignals } from './interrupt.js';
import { guardTerminal } from './shown.js';
import { settleDisplays } from './terminal.js';

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
async function percuss(args: readonly string[]): Promise<Command> {
  const program = commonOptions(
    new Command('percuss')
      .description('finds the redundancy in trained convolutional networks')
      .version(percussVersion)
      .showSuggestionAfterError(),
  );
  const asked = askedVerb(args);
  for (const [name, { summary, load }] of Object.entries(verbs)) {
    if (name === asked) (await load())(program);
    else program.command(name).description(summary);
  }
  for (const command of program.commands) commonOptions(command);
  return program;
}

const args = process.argv.slice(2);
const inJson = args.slice(0, args.includes('--') ? args.indexOf('--') : args.length).includes('--json');
let failing = false;

/** Tells of a failure, for people and with --json for programs, and ends the process. */
function fail(thrown: unknown): void {
  if (failing) return;
  failing = true;
  settleDisplays();
  const error = atBorder(thrown);
  if (inJson) process.stdout.write(`${JSON.stringify(failureOf(error), null, 2)}\n`);
  process.stderr.write(`${explainError(error, debugs(args))}\n`);
  void endProcess(exitCodeOf(error));
}

/** Commander has told people already. */
function failUsage({ message }: CommanderError): void {
  const exit = exitCodes.input;
  const said = message === '(outputHelp)' ? 'a verb is missing; percuss --help lists them' : message;
  const failure = { code: 'USAGE', exit, message: said.replace(/^error: /, '') };
  if (inJson) process.stdout.write(`${JSON.stringify(failure, null, 2)}\n`);
  void endProcess(exit);
}

guardTerminal(inJson);
guardProcess(fail);
listenToSignals(fail);
try {
  await (await percuss(args)).parseAsync();
  await endProcess(Number(process.exitCode ?? exitCodes.complete));
} catch (error) {
  if (!(error instanceof CommanderError)) fail(error);
  else if (error.exitCode === 0) await endProcess(exitCodes.complete);
  else failUsage(error);
}
