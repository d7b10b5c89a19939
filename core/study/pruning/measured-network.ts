import { quantile } from '../../analysis/moments.js';
import { joinedFloats } from '../../joined.js';
import { damageOf, type Damage } from '../../analysis/damage.js';
import type { Engine, Program } from '../../engine/engine.js';
import type { Graph, ValueId } from '../../network/graph.js';
import { imageMetrics, type ImageMetrics } from '../../probe/metrics.js';
import { logProbabilities } from '../../probe/output-reading.js';
import type { OutputSpec } from '../../spec/study-spec.js';
import { rows, type Tensor } from '../../tensor.js';

/** Images of a run: a smaller network is run as whoever deploys it would run it. */
const BATCH = 50;

/** Runs of each network that are timed. */
const RUNS = 9;

/** Outputs of a network on images, row by row. */
export interface NetworkOutputs {
  readonly outputs: Float32Array;
  readonly classes: number;
}

/** Images as a network takes them, [n, …] at a time, the same ones in the same order whenever they are asked for. */
export type ImageStream = () => AsyncIterable<Tensor<'float32'>>;

/** Runs a network on images. @throws PercussError ENGINE_FAILED. */
export async function runNetwork(
  engine: Engine,
  graph: Graph,
  output: ValueId,
  images: ImageStream,
): Promise<NetworkOutputs> {
  const program = await engine.compile(graph);
  const parts: Float32Array[] = [];
  let count = 0;
  for await (const some of images()) {
    const end = some.shape[0] as number;
    count += end;
    for (let from = 0; from < end; from += BATCH) {
      parts.push(await runOnce(engine, program, graph, output, rows(some, from, Math.min(end, from + BATCH))));
    }
  }
  await program.dispose();
  const outputs = joinedFloats(parts);
  return { outputs, classes: outputs.length / count };
}

/**
 * What an image takes in each of some networks, in milliseconds: median over runs of the same images, one batch at most. They run in turn, so
 * that whatever else the machine does meets all of them.
 */
export async function timesInTurn(
  engine: Engine,
  networks: readonly { readonly graph: Graph; readonly output: ValueId }[],
  images: ImageStream,
): Promise<readonly number[]> {
  let batch: Tensor<'float32'> | undefined;
  for await (const some of images()) {
    batch = rows(some, 0, Math.min(some.shape[0] as number, BATCH));
    break;
  }
  if (!batch) return networks.map(() => Number.NaN);
  const programs = await Promise.all(networks.map(({ graph }) => engine.compile(graph)));
  const times = networks.map((): number[] => []);
  // The first run of each prepares it, and counts for nothing.
  for (let run = 0; run <= RUNS; run++) {
    for (const [i, { graph, output }] of networks.entries()) {
      const started = performance.now();
      await runOnce(engine, programs[i] as Program, graph, output, batch);
      if (run > 0) times[i]?.push((performance.now() - started) / (batch.shape[0] as number));
    }
  }
  for (const program of programs) await program.dispose();
  return times.map((own) =>
    quantile(
      own.toSorted((a, b) => a - b),
      0.5,
    ),
  );
}

async function runOnce(
  engine: Engine,
  program: Program,
  graph: Graph,
  output: ValueId,
  images: Tensor<'float32'>,
): Promise<Float32Array> {
  const feed = engine.upload(images);
  const fetched = await program.run(new Map([[graph.inputs[0]?.id as string, feed]]), { outputs: [output] });
  const read = await fetched.get(output)?.read();
  for (const tensor of [feed, ...fetched.values()]) tensor.dispose();
  return Float32Array.from(read?.data as Float32Array);
}

/** What a smaller network does against the intact one, on some of the images. */
export function damageOn(
  places: readonly number[],
  intact: NetworkOutputs,
  smaller: NetworkOutputs,
  labels: Uint16Array,
  { kind, classOffset }: OutputSpec,
): Damage | null {
  const own = Uint16Array.from(places, (image) => labels[image] as number);
  const { classes } = intact;
  const of = ({ outputs }: NetworkOutputs): Float32Array => {
    const picked = new Float32Array(places.length * classes);
    places.forEach((image, i) => picked.set(outputs.subarray(image * classes, (image + 1) * classes), i * classes));
    return picked;
  };
  const baseline = logProbabilities(of(intact), classes, kind);
  const metrics = (network: NetworkOutputs): ImageMetrics =>
    imageMetrics(of(network), { classes, classOffset, kind, labels: own, baseline });
  return damageOf({ labels: own, ...metrics(intact) }, metrics(smaller));
}
