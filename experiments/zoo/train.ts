import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import type * as tensorflow from '@tensorflow/tfjs';

import { messageOf, PercussError } from '../../core/errors.js';
import { randomStream } from '../../core/random.js';
import { loadNativeTensorFlow } from '../../infra/setup/load-tfjs.js';
import { buildNetwork, networkNames } from './architectures.js';
import type { NetworkName, TensorFlow } from './architectures.js';
import { classes, fashionImages, side } from './fashion.js';
import type { LabelledImages } from './fashion.js';
import { halfValue, toHalves } from './halves.js';

const recipe = { batch: 128, rate: 4e-3, warmup: 200 };
/** That of the networks of the demo; others are further trainings. */
const demoSeed = 1;

interface NetworkRecord {
  readonly epochs: number;
  readonly parameters: number;
  readonly testImages: number;
  readonly correct: number;
  readonly accuracy: number;
  /** Of the test images that `images.ts` writes for the studies: the first 2,000. */
  readonly correctOfFirst2000: number;
  readonly trainingLoss: number;
}

/** Of a further training: what is counted is of its file, whose weights are halves. */
interface TrainingRecord extends NetworkRecord {
  /** Of all test images, with the weights as they were trained, in float32. */
  readonly correctInFloat32: number;
}

/** [images, 28, 28, 1], 0 … 1. Mirrored left to right where `mirror` says so: a boot's toe may point either way. */
function inputs(tf: TensorFlow, images: LabelledImages, order: readonly number[], mirror?: () => boolean) {
  const size = side * side;
  const values = new Float32Array(order.length * size);
  for (const [i, image] of order.entries()) {
    const flipped = mirror?.() ?? false;
    for (let p = 0; p < size; p++) {
      const column = p % side;
      const from = flipped ? p - column + (side - 1 - column) : p;
      values[i * size + p] = (images.pixels[image * size + from] as number) / 255;
    }
  }
  return tf.tensor4d(values, [order.length, side, side, 1]);
}

function oneHot(tf: TensorFlow, images: LabelledImages, order: readonly number[]): tensorflow.Tensor2D {
  const values = new Float32Array(order.length * classes.length);
  for (const [i, image] of order.entries()) values[i * classes.length + (images.labels[image] as number)] = 1;
  return tf.tensor2d(values, [order.length, classes.length]);
}

/** Learning rate of a step: a linear start, then half a cosine down to zero. */
function rateAt(step: number, steps: number): number {
  if (step < recipe.warmup) return (recipe.rate * (step + 1)) / recipe.warmup;
  return (recipe.rate / 2) * (1 + Math.cos((Math.PI * (step - recipe.warmup)) / (steps - recipe.warmup)));
}

/** How many of the first `count` images have their label as the largest output. */
function countCorrect(tf: TensorFlow, model: tensorflow.LayersModel, images: LabelledImages, count: number): number {
  let correct = 0;
  for (let from = 0; from < count; from += 500) {
    const order = Array.from({ length: Math.min(500, count - from) }, (_, i) => from + i);
    const best = tf.tidy(() => (model.predict(inputs(tf, images, order)) as tensorflow.Tensor).argMax(-1));
    for (const [i, label] of best.dataSync().entries()) if (label === images.labels[from + i]) correct++;
    best.dispose();
  }
  return correct;
}

async function train(
  tf: TensorFlow,
  name: NetworkName,
  seed: number,
  data: ReturnType<typeof fashionImages>,
  epochs: number,
): Promise<{ model: tensorflow.LayersModel; record: NetworkRecord }> {
  const model = buildNetwork(tf, name, seed);
  class ScheduledAdam extends tf.AdamOptimizer {
    setRate(rate: number): void {
      this.learningRate = rate;
    }
  }
  const optimizer = new ScheduledAdam(recipe.rate, 0.9, 0.999);
  const perEpoch = Math.floor(data.train.count / recipe.batch);
  let step = 0;
  let loss = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    const random = randomStream(seed, 'zoo', 'epoch', name, epoch);
    const order = random.shuffled(Array.from({ length: data.train.count }, (_, i) => i));
    const started = Date.now();
    let sum = 0;
    for (let b = 0; b < perEpoch; b++) {
      const chosen = order.slice(b * recipe.batch, (b + 1) * recipe.batch);
      optimizer.setRate(rateAt(step++, perEpoch * epochs));
      const batchLoss = tf.tidy(() => {
        const x = inputs(tf, data.train, chosen, () => random.uint32() % 2 === 1);
        const y = oneHot(tf, data.train, chosen);
        const cost = optimizer.minimize(
          () => tf.losses.softmaxCrossEntropy(y, model.apply(x, { training: true }) as tensorflow.Tensor).asScalar(),
          true,
          model.trainableWeights.map((weight) => weight.read() as tensorflow.Variable),
        );
        if (cost === null) throw new PercussError('BUG', 'The optimizer returned no loss.');
        return cost;
      });
      sum += batchLoss.dataSync()[0] as number;
      batchLoss.dispose();
    }
    loss = sum / perEpoch;
    const seconds = Math.round((Date.now() - started) / 1000);
    process.stdout.write(
      `${name}, seed ${seed}: epoch ${epoch + 1}/${epochs}, loss ${loss.toFixed(4)}, ${seconds} s\n`,
    );
  }
  optimizer.dispose();
  const correct = countCorrect(tf, model, data.test, data.test.count);
  return {
    model,
    record: {
      epochs,
      parameters: model.countParams(),
      testImages: data.test.count,
      correct,
      accuracy: correct / data.test.count,
      correctOfFirst2000: countCorrect(tf, model, data.test, 2000),
      trainingLoss: Number(loss.toFixed(4)),
    },
  };
}

