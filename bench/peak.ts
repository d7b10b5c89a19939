import { fork, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { anatomyOf } from '../core/anatomy/anatomy.js';
import { importOnnx } from '../core/import/onnx/import-onnx.js';
import { workloadOf } from '../core/study/planning/workload.js';
import { computeFlags } from '../workers/compute-settings.js';
import { oneIn } from './flags.js';
import type { Meter } from './metered-engine.js';
import type { PeakReply, PeakRequest } from './peak-child.js';
import { isArchitecture, randomNetwork } from './random-networks.js';
import { machineName, record, recordOptions, type Figure } from './record.js';
import { printSpread, spreadOf } from './spread.js';
import { kernelOf, type Kernel, type Subject } from './sweep.js';

/** How much of the engine's peak a whole kernel leave-one-out reaches, in multiply-accumulates really done. */
const { values: flags } = parseArgs({
  options: {
    models: { type: 'string', default: 'cifar10_resnet20,cifar10_resnet56,resnet18' },
    images: { type: 'string', default: '256' },
    'large-images': { type: 'string', default: '8' },
    /** Kernels of a network at most, evenly spread over its layers. */
    kernels: { type: 'string', default: '688' },
    'large-kernels': { type: 'string', default: '240' },
    rounds: { type: 'string', default: '5' },
    threads: { type: 'string', default: '2' },
    data: { type: 'string', default: '../shared/data' },
    ...recordOptions,
  },
});

const [mark, aim] = [55, 70];
/** Multiply-accumulates of a batch, about five seconds. */
const batchMacs = 2.5e11;
const say = (line = ''): void => void process.stdout.write(`${line}\n`);

function ask(child: ChildProcess, request: PeakRequest): Promise<PeakReply> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null, signal: string | null): void =>
      reject(new Error(`a bench process ended (${signal ?? code})`));
    child.once('exit', ended);
    child.once('message', (reply: PeakReply) => {
      child.off('exit', ended);
      if (reply.error === undefined) resolve(reply);
      else reject(new Error(reply.error));
    });
    child.send(request);
  });
}

/** Kernels, so many of each layer that they are about `most` in all, in batches of about equal work. */
async function batchesOf(subject: Subject, most: number): Promise<readonly (readonly Kernel[])[]> {
  const { network } = subject;
  const graph = isArchitecture(network)
    ? randomNetwork(network)
    : importOnnx(network, await readFile(path.join(subject.data, 'models', `${network}.onnx`)));
  const anatomy = anatomyOf(graph, { after: 'activation' });
  const workload = workloadOf(graph, anatomy);
  const all = anatomy.layers.reduce((sum, layer) => sum + layer.kernels, 0);
  const chosen = anatomy.layers.flatMap(({ site, kernels }) => {
    const count = Math.max(1, Math.round(kernels * Math.min(1, most / all)));
    return Array.from({ length: count }, (_, i) => kernelOf(site, Math.floor(((i + 0.5) * kernels) / count)));
  });
  const macsOf = ({ site }: Kernel): number => subject.images * workload.behind(site, true).macs;
  const total = chosen.reduce((sum, kernel) => sum + macsOf(kernel), 0);
  const perBatch = Math.min(batchMacs, total / (4 * Number(flags.threads)));
  const batches: Kernel[][] = [];
  let macs = Infinity;
  for (const kernel of chosen) {
    if (macs >= perBatch) {
      batches.push([]);
      macs = 0;
    }
    batches.at(-1)?.push(kernel);
    macs += macsOf(kernel);
  }
  return batches;
}

interface Swept {
  readonly seconds: number;
  readonly meter: Meter;
}

