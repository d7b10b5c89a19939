import { basename } from 'node:path';
import { Option, type Command } from 'commander';
import type { Damage } from '../core/analysis/damage.js';
import { openEngine } from '../core/engine/open.js';
import { counted } from '../core/report/number-format.js';
import { renderPrunedPage } from '../core/report/pruned-page.js';
import { PercussError } from '../core/errors.js';
import { Catalog } from '../core/study/catalog.js';
import { pruningFills, type PruningFill } from '../core/study/pruning/kernel-choice.js';
import { pruneStoredStudy } from '../core/study/pruning/prune-stored-study.js';
import type { PrunedNetwork, PruningGoal } from '../core/study/pruning/prune-study.js';
import { storedStudy } from '../core/study/verifying/verify.js';
import { ensureEngine } from '../workers/engine-process.js';
import { sameCommand } from './command-line.js';
import { modeOf, withEngineOptions, type EngineChoice } from './engine-option.js';
import { interruptible } from './interrupt.js';
import { networkAsked } from './model-option.js';
import { changeOfAccuracy, shareBelowOne, wholeNumber } from './number-option.js';
import { mayWrite, writeNamed } from './named-file.js';
import { openReading, openSession, type CommonOptions } from './session.js';
import { findStudy } from './study-name.js';

interface PruneOptions extends CommonOptions, EngineChoice {
  readonly model?: string;
  readonly kernels?: number;
  readonly macs?: number;
  readonly accuracy?: number;
  readonly fill: PruningFill;
  readonly out: string;
  readonly force: boolean;
  readonly stages: number;
}

/** `percuss prune`: a network without the kernels that matter least, as an ONNX file, measured before and after. */
export function pruneCommand(verb: Command): void {
  withEngineOptions(verb)
    .argument('<study>', 'name or id')
    .option('--model <name>', 'which of its networks; needed where it has several')
    .option('--kernels <share>', 'of the kernels that stays: 80% or 0.8', shareBelowOne)
    .option('--macs <share>', 'of the multiply-accumulates that stays', shareBelowOne)
    .option('--accuracy <change>', 'that is allowed on the images that choose: -0.01', changeOfAccuracy)
    .addOption(
      new Option('--fill <name>', 'what stands for the kernels: zero, mean or substitute')
        .choices(pruningFills)
        .default('zero'),
    )
    .option('--stages <n>', 'in how many kernels go, damage being measured anew in between', wholeNumber(1, 100), 1)
    .requiredOption(
      '--out <file>',
      'where to: an ONNX file; beside it FILE.json with what was removed, and FILE.html for people',
    )
    .option('--force', 'replace files that are there', false)
    .action(async (asked: string, _: unknown, command: Command) => {
      const options = command.optsWithGlobals<PruneOptions>();
      const goal = goalOf(options);
      const written = [options.out, `${options.out}.json`, `${options.out}.html`] as const;
      await mayWrite(written, options);
      const mode = modeOf(options);
      await ensureEngine(mode);
      // Only stages store anything.
      const session = await (options.stages > 1 ? openSession : openReading)(options);
      const engine = await openEngine(mode);
      try {
        const { ledger, terminal } = session;
        const { id, study } = await findStudy(ledger, asked, { reported: true });
        const catalog = new Catalog((digest) => ledger.getBlob(digest));
        const ref = await storedStudy(ledger, id);
        const { models } = await ledger.getRecord(ref.study);
        const names = models.map(({ name }) => name);
        const model = networkAsked(study, names, options.model);
        if (options.stages > 1 || options.fill === 'substitute') await ensureEngine(ref.mode);
        const pruned = await interruptible(
          (signal) =>
            pruneStoredStudy(ledger, catalog, ref, {
              model,
              fill: options.fill,
              goal,
              stages: options.stages,
              engine,
              open: openEngine,
              progress: terminal.progress,
              signal,
            }),
          {
            say: () => terminal.say('Interrupted. What was measured is kept; the same command goes on'),
            message: () => `pruning was interrupted; go on with: ${sameCommand()}`,
          },
        );
        const { file, ...told } = pruned;
        const made = { study, id, model, file: basename(options.out), fill: options.fill, stages: options.stages };
        const html = await renderPrunedPage({ ...made, goal: goalInWords(goal), ...told });
        await writeNamed(written[0], file, options);
        const summary = { study: id, model, fill: options.fill, ...told };
        await writeNamed(written[1], `${JSON.stringify(summary, null, 1)}\n`, options);
        await writeNamed(written[2], html, options);
        terminal.result({ file: options.out, ...summary }, () => prunedLines(model, options.out, pruned));
      } finally {
        await engine.close();
        await session.close();
      }
    });
}

