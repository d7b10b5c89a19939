import path from 'node:path';
import { parseArgs } from 'node:util';
import { openEngine } from '../core/engine/open.js';
import type { Ledger } from '../core/ledger/ledger.js';
import type { ModelOutline } from '../core/plan/outline.js';
import type { StudyRef } from '../core/spec/resolved-study.js';
import { Catalog } from '../core/study/catalog.js';
import { pruningFills } from '../core/study/pruning/kernel-choice.js';
import { CellReader } from '../core/study/reading/cell-reader.js';
import { loadModelResults } from '../core/study/reading/load-model-results.js';
import { loadOutlines } from '../core/study/reading/outlines.js';
import { rows } from '../core/tensor.js';
import { lookAtStudy } from './exact-kernels.js';
import { mistake, wholeNumber } from './flags.js';
import { PruningContest } from './pruning-contest.js';
import { record, recordOptions, type Figure } from './record.js';
import { input } from './sweep.js';

/** What is lost with kernels that are chosen in several ways, at the same multiply-accumulates, on images that chose nothing. */
const { values: flags } = parseArgs({
  options: {
    networks: { type: 'string', default: 'cifar10_resnet20,wide' },
    fills: { type: 'string', default: pruningFills.join() },
    macs: { type: 'string', default: '0.9,0.8' },
    images: { type: 'string', default: '500' },
    judges: { type: 'string', default: '2000' },
    stages: { type: 'string', default: '4' },
    seeds: { type: 'string', default: '5' },
    threads: { type: 'string', default: '2' },
    data: { type: 'string', default: '../shared/data' },
    ...recordOptions,
  },
});
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const figures: Figure[] = [];
const at = (file: string): string => path.resolve(flags.data, file);

const asked = pruningFills.filter((fill) => flags.fills.split(',').includes(fill));
if (asked.length === 0) throw mistake(`--fills are of ${pruningFills.join(', ')}`);

/** A network and its images. */
interface Subject {
  readonly file: string;
  readonly input: string;
  /** Kernels that all fills can take out. */
  readonly layers: string;
  /** Images that choose, that judge (behind as many as choose, where these are the first of the same), and that substitutes are fitted to. */
  readonly choosing: string;
  readonly judging: string;
  readonly skipped: number;
  readonly reference: string;
}

const images = wholeNumber(flags, 'images');
const cifar = (file: string, count: number): string =>
  `{ format: cifar10, files: [${at(`images/cifar10/${file}`)}], images: ${count} }`;
const fashion = (folder: string, [pictures, labels]: readonly string[], count: number): string =>
  `{ format: idx, files: [${path.resolve(folder, pictures ?? '')}], labels: [${path.resolve(folder, labels ?? '')}], images: ${count} }`;
const ofTest = ['t10k-first1000-images-idx3-ubyte.gz', 't10k-first1000-labels-idx1-ubyte.gz'];
const subjects: Readonly<Record<string, Subject>> = {
  cifar10_resnet20: {
    file: at('models/cifar10_resnet20.onnx'),
    input: `{ divide: ${input.divide}, mean: [${input.mean.join(', ')}], std: [${input.std.join(', ')}] }`,
    layers: 'layer*.conv1',
    choosing: cifar('cifar10_test_0000-0499.bin', images),
    judging: cifar('cifar10_test_jpeg_4500.bin', wholeNumber(flags, 'judges')),
    skipped: 0,
    reference: cifar('cifar10_train_0000-1999.bin', 250),
  },
  wide: {
    file: path.resolve('experiments/zoo/wide/model.json'),
    input: '{ divide: 255, mean: [0], std: [1] }',
    layers: '*',
    choosing: fashion(at('images/fashion-mnist'), ofTest, images),
    judging: fashion(at('images/fashion-mnist'), ofTest, 1000),
    skipped: images,
    reference: fashion('experiments/zoo/data', ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte'], 250),
  },
};

const specOf = (
  name: string,
  { file, input: form, layers, choosing, judging, reference }: Subject,
): string => `version: 1
study: prune-${name}
seed: 7
data: { choosing: ${choosing}, judging: ${judging}, train: ${reference} }
defaults: { reference: train, input: ${form}, output: { kind: logits } }
models:
  net: { file: ${file}, data: choosing }
  judged: { file: ${file}, data: judging }
ablations:
  kernels: { models: [net], layers: ["${layers}"], unit: kernel, mode: each, fill: [${asked.join(', ')}] }
run: { engine: onnxruntime, device: cpu, batchSeconds: 5 }
`;

async function contest(name: string, subject: Subject, ledger: Ledger, ref: StudyRef): Promise<void> {
  const catalog = new Catalog((digest) => ledger.getBlob(digest));
  const { study, models } = await loadOutlines(ledger, catalog, ref, { scores: {} });
  const [net, judged] = models as [ModelOutline, ModelOutline];
  const cells = await CellReader.open(ledger, net, study.seed);
  const results = await loadModelResults(ledger, catalog, net, study.seed, cells);
  if (!results) throw new Error(`${name} was not run on all its images`);
  const loaded = await catalog.model(net.model);
  const { images: all, labels } = await catalog.images(loaded, judged.chunks);
  const judges = { images: rows(all, subject.skipped, labels.length), labels: labels.slice(subject.skipped) };
  const engine = await openEngine(ref.mode);
  const own = new PruningContest(
    name,
    {
      fills: asked,
      macs: flags.macs.split(',').map(Number),
      stages: flags.stages.split(',').map(Number),
      seeds: wholeNumber(flags, 'seeds'),
      say,
    },
    { ledger, catalog, engine, net, loaded, results, judges },
  );
  await own.run();
  figures.push(...own.figures);
  await engine.close();
}

for (const name of flags.networks.split(',')) {
  const subject = subjects[name];
  if (!subject) throw mistake(`--networks are of ${Object.keys(subjects).join(', ')}`);
  await lookAtStudy(specOf(name, subject), wholeNumber(flags, 'threads'), (ledger, ref) =>
    contest(name, subject, ledger, ref),
  );
}
await record('prune', flags, 1, figures);
