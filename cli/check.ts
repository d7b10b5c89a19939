import { basename } from 'node:path';
import type { Command } from 'commander';
import { readNpy } from '../core/data/npy.js';
import { openEngine } from '../core/engine/open.js';
import { PercussError } from '../core/errors.js';
import { readRegular } from '../core/inside.js';
import { limits } from '../core/limits.js';
import { DYNAMIC, type Graph } from '../core/network/graph.js';
import { importNetwork } from '../core/import/import-network.js';
import { readableNetworks } from '../core/import/network-formats.js';
import { printNumericMode } from '../core/numeric-mode.js';
import { readModelFiles } from '../core/study/preparing/resolve-study.js';
import { float32, type Tensor } from '../core/tensor.js';
import { tensorFlowFromCache } from '../infra/setup/load-tfjs.js';
import { ensureEngine } from '../workers/engine-process.js';
import { modeOf, withEngineOptions, type EngineChoice } from './engine-option.js';
import { realNumber } from './number-option.js';
import { commonOptions } from './session.js';
import { openTerminal } from './terminal.js';

interface CheckOptions extends EngineChoice {
  readonly inputs: string;
  readonly expect: string;
  readonly tolerance: number;
  readonly output?: string;
}

async function readFloats(file: string): Promise<Tensor<'float32'>> {
  const bytes = await readRegular(file, { what: 'numbers to check with', atMost: limits.imageFile.value });
  const { shape, data } = readNpy(file, bytes);
  return float32(shape, Float32Array.from(data as ArrayLike<number>));
}

/** @throws PercussError DATA_INVALID where inputs have another shape than the network takes. */
function checkShape(graph: Graph, inputs: Tensor, file: string): void {
  const wanted = graph.inputs[0]?.shape ?? [];
  if (wanted.length === inputs.shape.length && wanted.every((dim, i) => dim === DYNAMIC || dim === inputs.shape[i]))
    return;
  const taken = wanted.map((dim) => (dim === DYNAMIC ? 'n' : dim)).join(', ');
  throw new PercussError(
    'DATA_INVALID',
    `${file} has the shape [${inputs.shape.join(', ')}], but ${graph.name} takes [${taken}]: save the inputs as they go into the network, preprocessed`,
    { details: { file } },
  );
}

/**
 * How far outputs lie from those expected. Where both are the same infinity, or no number, they agree; where only one is,
 * they are counted and no distance.
 */
function distanceOf(
  actual: Float32Array,
  expected: Float32Array,
): { readonly largest: number; readonly relative: number; readonly nonFinite: number } {
  let [largest, scale, nonFinite] = [0, 0, 0];
  for (const [i, value] of actual.entries()) {
    const wanted = expected[i] as number;
    if (Object.is(value, wanted)) {
      if (Number.isFinite(value)) scale = Math.max(scale, Math.abs(value));
    } else if (Number.isFinite(value) && Number.isFinite(wanted)) {
      largest = Math.max(largest, Math.abs(value - wanted));
      scale = Math.max(scale, Math.abs(wanted));
    } else nonFinite++;
  }
  return { largest, relative: scale > 0 ? largest / scale : largest, nonFinite };
}

/** `percuss check`: whether a network gives the outputs that are expected of it. */
export function checkCommand(verb: Command): void {
  withEngineOptions(verb)
    .argument('<model>', readableNetworks)
    .requiredOption('--inputs <x.npy>', 'preprocessed inputs, [n, …]')
    .requiredOption('--expect <y.npy>', 'expected outputs, [n, …]')
    .option(
      '--tolerance <relative>',
      'largest difference allowed, relative to the largest expected output',
      realNumber(0, 1e9),
      1e-4,
    )
    .option('--output <name>', 'which output, where there are several; else the last')
    .action(async (model: string, options: CheckOptions, command: Command) => {
      const terminal = openTerminal(commonOptions(command).json === true);
      const mode = modeOf(options);
      // A driver that is not fit for use may end the process that opens it.
      if (mode.device !== 'cpu') await ensureEngine(mode);
      const { format, files } = await readModelFiles(model);
      const graph = await importNetwork(basename(model), format, files, model, options.output);
      const output = options.output ?? graph.outputs.at(-1) ?? '';
      if (!graph.outputs.includes(output)) {
        throw new PercussError('USAGE', `${model} has no output ${output}; it has ${graph.outputs.join(', ')}`);
      }
      const inputs = await readFloats(options.inputs);
      checkShape(graph, inputs, options.inputs);
      const expected = await readFloats(options.expect);
      const engine = await openEngine(mode, { tensorflow: tensorFlowFromCache });
      const program = await engine.compile(graph);
      const fetched = await program.run(new Map([[program.feeds[0]?.name ?? '', engine.upload(inputs)]]));
      const actual = (await fetched.get(output)?.read())?.data as Float32Array;
      await engine.close();
      if (actual.length !== expected.data.length) {
        throw new PercussError(
          'DATA_INVALID',
          `${output} has ${actual.length} elements for these inputs, ${options.expect} has ${expected.data.length}`,
        );
      }
      const { largest, relative, nonFinite } = distanceOf(actual, expected.data);
      const agrees = relative <= options.tolerance && nonFinite === 0;
      terminal.result(
        {
          model,
          engine: mode.engine,
          device: mode.device,
          output,
          elements: actual.length,
          largest,
          relative,
          nonFinite,
          agrees,
        },
        () => [
          `${agrees ? 'agrees' : 'DIFFERS'}: ${output} of ${model} on ${printNumericMode(mode)}, ${actual.length} elements; largest difference ${largest.toExponential(2)} (${relative.toExponential(2)} of the largest output, allowed ${options.tolerance})${nonFinite === 0 ? '' : `; ${nonFinite} are not finite on one side and something else on the other`}`,
        ],
      );
      if (!agrees) process.exitCode = 3;
    });
}