/** @throws PercussError USAGE unless exactly one goal is given. */
function goalOf({ kernels, macs, accuracy }: PruneOptions): PruningGoal {
  const goals: PruningGoal[] = [
    ...(kernels === undefined ? [] : [{ kernels }]),
    ...(macs === undefined ? [] : [{ macs }]),
    ...(accuracy === undefined ? [] : [{ accuracy }]),
  ];
  const [goal, ...others] = goals;
  if (goal && others.length === 0) return goal;
  throw new PercussError('USAGE', 'say how far to go, by one of --kernels, --macs and --accuracy');
}

function goalInWords(goal: PruningGoal): string {
  if ('kernels' in goal) return `${percent(goal.kernels)} were to stay`;
  if ('macs' in goal) return `${percent(goal.macs)} of the multiply-accumulates were to stay`;
  return `as many as lower accuracy on the images that choose by no more than ${(-100 * goal.accuracy).toFixed(1)} points`;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

function prunedLines(
  model: string,
  out: string,
  { removed, staying, before, after, chosen, fresh }: PrunedNetwork,
): string[] {
  const change = (name: string, from: number, to: number, print = (n: number): string => String(n)): string =>
    `  ${name.padEnd(30)} ${print(from)} → ${print(to)} (${percent(to / from)})`;
  const none = removed.filter(({ kl }) => kl === 0).length;
  return [
    `${model}: ${removed.length} of ${before.kernels} kernels removed${none > 0 ? `, ${none} of which changed nothing` : ''}; written to ${out}`,
    ...stayingLines(staying),
    change('parameters', before.parameters, after.parameters),
    change('multiply-accumulates an image', before.macs, after.macs),
    change('bytes of the file', before.bytes, after.bytes),
    change('time an image, here', before.milliseconds, after.milliseconds, (n) => `${n.toFixed(2)} ms`),
    `  accuracy on the ${counted(chosen.images, 'image')} that chose: ${damageLine(chosen)}`,
    `  accuracy on ${counted(fresh.images, 'image')} that chose nothing: ${damageLine(fresh)}`,
  ];
}

/** Of kernels that stay although the study was to remove them, why. */
function stayingLines({ unknown, unfit, tied }: PrunedNetwork['staying']): string[] {
  const told: readonly (readonly [number, string])[] = [
    [unknown, 'stay since nothing is known of them: they were not run, failed or gave no finite KL'],
    [unfit, 'stay since what reads them does not read sums of channels, and so cannot take a substitute in'],
    [tied, 'stay since they are tied to channels that stay: without them the network would be as large'],
  ];
  return told.flatMap(([count, why]) => (count > 0 ? [`  ${counted(count, 'kernel')} more ${why}`] : []));
}

function damageLine({ accuracy, deltaAccuracy, kl }: Damage): string {
  const { estimate, low, high } = deltaAccuracy;
  const signed = (value: number): string => `${value > 0 ? '+' : ''}${(100 * value).toFixed(1)}`;
  const change = `${signed(estimate)} points [${signed(low)}, ${signed(high)}]`;
  return `${percent(accuracy.estimate)}, ${change}${kl ? `; KL ${kl.estimate.toPrecision(3)} nat` : ''}`;
}
