#!/usr/bin/env node
import { CommanderError } from 'commander';
import { debugs } from '../infra/settings.js';
import { atBorder } from './border.js';
import { endProcess, guardProcess } from './ending.js';
import { exitCodeOf, exitCodes, explainError, failureOf } from './exit.js';
import { listenToSignals } from './interrupt.js';
import { percuss } from './program.js';
import { guardTerminal } from './shown.js';
import { settleDisplays } from './terminal.js';

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
