import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { messageOf, PercussError } from '../errors.js';
import { buildGraph } from '../network/build.js';
import type { Graph } from '../network/graph.js';
import { emitOnnx } from '../network/onnx/emit.js';
import type { NumericMode } from '../numeric-mode.js';
import type { Tensor } from '../tensor.js';
import type { Engine, EngineTensor, Program } from './engine.js';
import { checkedFeeds, engineFailed, feedsOf, weightBytes } from './feeds.js';
import { processorClass } from './processor.js';

type Runtime = typeof import('onnxruntime-node');

export interface OnnxruntimeOptions {
  /** Threads of one run; 1 by default, since one process per core is faster and repeatable. */
  readonly threads?: number;
  /** `cuda` and `webgpu` need a build and a device that have them. */
  readonly device?: NumericMode['device'];
}

const elementBytes: Readonly<Record<string, number>> = { float32: 4, float64: 8, int64: 8, int32: 4, bool: 1 };

class RuntimeTensor implements EngineTensor {
  constructor(readonly tensor: OrtTensor) {}
  get shape(): readonly number[] {
    return this.tensor.dims;
  }
  get bytes(): number {
    return this.tensor.size * (elementBytes[this.tensor.type] ?? 4);
  }
  async read(): Promise<Tensor> {
    const { type, dims } = this.tensor;
    const data = this.tensor.location === 'cpu' ? this.tensor.data : await this.tensor.getData();
    if (data instanceof Float32Array) return { dtype: 'float32', shape: dims, data };
    if (data instanceof Uint8Array) return { dtype: 'bool', shape: dims, data };
    throw new PercussError('ENGINE_FAILED', `onnxruntime gave a tensor of ${type}; float32 and bool are read`);
  }
  dispose(): void {
    this.tensor.dispose();
  }
}

async function load(): Promise<Runtime> {
  try {
    return await import('onnxruntime-node');
  } catch (cause) {
    throw new PercussError(
      'ENGINE_UNAVAILABLE',
      `onnxruntime cannot be loaded on this machine (${messageOf(cause)}). ` +
        'Install it again with `npm install onnxruntime-node`, or choose `run: { engine: reference }`.',
      { cause },
    );
  }
}

const one = buildGraph({
  name: 'probe',
  inputs: [{ id: 'x', shape: [1, 1], dtype: 'float32' }],
  outputs: ['y'],
  nodes: [{ id: 'relu', op: 'Relu', inputs: ['x'], outputs: ['y'] }],
  constants: new Map(),
});

/** Whether a device really works shows only when a session is made. */
async function probe(runtime: Runtime, device: string, options: InferenceSession.SessionOptions): Promise<void> {
  try {
    const session = await runtime.InferenceSession.create(emitOnnx(one), options);
    await session.release();
  } catch (cause) {
    throw new PercussError(
      'ENGINE_UNAVAILABLE',
      `onnxruntime cannot use ${device} on this machine (${messageOf(cause)}). ` +
        'Install its driver and libraries, or choose `run: { device: cpu }`.',
      { details: { device }, cause },
    );
  }
}

class RuntimeProgram implements Program {
  readonly feeds;
  readonly outputs;
  readonly bytes;
  readonly #name: string;
  readonly #session: InferenceSession;

  constructor(graph: Graph, session: InferenceSession) {
    this.#name = graph.name;
    this.#session = session;
    this.feeds = feedsOf(graph);
    this.outputs = graph.outputs;
    this.bytes = weightBytes(graph);
  }

  async run(
    given: ReadonlyMap<string, EngineTensor>,
    options?: { readonly signal?: AbortSignal },
  ): Promise<Map<string, EngineTensor>> {
    if (options?.signal?.aborted)
      throw new PercussError('CANCELLED', `graph "${this.#name}": cancelled before its run`);
    const feeds: Record<string, OrtTensor> = {};
    for (const [name, tensor] of checkedFeeds(this.#name, this.feeds, given)) {
      if (!(tensor instanceof RuntimeTensor))
        throw engineFailed(this.#name, `the feed "${name}" belongs to another engine`);
      feeds[name] = tensor.tensor;
    }
    try {
      const fetched = await this.#session.run(feeds, this.outputs);
      return new Map(this.outputs.map((name) => [name, new RuntimeTensor(fetched[name] as OrtTensor)]));
    } catch (cause) {
      throw engineFailed(this.#name, `onnxruntime failed to run it: ${messageOf(cause)}`, cause);
    }
  }

  dispose(): Promise<void> {
    return this.#session.release();
  }
}

/**
 * onnxruntime: by default its CPU provider with one thread. Runs block the event loop, so that processes which must
 * stay responsive hold it in a child.
 *
 * @throws PercussError ENGINE_UNAVAILABLE if the library or the device is not there; the message says the way out.
 */
export async function openOnnxruntime(options: OnnxruntimeOptions = {}): Promise<Engine> {
  const { threads = 1, device = 'cpu' } = options;
  const runtime = await load();
  runtime.env.logLevel = 'fatal';
  const session: InferenceSession.SessionOptions = {
    executionProviders: [device],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    enableCpuMemArena: true,
    enableMemPattern: true,
    // Its failures reach us as exceptions; on stderr they would only disturb progress bars.
    logSeverityLevel: 4,
  };
  if (device !== 'cpu') await probe(runtime, device, session);
  return {
    mode: { engine: 'onnxruntime', precision: 'float32', device },
    provenance: {
      engine: 'onnxruntime',
      version: runtime.env.versions.node ?? runtime.env.versions.common,
      device,
      processor: await processorClass(),
    },
    async compile(graph) {
      try {
        return new RuntimeProgram(graph, await runtime.InferenceSession.create(emitOnnx(graph), session));
      } catch (cause) {
        throw engineFailed(graph.name, `onnxruntime cannot compile it: ${messageOf(cause)}`, cause);
      }
    },
    upload({ dtype, shape, data }) {
      if (dtype === 'float32') return new RuntimeTensor(new runtime.Tensor('float32', data as Float32Array, shape));
      if (dtype === 'bool') return new RuntimeTensor(new runtime.Tensor('bool', data as Uint8Array, shape));
      throw new PercussError('ENGINE_FAILED', `onnxruntime is fed float32 and bool, not ${dtype}`);
    },
    close: () => Promise.resolve(),
  };
}
