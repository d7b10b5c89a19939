import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { printNumericMode, type NumericMode } from '../core/numeric-mode.js';
import { Catalog } from '../core/study/catalog.js';
import { createSteps } from '../core/study/create-steps.js';
import type { Distance, Place } from '../core/study/verifying/disagreement.js';
import { storedStudy, verifyStudy, type Verification, type VerifyPrediction } from '../core/study/verifying/verify.js';
import { printSeconds } from '../core/study/print.js';
import { measuredCost } from '../infra/calibrations.js';
import { computeChildren } from '../workers/children.js';
import { ensureEngine } from '../workers/engine-process.js';
import { sameCommand } from './command-line.js';
import { modeOf, withEngineOptions, type EngineChoice } from './engine-option.js';
import { exitCodes } from './exit.js';
import { interruptible } from './interrupt.js';
import { withMemoryOption } from './memory-option.js';
import { processCount, realNumber, shareOf } from './number-option.js';
import { openSession, type CommonOptions } from './session.js';
import { findStudy } from './study-name.js';

interface VerifyCommandOptions extends CommonOptions, EngineChoice {
  readonly sample: number;
  readonly tolerance: number;
  readonly workers?: number;
  readonly memory?: number;
}

/** `percuss verify`: a sample of a study's cells on another engine, compared with what is stored. */
export function verifyCommand(verb: Command): void {
  withMemoryOption(withEngineOptions(verb, 'reference'))
    .argument('<study>', 'name or id')
    .option('--sample <share>', 'of the stored cells: 1%, 0.01 or all', shareOf('the cells'), 0.01)
    .option(
      '--tolerance <distance>',
      'largest difference of loss and KL that counts as agreement, relative to the larger of 1 and the stored number',
      realNumber(0, 1e9),
      1e-3,
    )
    .option('--workers <n>', 'compute processes; else one a core', processCount)
    .action(async (asked: string, _: unknown, command: Command) => {
      const options = command.optsWithGlobals<VerifyCommandOptions>();
      const mode = modeOf(options);
      await ensureEngine(mode);
      const session = await openSession(options);
      const { ledger, terminal } = session;
      const compute = computeChildren({
        slots: options.workers ?? availableParallelism(),
        ...(options.memory === undefined ? {} : { memoryLimit: options.memory }),
      });
      try {
        const { id, study } = await findStudy(ledger, asked, { reported: true });
        const catalog = new Catalog((digest) => ledger.getBlob(digest));
        const steps = createSteps({ ledger, compute });
        const ref = await storedStudy(ledger, id);
        const cost = await measuredCost(mode);
        const found = await interruptible(
          (signal) =>
            verifyStudy(ledger, catalog, steps, ref, {
              mode,
              sample: options.sample,
              tolerance: options.tolerance,
              window: compute.slots,
              progress: terminal.progress,
              signal,
              ...(cost ? { cost } : {}),
              onPlanned: (prediction) =>
                terminal.say(predictionLine(prediction, mode, compute.slots, cost !== undefined)),
            }),
          {
            say: () => terminal.say('Interrupted. What was computed is kept; the same command goes on'),
            message: () => `the comparison was interrupted; go on with: ${sameCommand()}`,
          },
        );
        terminal.result({ name: study, ...found }, () => verificationLines(study, found));
        if (!found.agrees || found.cells.failed > 0) process.exitCode = exitCodes.incomplete;
      } finally {
        await compute.close();
        await session.close();
      }
    });
}

const printPlace = ({ model, ablation, condition, image }: Place): string =>
  `${model}, ${ablation}, ${condition}, image ${image}`;

function predictionLine(
  { stored, sampled, missing, seconds }: VerifyPrediction,
  mode: NumericMode,
  processes: number,
  measured: boolean,
): string {
  const sample = `${sampled} of ${stored} stored cells are compared`;
  if (missing === 0) return `${sample}, all of which ${printNumericMode(mode)} has computed before`;
  const by = measured ? 'by what percuss bench measured here' : 'by a usual processor core';
  return `${sample}: ${missing} to compute on ${printNumericMode(mode)}, about ${printSeconds(seconds)} on ${processes} processes (${by}); --sample takes fewer`;
}

function distanceLine(name: string, { largest, mean, at }: Distance): string {
  const where = at ? ` (${at.stored} stored, ${at.again} again: ${printPlace(at)})` : '';
  return `  |Δ${name}|: mean ${mean.toExponential(2)}, largest ${largest.toExponential(2)}${where}`;
}

function verificationLines(study: string, found: Verification): readonly string[] {
  const { cells, predictions, compared } = found;
  return [
    `${found.agrees ? 'agrees' : 'DIFFERS'}: ${study}, ${printNumericMode(found.stored)} against ${printNumericMode(found.again)}; ${cells.sampled} of ${cells.stored} cells, ${compared} images × cells (tolerance ${found.tolerance})`,
    distanceLine('loss', found.loss),
    distanceLine('KL', found.kl),
    `  predictions that differ: ${predictions.differing}`,
    ...predictions.named.map((one) => `    ${printPlace(one)}: class ${one.stored} stored, ${one.again} again`),
    ...(predictions.differing > predictions.named.length
      ? [`    … and ${predictions.differing - predictions.named.length} more`]
      : []),
    ...(found.nonFinite.onlyOne > 0
      ? [`  outputs that are finite on one engine and not on the other: ${found.nonFinite.onlyOne} images × cells`]
      : []),
    ...(found.nonFinite.both > 0
      ? [
          `  outputs that are not finite on either, without loss and KL to compare: ${found.nonFinite.both} images × cells`,
        ]
      : []),
    ...(found.states > 0
      ? [`  cells that changed nothing on one engine and something on the other: ${found.states}`]
      : []),
    ...(cells.failed > 0 ? [`  cells that could not be computed again: ${cells.failed}`] : []),
  ];
}