/** Gives a network the weights that halves keep of its own. */
function round(tf: TensorFlow, model: tensorflow.LayersModel): void {
  const rounded = model.getWeights().map((weight) => {
    const bytes = toHalves(weight.dataSync() as Float32Array);
    const view = new DataView(bytes.buffer);
    const values = Float32Array.from({ length: weight.size }, (_, i) => halfValue(view.getUint16(2 * i, true)));
    return tf.tensor(values, weight.shape);
  });
  model.setWeights(rounded);
  tf.dispose(rounded);
}

/** Writes `model.json` and `weights.bin` of a TensorFlow.js layers model, in float32 or as halves. */
async function save(tf: TensorFlow, model: tensorflow.LayersModel, folder: string, halves: boolean): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await model.save(
    tf.io.withSaveHandler(async ({ modelTopology, weightSpecs, weightData }) => {
      if (weightData === undefined || weightSpecs === undefined)
        throw new PercussError('BUG', 'A model without weights.');
      const buffers = Array.isArray(weightData) ? weightData : [weightData];
      const whole = Buffer.concat(buffers.map((buffer) => new Uint8Array(buffer)));
      const values = new Float32Array(whole.buffer.slice(whole.byteOffset, whole.byteOffset + whole.byteLength));
      writeFileSync(join(folder, 'weights.bin'), halves ? toHalves(values) : whole);
      const quantization = { dtype: 'float16', original_dtype: 'float32' };
      const weights = halves ? weightSpecs.map((spec) => ({ ...spec, quantization })) : weightSpecs;
      const manifest = [{ paths: ['weights.bin'], weights }];
      const json = { format: 'layers-model', generatedBy: 'percuss experiments/zoo/train.ts', modelTopology };
      writeFileSync(join(folder, 'model.json'), `${JSON.stringify({ ...json, weightsManifest: manifest })}\n`);
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    }),
  );
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      out: { type: 'string', default: 'experiments/zoo' },
      epochs: { type: 'string', default: '4' },
      seeds: { type: 'string', default: String(demoSeed) },
    },
    allowPositionals: true,
  });
  const chosen = positionals.length === 0 ? networkNames : networkNames.filter((name) => positionals.includes(name));
  if (chosen.length === 0 || chosen.length < positionals.length)
    throw new PercussError(
      'USAGE',
      `No such network among ${positionals.join(', ')}; there are: ${networkNames.join(', ')}.`,
    );
  const epochs = Number(values.epochs);
  if (!Number.isInteger(epochs) || epochs < 1)
    throw new PercussError('USAGE', `--epochs is ${values.epochs}, expected a whole number of at least 1.`);
  const seeds = values.seeds.split(',').map(Number);
  if (!seeds.every((seed) => Number.isInteger(seed) && seed >= demoSeed))
    throw new PercussError(
      'USAGE',
      `--seeds is ${values.seeds}, expected whole numbers from ${demoSeed} on, such as 2,3.`,
    );
  const tf = loadNativeTensorFlow();
  const data = fashionImages();
  process.stdout.write(`${data.train.count} training images, ${data.test.count} test images\n`);
  for (const seed of seeds) {
    for (const name of chosen) {
      const { model, record } = await train(tf, name, seed, data, epochs);
      const kept = await (seed === demoSeed ? keepDemo : keepTraining)(tf, model, {
        out: values.out,
        name,
        seed,
        record,
        data,
      });
      process.stdout.write(`${name}, seed ${seed}: ${kept.parameters} parameters, accuracy ${kept.accuracy}\n`);
      model.dispose();
    }
  }
}

interface Trained {
  readonly out: string;
  readonly name: NetworkName;
  readonly seed: number;
  readonly record: NetworkRecord;
  readonly data: ReturnType<typeof fashionImages>;
}

async function keepDemo(
  tf: TensorFlow,
  model: tensorflow.LayersModel,
  { out, name, record }: Trained,
): Promise<NetworkRecord> {
  await save(tf, model, join(out, name), false);
  const file = join(out, 'accuracies.json');
  const networks = { ...readRecords<Partial<Record<NetworkName, NetworkRecord>>>(file), [name]: record };
  const sorted = Object.fromEntries(networkNames.flatMap((n) => (networks[n] ? [[n, networks[n]]] : [])));
  writeFileSync(file, `${JSON.stringify({ recipe: { seed: demoSeed, ...recipe }, networks: sorted }, null, 2)}\n`);
  return record;
}

async function keepTraining(
  tf: TensorFlow,
  model: tensorflow.LayersModel,
  { out, name, seed, record, data }: Trained,
): Promise<TrainingRecord> {
  await save(tf, model, join(out, 'trainings', name, String(seed)), true);
  round(tf, model);
  const correct = countCorrect(tf, model, data.test, data.test.count);
  const own: TrainingRecord = {
    ...record,
    correct,
    accuracy: correct / data.test.count,
    correctOfFirst2000: countCorrect(tf, model, data.test, 2000),
    correctInFloat32: record.correct,
  };
  const file = join(out, 'trainings', 'accuracies.json');
  const before = readRecords<Partial<Record<NetworkName, Record<string, TrainingRecord>>>>(file);
  const networks = { ...before, [name]: { ...before[name], [seed]: own } };
  const sorted = Object.fromEntries(networkNames.flatMap((n) => (networks[n] ? [[n, networks[n]]] : [])));
  writeFileSync(file, `${JSON.stringify({ recipe, networks: sorted }, null, 2)}\n`);
  return own;
}

/** What earlier runs recorded: networks may be trained one by one. */
function readRecords<Networks extends object>(file: string): Networks {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {} as Networks;
    throw error;
  }
  return (JSON.parse(text) as { readonly networks: Networks }).networks;
}

main().catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
});
