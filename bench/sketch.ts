import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { jointDamage, sketchedExcess } from '../core/analysis/additive.js';
import { mean, quantile } from '../core/analysis/moments.js';
import { spearman } from '../core/analysis/rank.js';
import { anatomyOf } from '../core/anatomy/anatomy.js';
import { divergence } from '../core/divergence.js';
import { openEngine } from '../core/engine/open.js';
import { importNetwork } from '../core/import/import-network.js';
import { SKETCH_VALUES } from '../core/plan/kept-outputs.js';
import { InstrumentedNetwork } from '../core/probe/instrumented-network.js';
import { runLesionBatch } from '../core/probe/lesion.js';
import { logProbabilities } from '../core/probe/output-reading.js';
import { outputKeeping } from '../core/probe/output-sketch.js';
import { ReferenceSet } from '../core/probe/reference-set.js';
import { randomStream } from '../core/random.js';
import { tensor } from '../core/tensor.js';
import './flags.js';

/** What a sketch of 16 numbers an image loses: of a trained network of 1,001 classes, pairs of kernels, on natural images. */
const { values: flags } = parseArgs({
  options: {
    images: { type: 'string', default: '250' },
    pairs: { type: 'string', default: '200' },
    data: { type: 'string', default: '../shared/data' },
    seed: { type: 'string', default: '1' },
  },
});
const [images, count] = [Number(flags.images), Number(flags.pairs)];
const say = (line = ''): void => void process.stdout.write(`${line}\n`);

/** CIFAR-10 images enlarged four times, as the network takes them: [n, 128, 128, 3], pixel / 128 − 1. */
function enlarged(): Float32Array {
  const bytes = readFileSync(path.resolve(flags.data, 'images/cifar10/cifar10_test_0000-0499.bin'));
  const [side, times] = [32, 4];
  const width = side * times;
  const data = new Float32Array(images * width * width * 3);
  for (let i = 0, at = 0; i < images; i++)
    for (let y = 0; y < width; y++)
      for (let x = 0; x < width; x++)
        for (let c = 0; c < 3; c++) {
          const place = (c * side + Math.floor(y / times)) * side + Math.floor(x / times);
          data[at++] = (bytes[i * (1 + 3 * side * side) + 1 + place] as number) / 128 - 1;
        }
  return data;
}

const name = 'imagenet_mobilenet_v1_0.25_128.onnx';
const file = new Uint8Array(readFileSync(path.resolve(flags.data, 'models', name)));
const graph = await importNetwork('mobilenet', 'onnx', new Map([['model.onnx', file]]));
const anatomy = anatomyOf(graph);
const engine = await openEngine({ engine: 'onnxruntime', precision: 'float32', device: 'cpu' });
const network = new InstrumentedNetwork(graph, anatomy, engine);
const chunk = {
  digest: 'sketch',
  images: tensor('float32', [images, 128, 128, 3], enlarged()),
  labels: new Uint16Array(images),
};
const random = randomStream(Number(flags.seed), 'sketch bench');
const kernels = anatomy.layers.flatMap(({ site, kernels: all }) =>
  Array.from({ length: all }, (_, channel) => ({ site, channel })),
);
const drawn = Array.from({ length: count }, () => random.sample(2, kernels.length) as [number, number]);
const edit = (kernel: number) => {
  const { site, channel } = kernels[kernel] as (typeof kernels)[number];
  return { site, channels: [channel], fill: { kind: 'zero' as const } };
};
const merged = ([a, b]: readonly [number, number]) => {
  const [one, other] = [edit(a), edit(b)];
  return one.site === other.site ? [{ ...one, channels: [...one.channels, ...other.channels] }] : [one, other];
};
const conditions = drawn.flatMap((pair, i) => [
  { key: `${i} a`, condition: { edits: [edit(pair[0])] } },
  { key: `${i} b`, condition: { edits: [edit(pair[1])] } },
  { key: `${i} ab`, condition: { edits: merged(pair) } },
]);
const outputs: Float32Array[] = [];
const output = { kind: 'probabilities' as const, classOffset: 1 };
const baseline = await runLesionBatch(
  { network, chunk, reference: new ReferenceSet(network, 'sketch', chunk.images), output, conditions },
  { cell: (_, __, own) => void outputs.push(own) },
);
const { classes } = network;
const intact = baseline.log;
const keeping = outputKeeping({ chunk: chunk.digest, classes, kind: output.kind, baseline: intact });

const rows = drawn
  .map((_, i) => {
    const [a, b, joint] = [0, 1, 2].map((k) => outputs[3 * i + k]) as [Float32Array, Float32Array, Float32Array];
    const logs = (own: Float32Array): Float64Array => logProbabilities(own, classes, output.kind);
    const exact = jointDamage({ intact, a: logs(a), b: logs(b), joint: logs(joint) }, classes, true);
    const sketches = [a, b, joint].map((own) => keeping.kept(own)) as [Float32Array, Float32Array, Float32Array];
    const both = logs(joint);
    const perImage = Array.from({ length: images }, (__, image) => {
      const start = image * classes;
      let [first, second] = [0, 0];
      for (let c = start; c < start + classes; c++) {
        const [p, change] = [Math.exp(intact[c] as number), (both[c] as number) - (intact[c] as number)];
        first += p * change;
        second += p * change ** 2;
      }
      const own = sketches[2].subarray(image * SKETCH_VALUES, (image + 1) * SKETCH_VALUES);
      return {
        kl: divergence(intact, both, start, classes, true),
        form: (second - first ** 2) / 2,
        sketched: own.reduce((sum, value) => sum + value ** 2, 0) / 2,
      };
    });
    const over = (of: (one: (typeof perImage)[number]) => number): number => mean(perImage.map(of)) ?? 0;
    return {
      kl: over(({ kl }) => kl),
      form: over(({ form }) => form),
      sketched: over(({ sketched }) => sketched),
      image: perImage.filter(({ form }) => form > 1e-9).map(({ form, sketched }) => sketched / form - 1),
      excess: mean(exact.excess) ?? 0,
      sketchedExcess: mean(sketchedExcess(...sketches, SKETCH_VALUES)) ?? 0,
    };
  })
  .filter(({ kl }) => kl > 1e-9);

const error = (values: readonly number[]): string => {
  const sizes = values.map(Math.abs).sort((x, y) => x - y);
  return [0.5, 0.9].map((share) => quantile(sizes, share).toFixed(3)).join(' and ');
};
const rank = (of: (row: (typeof rows)[number]) => number, to: (row: (typeof rows)[number]) => number): string =>
  (spearman(rows.map(of), rows.map(to)) ?? NaN).toFixed(3);
say(
  `${rows.length} pairs of kernels of ${name} that change something, ${images} images; relative errors: median and 90th percentile`,
);
say(`quadratic form of one image, sketch against exact: ${error(rows.flatMap(({ image }) => image))}`);
say(`its mean over images, sketch against exact: ${error(rows.map(({ form, sketched }) => sketched / form - 1))}`);
say(
  `mean KL, quadratic form against KL: ${error(rows.map(({ kl, form }) => form / kl - 1))}; rank correlation ${rank(
    (row) => row.form,
    (row) => row.kl,
  )}`,
);
say(
  `mean excess, sketch less exact, as a share of mean KL: ${error(rows.map((row) => (row.sketchedExcess - row.excess) / row.kl))}; rank correlation ${rank(
    (row) => row.sketchedExcess,
    (row) => row.excess,
  )}`,
);
say(`exact excess as a share of mean KL: ${error(rows.map((row) => row.excess / row.kl))}`);
await network.close();
await engine.close();
