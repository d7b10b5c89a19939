import { buildGraph, type NodeDraft } from '../network/build.js';
import { graphCost } from '../network/cost.js';
import { DYNAMIC, type Graph, type ValueId } from '../network/graph.js';
import { randomStream } from '../random.js';
import { sizeOf, type Tensor } from '../tensor.js';
import type { Engine } from './engine.js';

/** How long a program takes on an engine: the shortest run of several, since others only add to it. */
export interface RunTime {
  /** Images of one run. */
  readonly rows: number;
  readonly seconds: number;
  readonly imagesPerSecond: number;
  /** 10⁹ floating-point operations a second; a multiply-accumulate counts as two. */
  readonly gflops: number;
}

export interface TimingOptions {
  /** Images of one run; unless given, doubled until a run takes 50 ms. */
  readonly rows?: number;
  /** Runs are repeated for about so long; 0.3 unless given. */
  readonly seconds?: number;
}

const longEnough = 0.05;
const mostRows = 256;
const mostRuns = 20;

/** A chain of 3 × 3 convolutions, each with as many kernels as channels: [channels, side, side] in and out. */
export function convolutionChain(layers: number, channels: number, side: number): Graph {
  const constants = new Map<ValueId, Tensor>();
  const nodes = Array.from({ length: layers }, (_, i): NodeDraft => {
    // Scaled so that values neither grow nor vanish along the chain.
    const shape = [channels, channels, 3, 3];
    constants.set(`w${i}`, scaled(noise(`weights ${i}`, shape), Math.sqrt(1 / (9 * channels))));
    return {
      id: `conv${i}`,
      op: 'Conv',
      inputs: [i === 0 ? 'x' : `y${i - 1}`, `w${i}`],
      outputs: [`y${i}`],
      attributes: { strides: [1, 1], pads: [1, 1, 1, 1], dilations: [1, 1], group: 1 },
    };
  });
  return buildGraph({
    name: `${layers} convolutions of ${channels} channels at ${side} x ${side}`,
    inputs: [{ id: 'x', shape: [DYNAMIC, channels, side, side], dtype: 'float32' }],
    outputs: [`y${layers - 1}`],
    nodes,
    constants,
  });
}

/** The chain by which `percuss doctor` compares engines: 75 million floating-point operations an image. */
export const doctorChain = (): Graph => convolutionChain(4, 64, 16);

/** The chain whose speed `percuss bench` takes for an engine's peak: 1.85 thousand million an image. */
export const peakChain = (): Graph => convolutionChain(4, 128, 28);

/** Times whole runs of a network with one input on random images, outputs read. */
export async function timeRuns(engine: Engine, graph: Graph, options: TimingOptions = {}): Promise<RunTime> {
  const program = await engine.compile(graph);
  const [input] = graph.inputs;
  const image = (input?.shape ?? []).slice(1);
  const one = noise('image', image).data;
  const budget = options.seconds ?? 0.3;
  const once = async (rows: number): Promise<number> => {
    const data = new Float32Array(rows * one.length);
    for (let row = 0; row < rows; row++) data.set(one, row * one.length);
    const x = engine.upload({ dtype: 'float32', shape: [rows, ...image], data });
    const started = performance.now();
    const fetched = await program.run(new Map([[input?.id ?? '', x]]));
    // What stays on a device is ready only once it is read.
    for (const tensor of fetched.values()) await tensor.read();
    const seconds = (performance.now() - started) / 1000;
    for (const tensor of [x, ...fetched.values()]) tensor.dispose();
    return seconds;
  };
  try {
    let rows = options.rows ?? 1;
    // The first run of a shape also makes ready what later ones reuse.
    let first = await once(rows);
    if (options.rows === undefined) {
      while (rows < mostRows && first < longEnough && (first = await once(rows)) < longEnough) {
        rows = Math.min(mostRows, 2 * rows);
        await once(rows);
      }
    }
    let least = Infinity;
    let spent = 0;
    for (let run = 0; run < mostRuns && (run === 0 || spent < budget); run++) {
      const seconds = await once(rows);
      least = Math.min(least, seconds);
      spent += seconds;
    }
    const imagesPerSecond = rows / least;
    return { rows, seconds: least, imagesPerSecond, gflops: (2 * graphCost(graph).macs * imagesPerSecond) / 1e9 };
  } finally {
    await program.dispose();
  }
}

function noise(purpose: string, shape: readonly number[]): Tensor<'float32'> {
  const stream = randomStream('speed', purpose);
  return { dtype: 'float32', shape, data: Float32Array.from({ length: sizeOf(shape) }, () => stream.normal()) };
}

function scaled({ shape, data }: Tensor<'float32'>, factor: number): Tensor<'float32'> {
  return { dtype: 'float32', shape, data: data.map((value) => factor * value) };
}