async function sweep(children: readonly ChildProcess[], batches: readonly (readonly Kernel[])[]): Promise<Swept> {
  const queue = batches.map((kernels) => kernels.map(({ cuts }) => ({ cuts })));
  const meters: Meter[] = [];
  const started = performance.now();
  await Promise.all(
    children.map(async (child) => {
      for (let lesions = queue.shift(); lesions; lesions = queue.shift()) {
        const { meter } = await ask(child, { ask: 'run', lesions });
        if (meter) meters.push(meter);
      }
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  const total = (of: keyof Meter): number => meters.reduce((sum, meter) => sum + meter[of], 0);
  return {
    seconds,
    meter: {
      macs: total('macs'),
      rows: total('rows'),
      runs: total('runs'),
      runSeconds: total('runSeconds'),
      runCpu: total('runCpu'),
      compileSeconds: total('compileSeconds'),
      compiled: total('compiled'),
    },
  };
}

async function measure(subject: Subject, most: number, children: readonly ChildProcess[]): Promise<Figure> {
  const batches = await batchesOf(subject, most);
  const kernels = batches.flat();
  const check = oneIn(kernels, Math.ceil(kernels.length / 4)).map(({ cuts }) => ({ cuts }));
  const shares: number[] = [];
  const parts: { readonly run: number; readonly compile: number }[] = [];
  say(`\n${subject.network}: ${kernels.length} kernels × ${subject.images} images, in ${batches.length} batches`);
  for (let round = 0; round < Number(flags.rounds); round++) {
    const opened = await Promise.all(children.map((child) => ask(child, { ask: 'open', subject, check })));
    if (round === 0) say(`  ${opened[0]?.agreed} rows agree with whole forward passes, in every process`);
    const peakOf = async (): Promise<number> => {
      const peaks = await Promise.all(children.map((child) => ask(child, { ask: 'peak', seconds: 1 })));
      return peaks.reduce((sum, { peak = 0 }) => sum + peak, 0);
    };
    const before = await peakOf();
    const { seconds, meter } = await sweep(children, batches);
    const peak = (before + (await peakOf())) / 2;
    shares.push((100 * meter.macs) / seconds / peak);
    const whole = seconds * children.length;
    parts.push({ run: (100 * meter.runSeconds) / whole, compile: (100 * meter.compileSeconds) / whole });
    say(
      `  round ${round + 1}: ${(meter.macs / 1e9).toFixed(0)} GMAC in ${seconds.toFixed(1)} s, peak ${(peak / 1e9).toFixed(0)} GMAC/s: ` +
        `${shares.at(-1)?.toFixed(1)} % of it`,
    );
  }
  const share = spreadOf(shares);
  const [run, compile] = [spreadOf(parts.map((part) => part.run)), spreadOf(parts.map((part) => part.compile))];
  const inside = `${run.median.toFixed(0)} % of the processes' time within session.run, ${compile.median.toFixed(0)} % compiling`;
  say(
    `  ${printSpread(share, 1)} % of the peak; mark ${mark} %: ${share.median >= mark ? 'reached' : 'MISSED'}; ${inside}`,
  );
  return {
    what: `${subject.network}, ${kernels.length} kernels × ${subject.images} images: multiply-accumulates done a second, of the peak`,
    value: share,
    unit: ' %',
    mark,
    aim,
    note: inside,
  };
}

const data = path.resolve(flags.data);
if (!existsSync(data)) {
  say(`SKIPPED: ${flags.data} is not here, so there are no networks to run; name the folder: --data`);
} else {
  say(machineName());
  const entry = fileURLToPath(new URL('./peak-child.js', import.meta.url));
  const children = Array.from({ length: Number(flags.threads) }, () =>
    fork(entry, [], { serialization: 'advanced', execArgv: [...computeFlags] }),
  );
  try {
    const figures: Figure[] = [];
    for (const network of flags.models.split(',')) {
      const large = isArchitecture(network);
      const images = Number(large ? flags['large-images'] : flags.images);
      const most = Number(large ? flags['large-kernels'] : flags.kernels);
      figures.push(await measure({ data, network, images }, most, children));
    }
    await record('peak', flags, Number(flags.rounds), figures);
  } finally {
    for (const child of children) if (child.connected) child.disconnect();
  }
}
