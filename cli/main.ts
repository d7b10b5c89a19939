#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { percussVersion } from '../core/study/version.js';
import { baselineCommand } from './baseline.js';
import { checkCommand } from './check.js';
import { cancelCommand, pauseCommand, resumeCommand, statusCommand, watchCommand } from './control.js';
import { doctorCommand } from './doctor.js';
import { exitCodeOf, exitCodes, explainError } from './exit.js';
import { initCommand } from './init.js';
import { inspectCommand } from './inspect.js';
import { listCommand } from './list.js';
import { planCommand } from './plan.js';
import { queryCommand } from './query.js';
import { reportCommand } from './report.js';
import { runCommand } from './run.js';
import { serverCommand } from './server.js';
import { submitCommand } from './submit.js';
import { validateCommand } from './validate.js';
import { workerCommand } from './worker.js';

const verbs = [
  initCommand,
  validateCommand,
  checkCommand,
  inspectCommand,
  baselineCommand,
  planCommand,
  runCommand,
  submitCommand,
  resumeCommand,
  pauseCommand,
  cancelCommand,
  statusCommand,
  watchCommand,
  listCommand,
  reportCommand,
  queryCommand,
  workerCommand,
  serverCommand,
  doctorCommand,
];

function percuss(): Command {
  const program = new Command('percuss')
    .description('finds the redundancy in trained convolutional networks')
    .version(percussVersion)
    .option('--store <url>', 'where results are: file:PATH, s3://BUCKET/PREFIX; else PERCUSS_STORE, else file:.percuss')
    .option('--temporal <profile>', 'profile of Temporal’s own configuration')
    .option('--json', 'answer in JSON')
    .showSuggestionAfterError()
    .exitOverride();
  for (const verb of verbs) verb(program);
  for (const command of program.commands) {
    command
      .option('--store <url>', 'where results are')
      .option('--temporal <profile>', 'profile of Temporal’s own configuration')
      .option('--json', 'answer in JSON')
      .exitOverride();
  }
  return program;
}

try {
  await percuss().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? exitCodes.complete : exitCodes.input;
  } else {
    process.stderr.write(`${explainError(error)}\n`);
    process.exitCode = exitCodeOf(error);
  }
}
// A native library may hold the event loop; everything of ours has been closed by now.
process.exit();
