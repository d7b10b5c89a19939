import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { countCorrect } from '../core/analysis/damage.js';
import { clopperPearson } from '../core/analysis/interval.js';
import { placed } from '../core/spec/placed.js';
import { baselineDoubts } from '../core/study/analysing/baseline-doubts.js';
import { unmeasurable } from '../core/study/planning/check-baselines.js';
import { createSteps } from '../core/study/create-steps.js';
import { CellReader } from '../core/study/reading/cell-reader.js';
import { nextStage } from '../core/study/planning/plan-stage.js';
import { runStage } from '../core/study/running/run-stage.js';
import { measuredCost } from '../infra/calibrations.js';
import { computeChildren } from '../workers/children.js';
import { modeScout } from '../workers/mode-scout.js';
import { sameCommand } from './command-line.js';
import { exitCodes } from './exit.js';
import { interruptible, unlessInterrupted } from './interrupt.js';
import { openSession, type CommonOptions, type Session } from './session.js';
import { prepareStudy, type PreparedStudy } from '../core/study/preparing/prepare-study.js';

interface BaselineRow {
  readonly model: string;
  readonly images: number;
  readonly accuracy: number;
  readonly low: number;
  readonly high: number;
  readonly expected: number | null;
  readonly met: boolean | null;
  /** Images on which an output is not finite: above 0 nothing can be ablated. */
  readonly nonFinite: number;
  /** Reasons to doubt labels, preprocessing or the reading of outputs. */
  readonly warnings: readonly string[];
}

/** `percuss baseline`: the intact networks on the study's images, against what the spec expects of them. */
export function baselineCommand(verb: Command): void {
  verb.argument('<spec>', 'the study’s YAML').action(async (file: string, _: unknown, command: Command) => {
    const session = await openSession(command.optsWithGlobals<CommonOptions>());
    const { ledger, terminal } = session;
    try {
      const { ref, spec, catalog } = await interruptible(
        async (signal) => {
          const { progress } = terminal;
          const scout = modeScout({ progress, signal });
          const reading = prepareStudy(file, ledger, {
            progress,
            scout,
            costOf: measuredCost,
            expectations: false,
          });
          const prepared = await unlessInterrupted(reading, signal);
          if (prepared.planned.stage?.index === 0) await computeBasics(session, prepared, signal);
          return prepared;
        },
        {
          say: () => terminal.say(`Interrupted. Everything committed is kept; go on with: ${sameCommand()}`),
          message: () => `the baseline was interrupted; go on with: ${sameCommand()}`,
        },
      );
      const { models } = await nextStage(ledger, catalog, ref, { expectations: false });
      const doubts = await baselineDoubts(ledger, catalog, models, spec.seed);
      const rows: BaselineRow[] = [];
      for (const outline of models) {
        const { name, expect } = outline.model;
        const result = await CellReader.intact(ledger, outline, spec.seed);
        const labels: number[] = [];
        for (const chunk of outline.chunks) labels.push(...(await catalog.chunk(chunk.digest)).labels);
        const correct = result ? countCorrect(result.predicted, labels) : 0;
        const interval = clopperPearson(correct, labels.length, spec.analysis.confidence);
        const accuracy = correct / labels.length;
        const met = expect === undefined ? null : Math.abs(accuracy - expect.accuracy) <= expect.within + 1e-9;
        rows.push({
          model: name,
          images: labels.length,
          accuracy,
          low: interval?.low ?? 0,
          high: interval?.high ?? 1,
          expected: expect?.accuracy ?? null,
          met,
          nonFinite: result ? unmeasurable(result).length : 0,
          warnings: doubts.get(name) ?? [],
        });
      }
      terminal.result(rows, () =>
        rows.flatMap((row) => [
          `${row.model}: ${(100 * row.accuracy).toFixed(2)} % of ${row.images} images [${(100 * row.low).toFixed(1)}, ${(100 * row.high).toFixed(1)}]` +
            (row.expected === null
              ? ''
              : `, expected ${(100 * row.expected).toFixed(1)} %: ${row.met ? 'met' : 'MISSED'}`) +
            (row.nonFinite === 0
              ? ''
              : `; outputs are NOT FINITE on ${row.nonFinite} images, so that no damage can be measured: check input, the images and the weights`),
          ...row.warnings.map((line) => `WARNING ${line}`),
        ]),
      );
      if (rows.some((row) => row.met === false || row.nonFinite > 0)) process.exitCode = exitCodes.input;
    } finally {
      await session.close();
    }
  });
}

/** The first stage only: profiles and the intact networks. */
async function computeBasics(
  { ledger, terminal }: Session,
  { ref, spec, positions, catalog }: PreparedStudy,
  signal: AbortSignal,
): Promise<void> {
  const { workers, memory } = spec.run;
  const compute = computeChildren({
    slots: workers ?? availableParallelism(),
    ...(memory === undefined ? {} : { memoryLimit: memory }),
  });
  try {
    const steps = createSteps({ ledger, compute, catalog });
    const plan = await steps.planStage(ref, 0);
    if (!plan.ref || plan.index !== 0) return;
    const { progress } = terminal;
    await runStage(steps, plan, { window: compute.slots, onFailure: 'stop', progress, signal });
  } catch (error) {
    throw placed(error, positions);
  } finally {
    await compute.close();
  }
}
