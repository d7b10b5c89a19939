import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { openEngine } from '../../core/engine/open.js';
import type { Engine } from '../../core/engine/engine.js';
import { isPercussError } from '../../core/errors.js';
import type { Graph } from '../../core/network/graph.js';
import { DYNAMIC } from '../../core/network/graph.js';
import { decodeModel } from '../../core/import/onnx/decode.js';
import { randomStream } from '../../core/random.js';
import { float32, sizeOf } from '../../core/tensor.js';

/** An accepted network that does not compute what its file says. */
export class Disagreement extends Error {}

/** Larger ones are left out: what they are made of is in the smaller ones, too. */
const mostElements = 300_000;
let opened: Promise<Engine> | undefined;

/** What became of a comparison; but for the first, nothing was compared. */
export type Comparison =
  | 'compared'
  | 'numbers that are not finite'
  | 'several inputs, or none of floats'
  | 'large'
  | 'refused by onnxruntime'
  | 'ended by onnxruntime';

/**
 * Runs an accepted network as percuss does and its file on plain onnxruntime, on the same numbers. What onnxruntime refuses says
 * nothing about us.
 * @throws Disagreement
 */
export async function agreesWithOnnxruntime(
  graph: Graph,
  read: (name: string) => Promise<Uint8Array>,
  main: string,
): Promise<Comparison> {
  const [input, ...others] = graph.inputs;
  if (input === undefined || others.length > 0 || input.dtype !== 'float32') {
    return 'several inputs, or none of floats';
  }
  if ([...graph.shapes.values()].some((shape) => sizeOf(shape.map(Math.abs)) > mostElements)) return 'large';
  const bytes = await read(main);
  const declared = decodeModel('network', bytes).graph.input.find(({ name }) => name === input.id)?.type?.value;
  if (declared?.case !== 'tensorType') return 'several inputs, or none of floats';
  const dims = (declared.value.shape?.dim ?? []).map(({ value }) =>
    value.case === 'dimValue' && value.value > 0n ? Number(value.value) : 1,
  );
  if (sizeOf(dims) > mostElements) return 'large';
  const other = dims.findIndex((dim, i) => input.shape[i] !== DYNAMIC && input.shape[i] !== dim);
  if (other !== -1)
    throw new Disagreement(`the input is [${input.shape.join(', ')}], the file says [${dims.join(', ')}]`);
  const stream = randomStream(1, 'fuzz-images');
  const feed = Float32Array.from({ length: sizeOf(dims) }, () => stream.normal());
  const options = { graphOptimizationLevel: 'disabled', intraOpNumThreads: 1, logSeverityLevel: 4 } as const;
  let session: InferenceSession;
  try {
    session = await InferenceSession.create(bytes, options);
  } catch {
    return 'refused by onnxruntime';
  }
  let expected: InferenceSession.OnnxValueMapType;
  try {
    expected = await session.run({ [input.id]: new OrtTensor('float32', feed, dims) });
  } catch {
    return 'ended by onnxruntime';
  } finally {
    await session.release();
  }
  opened ??= openEngine({ engine: 'onnxruntime', device: 'cpu', precision: 'float32' });
  const engine = await opened;
  try {
    const program = await engine.compile(graph);
    const fetched = await program.run(new Map([[input.id, engine.upload(float32(dims, feed))]]));
    let finite = false;
    for (const [name, tensor] of fetched) {
      const wanted = expected[name];
      const own = (await tensor.read()).data as Float32Array;
      tensor.dispose();
      if (wanted === undefined || wanted.type !== 'float32') continue;
      if (agree(name, own, wanted.data as Float32Array)) finite = true;
    }
    await program.dispose();
    return finite ? 'compared' : 'numbers that are not finite';
  } catch (error) {
    if (error instanceof Disagreement || !isPercussError(error)) throw error;
    throw new Disagreement(`plain onnxruntime runs it, percuss does not: ${error.message}`);
  }
}

/** Whether there was something to compare. @throws Disagreement. */
function agree(name: string, own: Float32Array, plain: Float32Array): boolean {
  if (own.length !== plain.length)
    throw new Disagreement(`${name}: ${own.length} elements, plain onnxruntime has ${plain.length}`);
  // Where numbers overflow, rounding decides between infinity and none.
  if (!plain.every(Number.isFinite)) return false;
  const scale = plain.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);
  const difference = own.reduce((most, value, i) => Math.max(most, Math.abs(value - (plain[i] as number))), 0);
  if (!(difference <= 1e-2 * scale))
    throw new Disagreement(`${name}: differs by ${difference} where the largest number is ${scale}`);
  return true;
}
