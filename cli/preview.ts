import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { counted } from '../core/report/number-format.js';
import { openEngine } from '../core/engine/open.js';
import { placed } from '../core/spec/placed.js';
import { exportPreview } from '../core/study/analysing/outputs.js';
import { createSteps } from '../core/study/create-steps.js';
import { prepareStudy, type PreparedStudy } from '../core/study/preparing/prepare-study.js';
import { previewStudy, type Preview } from '../core/study/previewing/preview-study.js';
import { runStage } from '../core/study/running/run-stage.js';
import type { PreviewCheckRow } from '../core/tables/schema.js';
import { measuredCost } from '../infra/calibrations.js';
import { tensorFlowFromCache } from '../infra/setup/load-tfjs.js';
import { computeChildren } from '../workers/children.js';
import { modeScout } from '../workers/mode-scout.js';
import { sameCommand } from './command-line.js';
import { interruptible, unlessInterrupted } from './interrupt.js';
import { openSession, type CommonOptions, type Session } from './session.js';

/** `percuss preview`: what gradients say that every lesion of a study would do, and how a few exact ones agree. */
export function previewCommand(verb: Command): void {
  verb
    .argument('<spec>', 'the study’s YAML')
    .option('--out <dir>', 'where its tables go; else percuss-out/STUDY')
    .action(async (file: string, _: unknown, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions & { readonly out?: string }>();
      const session = await openSession(options);
      const { ledger, terminal } = session;
      try {
        const { preview, folder, beside } = await interruptible(
          async (signal) => {
            const { progress } = terminal;
            const scout = modeScout({ progress, signal });
            const reading = prepareStudy(file, ledger, { progress, scout, costOf: measuredCost });
            const prepared = await unlessInterrupted(reading, signal);
            for (const line of prepared.notices) terminal.say(line);
            const made = await compute(session, prepared, signal);
            const to = options.out ?? join('percuss-out', prepared.spec.study);
            await exportPreview(ledger, prepared.ref.id, to);
            return { preview: made, folder: to, beside: await otherStudy(to, prepared.ref.id) };
          },
          {
            say: () => terminal.say(`Interrupted. Everything committed is kept; go on with: ${sameCommand()}`),
            message: () => `the preview was interrupted; go on with: ${sameCommand()}`,
          },
        );
        const { checks, leftOut, seconds } = preview;
        terminal.result({ folder, checks, leftOut, seconds: Object.fromEntries(seconds) }, () => [
          ...checks.map((row) => checkLine(row, seconds.get(row.model))),
          ...leftOut.map((reason) => `not predicted: ${reason}`),
          `predicted, not measured: ${join(folder, 'tables', 'preview.parquet')}  (percuss query ${folder} "SELECT channels, predicted_kl FROM preview ORDER BY predicted_kl DESC LIMIT 20")`,
          ...(beside === undefined
            ? []
            : [
                `the report and the other tables in ${folder} are of another study (${beside.slice(0, 12)}): compare nothing with them until this one has run`,
              ]),
        ]);
      } finally {
        await session.close();
      }
    });
}

/** Id of the study whose report lies in a folder, where that is another one. */
async function otherStudy(folder: string, id: string): Promise<string | undefined> {
  const text = await readFile(join(folder, 'study.json'), 'utf8').catch(() => '{}');
  const { id: there } = z.object({ id: z.string().optional() }).catch({}).parse(JSON.parse(text));
  return there === id ? undefined : there;
}

async function compute(session: Session, prepared: PreparedStudy, signal: AbortSignal): Promise<Preview> {
  const { ledger, terminal } = session;
  const { ref, spec, positions, catalog } = prepared;
  const { workers, memory } = spec.run;
  const compute = computeChildren({
    slots: workers ?? availableParallelism(),
    ...(memory === undefined ? {} : { memoryLimit: memory }),
  });
  const { progress } = terminal;
  const steps = createSteps({ ledger, compute, catalog });
  const stage = { window: compute.slots, onFailure: 'stop', progress, signal } as const;
  try {
    if (prepared.planned.stage?.index === 0) {
      const basics = await steps.planStage(ref, 0);
      if (basics.ref && basics.index === 0) await runStage(steps, basics, stage);
    }
    const threads = workers ?? availableParallelism();
    return await previewStudy(
      {
        ledger,
        catalog,
        engine: (mode) => openEngine(mode, { threads, tensorflow: tensorFlowFromCache }),
        run: async (plan) => void (await runStage(steps, plan, stage)),
        progress,
        signal,
      },
      ref,
    );
  } catch (error) {
    throw placed(error, positions);
  } finally {
    await compute.close();
  }
}

function checkLine(row: PreviewCheckRow, seconds: number | undefined): string {
  const shown = (value: number | null): string => (value === null ? '?' : value.toFixed(2));
  const took = seconds === undefined ? 'made before' : `${seconds.toFixed(1)} s`;
  const ran = `${row.model}: ${row.predicted} conditions predicted (${took}); ${row.lesions} of them run exactly on ${counted(row.images, 'image')}: `;
  if (row.spearman === null) return `${ran}too few that differ to say how well they agree`;
  return (
    ran +
    `rank correlation ${shown(row.spearman)} [${shown(row.spearman_low)}, ${shown(row.spearman_high)}], measured/predicted ${shown(row.ratio)} (median)`
  );
}
