import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { mean } from '../core/analysis/moments.js';
import { combineCorrelations, spearman } from '../core/analysis/rank.js';
import { anatomyOf } from '../core/anatomy/anatomy.js';
import type { Engine } from '../core/engine/engine.js';
import { openEngine } from '../core/engine/open.js';
import { importOnnx } from '../core/import/onnx/import-onnx.js';
import { InstrumentedNetwork } from '../core/probe/instrumented-network.js';
import { runLesionBatch } from '../core/probe/lesion.js';
import { Lineariser } from '../core/probe/lineariser.js';
import { ReferenceSet } from '../core/probe/reference-set.js';
import type { OutputKind } from '../core/spec/words/output-kinds.js';
import { buildGraph } from '../core/network/build.js';
import { float32, rows, type Tensor } from '../core/tensor.js';
import { oneIn, wholeNumber } from './flags.js';
import { record, recordOptions, type Figure } from './record.js';

/** How well, and how fast, linearised lesions predict exact ones: every kernel replaced by zero, on the same images and on others. */
const { values: flags } = parseArgs({
  options: {
    models: {
      type: 'string',
      default:
        'cifar10_resnet20,cifar10_resnet56,cifar10_mstutorial,imagenet_mobilenet_v1_0.25_128,vww_mobilenet_v1_0.25_96',
    },
    images: { type: 'string', default: '500' },
    every: { type: 'string', default: '1' },
    data: { type: 'string', default: '../shared/data' },
    ...recordOptions,
  },
});

/** Side of the images, whether channels come last, and pixel to input. */
interface Form {
  readonly times: number;
  readonly last: boolean;
  readonly kind: OutputKind;
  readonly of: (pixel: number, channel: number) => number;
}

const [means, deviations] = [
  [0.485, 0.456, 0.406],
  [0.229, 0.224, 0.225],
];
const standardised = (pixel: number, c: number): number => (pixel / 255 - means[c]!) / deviations[c]!;
const forms: Readonly<Record<string, Form>> = {
  cifar10_resnet20: { times: 1, last: false, kind: 'logits', of: standardised },
  cifar10_resnet56: { times: 1, last: false, kind: 'logits', of: standardised },
  cifar10_mstutorial: { times: 1, last: false, kind: 'logits', of: (pixel) => (pixel / 255 - 0.5) / 0.5 },
  'imagenet_mobilenet_v1_0.25_128': { times: 4, last: true, kind: 'probabilities', of: (pixel) => pixel / 128 - 1 },
  'vww_mobilenet_v1_0.25_96': { times: 3, last: true, kind: 'probabilities', of: (pixel) => pixel / 255 },
  'imagenet_squeezenet1.1': {
    times: 7,
    last: false,
    kind: 'probabilities',
    of: (pixel, c) => pixel - [104, 117, 123][c]!,
  },
};

/** Processor time of this process: other work on the machine counts less than it does on a clock. */
function secondsSince(started: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(started);
  return (user + system) / 1e6;
}

const say = (line = ''): void => void process.stdout.write(`${line}\n`);
const figures: Figure[] = [];

/** CIFAR-10 test images, each pixel so many times as wide and high. */
function imagesFor({ times, last, of }: Form, count: number): Tensor<'float32'> {
  const bytes = readFileSync(path.resolve(flags.data, 'images/cifar10/cifar10_test_0000-0499.bin'));
  const side = 32 * times;
  const data = new Float32Array(count * 3 * side * side);
  for (let i = 0; i < count; i++)
    for (let c = 0; c < 3; c++)
      for (let y = 0; y < side; y++)
        for (let x = 0; x < side; x++) {
          const from = (c * 32 + Math.floor(y / times)) * 32 + Math.floor(x / times);
          const to = last ? (y * side + x) * 3 + c : (c * side + y) * side + x;
          data[i * 3 * side * side + to] = of(bytes[i * 3073 + 1 + from] as number, c);
        }
  return float32(last ? [count, side, side, 3] : [count, 3, side, side], data);
}

interface Kernel {
  readonly site: string;
  readonly channel: number;
}

interface Scores {
  readonly seconds: number;
  /** [kernels × images]. */
  readonly kl: readonly Float64Array[];
}

async function exact(
  network: InstrumentedNetwork,
  images: Tensor,
  kernels: readonly Kernel[],
  kind: OutputKind,
): Promise<Scores> {
  const kl: Float64Array[] = [];
  const started = process.cpuUsage();
  await runLesionBatch(
    {
      network,
      chunk: { digest: 'bench', images, labels: new Uint16Array(images.shape[0] as number) },
      reference: new ReferenceSet(network, 'bench', images),
      output: { kind, classOffset: 0 },
      conditions: kernels.map(({ site, channel }, i) => ({
        key: `${i}`,
        condition: { edits: [{ site, channels: [channel], fill: { kind: 'zero' } }] },
      })),
    },
    { cell: (index, cell) => void (kl[index] = Float64Array.from(cell.kl)) },
  );
  return { kl, seconds: secondsSince(started) };
}

