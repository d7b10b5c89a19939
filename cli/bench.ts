import { readableNetworks } from '../core/import/network-formats.js';
import { basename } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { devicesOf, engineNames, printNumericMode, type NumericMode } from '../core/numeric-mode.js';
import { readModelFiles } from '../core/study/preparing/resolve-study.js';
import type { CostModel } from '../core/plan/cost.js';
import { saveCalibration } from '../infra/calibrations.js';
import { measureCost } from '../workers/measure-cost.js';
import { askEngine } from '../workers/engine-process.js';
import type { EngineAnswer, NetworkTime } from '../workers/engine-tasks.js';
import { modeOf } from './engine-option.js';
import { commonOptions } from './session.js';
import { openTerminal } from './terminal.js';

/** `onnxruntime`, or `onnxruntime:webgpu`. */
function parseMode(text: string): NumericMode {
  const [name, device] = text.split(':');
  const engine = engineNames.find((one) => one === name);
  if (!engine) throw new InvalidArgumentError(`it is ENGINE or ENGINE:DEVICE; engines: ${engineNames.join(', ')}`);
  const known = devicesOf(engine).find((one) => one === device);
  if (device !== undefined && !known) {
    throw new InvalidArgumentError(`${engine} computes on ${devicesOf(engine).join(', ')}, not on ${device}`);
  }
  return modeOf({ engine, ...(known ? { device: known } : {}) });
}

const timeoutSeconds = 300;
const peakOf = '4 convolutions 3x3 of 128 channels at 28x28';

/** `percuss bench`: what an engine does with a network on this machine, and what plans may predict by. */
export function benchCommand(verb: Command): void {
  verb
    .argument('<engine>', 'ENGINE or ENGINE:DEVICE, such as onnxruntime or tfjs:wasm', parseMode)
    .argument('<model>', readableNetworks)
    .option('--save', 'let percuss plan predict by it on this kind of processor')
    .action(async (mode: NumericMode, model: string, options: { readonly save?: boolean }, command: Command) => {
      const terminal = openTerminal(commonOptions(command).json === true);
      const network = { name: basename(model), ...(await readModelFiles(model)) };
      terminal.progress({ phase: 'run', label: `measuring ${model}`, done: 0, total: 1, unit: 'steps' });
      const answer = await askEngine({ kind: 'bench', mode, networks: [network] }, { timeoutSeconds });
      const [time] = answer.networks ?? [];
      const cost = await measureCost(mode, { timeoutSeconds });
      const { provenance, chain } = answer;
      const saved =
        options.save === true
          ? await saveCalibration(mode, {
              cost,
              measured: new Date().toISOString(),
              engineVersion: provenance.version,
            })
          : null;
      const share = time && chain ? time.gflops / chain.gflops : null;
      terminal.result(
        { mode, provenance, network: time ?? null, peak: chain ?? null, shareOfPeak: share, cost, saved },
        () => [
          `${printNumericMode(mode)} ${provenance.version} (${provenance.processor}), one process`,
          ...(time ? networkLines(time, answer) : []),
          ...costLines(cost),
          ...(saved === null ? [] : [`saved for percuss plan: ${saved}`]),
        ],
      );
    });
}

const short = (value: number): string => (value >= 1000 ? Math.round(value).toString() : value.toPrecision(3));

function networkLines(time: NetworkTime, { chain }: EngineAnswer): readonly string[] {
  const share = chain
    ? `, ${((100 * time.gflops) / chain.gflops).toFixed(0)} % of the peak (${short(chain.gflops)} GFLOP/s on ${peakOf})`
    : '';
  return [
    `${time.name}: ${(time.macs / 1e6).toPrecision(4)} million multiply-accumulates, ${(time.bytes / 1e6).toPrecision(3)} MB of activations an image`,
    `  ${short(time.imagesPerSecond)} images/s, ${short(time.gflops)} GFLOP/s${share}`,
    `  ${(1000 * time.seconds).toPrecision(3)} ms a run of ${time.rows} images, ${((time.bytes * time.imagesPerSecond) / 1e9).toPrecision(3)} GB/s of activations`,
  ];
}

function costLines(cost: CostModel): readonly string[] {
  return [
    'cost model, what times are predicted by, measured on all cores at once:',
    ...Object.entries(cost).map(([name, value]) => `  ${name}: ${(value as number).toPrecision(3)}`),
  ];
}
