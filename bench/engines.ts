import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf } from '../core/errors.js';
import { anatomyOf } from '../core/anatomy/anatomy.js';
import { importOnnx } from '../core/import/onnx/import-onnx.js';
import { devicesOf, engineNames, type NumericMode } from '../core/numeric-mode.js';
import { secondsFor } from '../core/plan/cost.js';
import { workloadOf } from '../core/study/planning/workload.js';
import { askEngine } from '../workers/engine-process.js';
import { mistake, sampleOf, wholeNumber } from './flags.js';
import { LesionProcesses } from './lesion-processes.js';
import { machineName, record, recordOptions, type Figure } from './record.js';
import { inTurns, printAgreement } from './rounds.js';
import { printSpread, spreadOf } from './spread.js';
import { kernelOf, type Kernel, type Subject, type SweepRun } from './sweep.js';

/** One sweep of single kernels, on one engine after another. */
const { values: flags } = parseArgs({
  options: {
    engines: { type: 'string', default: 'onnxruntime-cpu,tfjs-cpu,tfjs-wasm' },
    model: { type: 'string', default: 'cifar10_resnet20' },
    images: { type: 'string', default: '256' },
    layers: { type: 'string', default: '5' },
    kernels: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '5' },
    threads: { type: 'string', default: '2' },
    data: { type: 'string', default: '../shared/data' },
    ...recordOptions,
  },
});

const say = (line = ''): void => void process.stdout.write(`${line}\n`);

const modes: ReadonlyMap<string, NumericMode> = new Map(
  engineNames.flatMap((engine) =>
    devicesOf(engine).map((device) => [`${engine}-${device}`, { engine, precision: 'float32', device }] as const),
  ),
);

function modeOf(name: string): NumericMode {
  const mode = modes.get(name);
  if (mode) return mode;
  throw mistake(`--engines names ${name}; known are ${[...modes.keys()].join(', ')}`);
}

/** Those that can be opened here, each with what it is. */
async function present(names: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of names) {
    try {
      const { provenance } = await askEngine({ kind: 'open', mode: modeOf(name) });
      say(`${name}: ${provenance.version} (${provenance.processor})`);
      found.push(name);
    } catch (error) {
      say(`${name}: SKIPPED (${messageOf(error)})`);
    }
  }
  return found;
}

async function compare(subject: Subject): Promise<void> {
  const graph = importOnnx(
    subject.network,
    await readFile(path.join(subject.data, 'models', `${subject.network}.onnx`)),
  );
  const anatomy = anatomyOf(graph, { after: 'activation' });
  const workload = workloadOf(graph, anatomy);
  const kernels = sampleOf(anatomy.layers, wholeNumber(flags, 'layers')).flatMap(({ site, kernels: channels }) =>
    sampleOf([...Array(channels).keys()], wholeNumber(flags, 'kernels')).map((channel) => kernelOf(site, channel)),
  );
  const names = await present(flags.engines.split(','));
  const processes = new Map(
    names.map((name) => [name, new LesionProcesses(wholeNumber(flags, 'threads'), modeOf(name))]),
  );
  const work = ({ site }: Kernel): number => secondsFor(subject.images, workload.behind(site, true));
  const sweep = (name: string, list: readonly Kernel[]): Promise<SweepRun> =>
    (processes.get(name) as LesionProcesses).run(
      'percuss',
      list,
      work,
      list.reduce((sum, kernel) => sum + work(kernel), 0),
      subject.images,
    );
  say(`\n${subject.network}: ${kernels.length} kernels × ${subject.images} images, fill zero; ${machineName()}`);
  try {
    for (const name of names) {
      await processes.get(name)?.open(subject);
      await sweep(name, kernels.slice(0, wholeNumber(flags, 'threads')));
    }
    const { runs, agreements } = await inTurns(
      names,
      { rounds: wholeNumber(flags, 'rounds'), images: subject.images },
      async (name) => {
        await processes.get(name)?.open(subject);
        return sweep(name, kernels);
      },
    );
    report(names, runs, agreements, `${subject.network}, ${kernels.length} kernels × ${subject.images} images`);
  } finally {
    for (const own of processes.values()) own.close();
  }
}

const figures: Figure[] = [];

function report(
  names: readonly string[],
  runs: Awaited<ReturnType<typeof inTurns<string>>>['runs'],
  agreements: Awaited<ReturnType<typeof inTurns<string>>>['agreements'],
  subject: string,
): void {
  const [first, ...rivals] = names as [string, ...string[]];
  for (const rival of rivals) say(`  ${first} ${printAgreement(rival, agreements.get(rival))}`);
  say(`  ${runs.length} rounds; median (smallest–largest)`);
  const images = runs[0]?.[first]?.results.predicted.length ?? 0;
  for (const name of names) {
    const rates = runs.map((run) => images / (run[name] as SweepRun).seconds);
    say(`  ${name.padEnd(18)} ${printSpread(spreadOf(rates), 0)} image evaluations/s`);
  }
  for (const rival of rivals) {
    const ratio = (of: 'seconds' | 'cpu'): readonly number[] =>
      runs.map((run) => (run[rival] as SweepRun)[of] / (run[first] as SweepRun)[of]);
    const time = spreadOf(ratio('seconds'));
    say(
      `  ${first} is faster than ${rival}: ${printSpread(time)}× in time, ${printSpread(spreadOf(ratio('cpu')))}× in processor time`,
    );
    figures.push({ what: `${subject}: ${first} faster than ${rival}`, value: time, unit: '×' });
  }
}

const data = path.resolve(flags.data);
if (!existsSync(data)) {
  say(`SKIPPED: ${flags.data} is not here, so there are no networks to run; name the folder: --data`);
} else {
  await compare({ data, network: flags.model, images: wholeNumber(flags, 'images') });
  await record('engines', flags, wholeNumber(flags, 'rounds'), figures);
}
