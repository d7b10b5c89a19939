import { quantile } from '../../analysis/moments.js';
import { joinedFloats } from '../../joined.js';
import { damageOf, type Damage } from '../../analysis/damage.js';
import type { Engine } from '../../engine/engine.js';
import type { Graph, ValueId } from '../../network/graph.js';
import { imageMetrics, type ImageMetrics } from '../../probe/metrics.js';
import { logProbabilities } from '../../probe/output-reading.js';
import type { OutputSpec } from '../../spec/study-spec.js';
import { rows, type Tensor } from '../../tensor.js';

/** Images of a run: a smaller network is run as whoever deploys it would run it. */
const BATCH = 50;

/** Outputs of a network on images, row by row, and what an image took: median of the batches, in milliseconds. */
export interface NetworkOutputs {
  readonly outputs: Float32Array;
  readonly classes: number;
  readonly milliseconds: number;
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
  const times: number[] = [];
  let count = 0;
  for await (const some of images()) {
    const end = some.shape[0] as number;
    count += end;
    for (let from = 0; from < end; from += BATCH) {
      const to = Math.min(end, from + BATCH);
      const feed = engine.upload(rows(some, from, to));
      const started = performance.now();
      const fetched = await program.run(new Map([[graph.inputs[0]?.id as string, feed]]), { outputs: [output] });
      const read = await fetched.get(output)?.read();
      times.push((performance.now() - started) / (to - from));
      for (const tensor of [feed, ...fetched.values()]) tensor.dispose();
      parts.push(Float32Array.from(read?.data as Float32Array));
    }
  }
  await program.dispose();
  const outputs = joinedFloats(parts);
  return {
    outputs,
    classes: outputs.length / count,
    milliseconds: quantile(
      times.toSorted((a, b) => a - b),
      0.5,
    ),
  };
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