async function predicted(
  network: InstrumentedNetwork,
  images: Tensor,
  kernels: readonly Kernel[],
  kind: OutputKind,
): Promise<Scores & { readonly making: number }> {
  const started = process.cpuUsage();
  const values = [...new Set(network.anatomy.layers.map(({ site }) => network.site(site).value))];
  const reference = new ReferenceSet(network, 'bench', images);
  const lineariser = await Lineariser.open(network, {
    kind,
    values,
    fills: [{ kind: 'zero' }],
    reference,
    seed: 1,
  });
  // The first image has the programs made.
  await lineariser.changes({ digest: 'bench', images: rows(images, 0, 1) });
  const making = secondsSince(started);
  const changes = await lineariser.changes({ digest: 'bench', images });
  const kl = kernels.map(({ site, channel }) => {
    const size = changes.images * changes.count;
    const own = changes.of(0, network.site(site).value).subarray(channel * size, (channel + 1) * size);
    return Float64Array.from(changes.directions, (direction, i) =>
      direction.damage(own.subarray(i * changes.count, (i + 1) * changes.count)),
    );
  });
  await lineariser.close();
  return { kl, seconds: secondsSince(started), making };
}

/** Seconds of the intact network as one program, outputs alone fetched, on all images. */
async function forward(engine: Engine, { graph, output }: InstrumentedNetwork, images: Tensor): Promise<number> {
  const program = await engine.compile(buildGraph({ ...graph, outputs: [output] }));
  const run = async (): Promise<void> => {
    for (let from = 0; from < (images.shape[0] as number); from += 16) {
      const fed = engine.upload(rows(images, from, Math.min(from + 16, images.shape[0] as number)));
      const fetched = await program.run(new Map([[graph.inputs[0]?.id as string, fed]]));
      for (const tensor of [fed, ...fetched.values()]) tensor.dispose();
    }
  };
  await run();
  const started = process.cpuUsage();
  await run();
  await program.dispose();
  return secondsSince(started);
}

const over = (kl: readonly Float64Array[], from: number, to: number): number[] =>
  kl.map((own) => mean(own.subarray(from, to)) ?? Number.NaN);

/** Rank correlation within sites, combined. */
function within(kernels: readonly Kernel[], a: readonly number[], b: readonly number[]): number {
  const groups = new Map<string, number[]>();
  kernels.forEach(({ site }, i) => groups.set(site, [...(groups.get(site) ?? []), i]));
  const correlations = [...groups.values()].map((own) => ({
    correlation: spearman(
      own.map((i) => a[i]!),
      own.map((i) => b[i]!),
    ),
    size: own.length,
  }));
  return combineCorrelations(correlations) ?? Number.NaN;
}

function foundOfTop(predicted: readonly number[], measured: readonly number[], top: number, first: number): number {
  const leading = (values: readonly number[], count: number): Set<number> =>
    new Set([...values.keys()].sort((a, b) => values[b]! - values[a]!).slice(0, count));
  const shown = leading(predicted, first);
  return [...leading(measured, top)].filter((i) => shown.has(i)).length;
}

async function judge(name: string, engine: Engine): Promise<void> {
  const form = forms[name];
  if (!form) throw new Error(`no images are known for ${name}`);
  const count = wholeNumber(flags, 'images');
  const images = imagesFor(form, count);
  const graph = importOnnx(name, readFileSync(path.resolve(flags.data, 'models', `${name}.onnx`)));
  const network = new InstrumentedNetwork(graph, anatomyOf(graph, { after: 'activation' }), engine);
  const all = network.anatomy.layers.flatMap(({ site, kernels }) =>
    Array.from({ length: kernels }, (_, channel) => ({ site, channel })),
  );
  const every = wholeNumber(flags, 'every');
  const kernels = oneIn(all, every);
  const once = await forward(engine, network, images);
  const preview = await predicted(network, images, kernels, form.kind);
  const sweep = await exact(network, images, kernels, form.kind);
  const half = Math.floor(count / 2);
  const [p, m] = [over(preview.kl, 0, count), over(sweep.kl, 0, count)];
  const halves = within(kernels, over(sweep.kl, 0, half), over(sweep.kl, half, count));
  const others = within(kernels, over(preview.kl, 0, half), over(sweep.kl, half, count));
  const swept = sweep.seconds * (all.length / kernels.length);
  const what = `${name}, ${kernels.length} of ${all.length} kernels × ${count} images`;
  const add = (
    text: string,
    value: number,
    more: Omit<Figure, 'what' | 'value' | 'unit'> & { unit?: string } = {},
  ): void => {
    const { unit = '', ...rest } = more;
    figures.push({ what: `${what}: ${text}`, value, unit, ...rest });
    say(`  ${text}: ${value.toFixed(3)}${unit}`);
  };
  say(what);
  add('rank correlation within sites with exact KL', within(kernels, p, m), { mark: 0.95 });
  add('the same over all kernels', spearman(p, m) ?? Number.NaN);
  add('from the other half of the images, of what exact halves have in common', others / halves, { mark: 0.9 });
  add('of the 20 most damaging, found among the first 40', foundOfTop(p, m, 20, 40), { mark: 18 });
  add('time, in runs of the intact network', preview.seconds / once, {
    mark: network.classes > 32 ? 25 : 10,
    better: 'lower',
  });
  add('the same without making its programs', (preview.seconds - preview.making) / once, { better: 'lower' });
  add('faster than the exact sweep', swept / preview.seconds, { unit: '×', mark: 20 });
  await network.close();
}

const engine = await openEngine({ engine: 'onnxruntime', precision: 'float32', device: 'cpu' });
for (const name of flags.models.split(',')) await judge(name, engine);
await engine.close();
await record('preview', flags, 1, figures);
