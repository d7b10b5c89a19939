import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { messageOf, PercussError } from '../errors.js';
import { buildGraph } from '../network/build.js';
import { DYNAMIC, type Graph } from '../network/graph.js';
import { emitOnnx } from '../network/emit-onnx.js';
import type { DeviceName } from '../numeric-mode.js';
import type { Tensor } from '../tensor.js';
import type { Engine, EngineTensor, Program, RunOptions } from './engine.js';
import { inBlocks } from './blocked-layout.js';
import { checkedFeeds, engineFailed, feedsOf } from './feeds.js';
import { weightBytes } from '../network/cost.js';
import { providerOf, type Provider } from './onnxruntime-provider.js';
import { processorClass } from './processor.js';

type Runtime = typeof import('onnxruntime-node');

export interface OnnxruntimeOptions {
  /** Threads of one run; 1 by default, since one process per core is faster and repeatable. */
  readonly threads?: number;
  /** One of onnxruntime’s; all but `cpu` need what `docs/engines.md` names. */
  readonly device?: DeviceName;
}

const elementBytes: Readonly<Record<string, number>> = { float32: 4, float64: 8, int64: 8, int32: 4, bool: 1 };

/** Copies the elements of a tensor on a device to the host. */
type Download = (tensor: OrtTensor) => Promise<OrtTensor>;

class RuntimeTensor implements EngineTensor {
  readonly #download: Download;

  constructor(
    readonly tensor: OrtTensor,
    download: Download,
  ) {
    this.#download = download;
  }
  get shape(): readonly number[] {
    return this.tensor.dims;
  }
  get bytes(): number {
    return this.tensor.size * (elementBytes[this.tensor.type] ?? 4);
  }
  async read(): Promise<Tensor> {
    const { type, dims, location } = this.tensor;
    const { data } = location === 'cpu' ? this.tensor : await this.#download(this.tensor);
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

/** Moves nothing and computes nothing: its run ends with the copy to the host that is wanted. */
const flat = (rank: number): Graph =>
  buildGraph({
    name: `download of ${rank} dimensions`,
    inputs: [{ id: 'x', shape: Array.from({ length: rank }, () => DYNAMIC), dtype: 'float32' }],
    outputs: ['y'],
    nodes: [{ id: 'flat', op: 'Flatten', inputs: ['x'], outputs: ['y'], attributes: { axis: 0 } }],
    constants: new Map(),
  });

/**
 * Reads tensors that stayed on a device. `Tensor.getData()` of onnxruntime-node 1.30 ends the whole process there
 * ("terminate called after throwing an instance of 'char const*'"); fetching to the host by a run of a program works.
 */
class Downloads {
  readonly #sessions = new Map<number, Promise<InferenceSession>>();
  readonly #open: (graph: Graph) => Promise<InferenceSession>;

  constructor(open: (graph: Graph) => Promise<InferenceSession>) {
    this.#open = open;
  }

  readonly download: Download = async (tensor) => {
    const rank = tensor.dims.length;
    const session = this.#sessions.get(rank) ?? this.#open(flat(rank));
    this.#sessions.set(rank, session);
    const { y } = await (await session).run({ x: tensor });
    return y as OrtTensor;
  };

  async close(): Promise<void> {
    for (const session of this.#sessions.values()) await (await session).release();
    this.#sessions.clear();
  }
}

/** Whether a device really works shows only when a session is made. */
async function probe(provider: Provider, open: (graph: Graph) => Promise<InferenceSession>): Promise<void> {
  try {
    await (await open(one)).release();
  } catch (cause) {
    // Before it stands where in its sources it was thrown.
    const complaint = messageOf(cause).trim().split(' was false. ').at(-1);
    throw new PercussError(
      'ENGINE_UNAVAILABLE',
      `onnxruntime cannot use ${provider.device} on this machine (${complaint ?? 'no reason given'}). ${provider.wayOut}`,
      { details: { device: provider.device }, cause },
    );
  }
}

class RuntimeProgram implements Program {
  readonly feeds;
  readonly outputs;
  readonly bytes;
  readonly #name: string;
  readonly #session: InferenceSession;
  readonly #download: Download;

  constructor(graph: Graph, session: InferenceSession, download: Download) {
    this.#name = graph.name;
    this.#session = session;
    this.#download = download;
    this.feeds = feedsOf(graph);
    this.outputs = graph.outputs;
    this.bytes = weightBytes(graph);
  }

  async run(given: ReadonlyMap<string, EngineTensor>, options?: RunOptions): Promise<Map<string, EngineTensor>> {
    if (options?.signal?.aborted)
      throw new PercussError('CANCELLED', `graph "${this.#name}": cancelled before its run`);
    const feeds: Record<string, OrtTensor> = {};
    for (const [name, tensor] of checkedFeeds(this.#name, this.feeds, given)) {
      if (!(tensor instanceof RuntimeTensor))
        throw engineFailed(this.#name, `the feed "${name}" belongs to another engine`);
      feeds[name] = tensor.tensor;
    }
    try {
      const wanted = options?.outputs ?? this.outputs;
      const fetched = await this.#session.run(feeds, wanted);
      return new Map(wanted.map((name) => [name, new RuntimeTensor(fetched[name] as OrtTensor, this.#download)]));
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
 * stay responsive hold it in a child; a broken driver may end the process that opens a device.
 *
 * @throws PercussError ENGINE_UNAVAILABLE if the library or the device is not there; the message says the way out.
 */
export async function openOnnxruntime(options: OnnxruntimeOptions = {}): Promise<Engine> {
  const { threads = 1, device = 'cpu' } = options;
  const provider = providerOf(device);
  const runtime = await load();
  runtime.env.logLevel = 'fatal';
  const optionsFor = (graph: Graph): InferenceSession.SessionOptions => ({
    executionProviders: provider.executionProviders(graph),
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    // An arena is a session's own and never shrinks: with one for every program ResNet-50 took twice the memory, no faster.
    enableCpuMemArena: false,
    enableMemPattern: true,
    // Its failures reach us as exceptions; on stderr they would only disturb progress bars.
    logSeverityLevel: 4,
  });
  const open = (graph: Graph, more: InferenceSession.SessionOptions = {}): Promise<InferenceSession> =>
    runtime.InferenceSession.create(emitOnnx(graph), { ...optionsFor(graph), ...more });
  if (device !== 'cpu') await probe(provider, open);
  const stays = provider.outputsStay ? ({ preferredOutputLocation: 'gpu-buffer' } as const) : {};
  const downloads = new Downloads(open);
  const { download } = downloads;
  return {
    mode: { engine: 'onnxruntime', precision: 'float32', device },
    provenance: {
      engine: 'onnxruntime',
      version: runtime.env.versions.node ?? runtime.env.versions.common,
      device,
      processor: await processorClass(),
    },
    async compile(graph, { keepsMemory = false } = {}) {
      try {
        const laid = device === 'cpu' ? inBlocks(graph) : graph;
        return new RuntimeProgram(graph, await open(laid, { ...stays, enableCpuMemArena: keepsMemory }), download);
      } catch (cause) {
        throw engineFailed(graph.name, `onnxruntime cannot compile it: ${messageOf(cause)}`, cause);
      }
    },
    upload({ dtype, shape, data }) {
      if (dtype === 'float32')
        return new RuntimeTensor(new runtime.Tensor('float32', data as Float32Array, shape), download);
      if (dtype === 'bool') return new RuntimeTensor(new runtime.Tensor('bool', data as Uint8Array, shape), download);
      throw new PercussError('ENGINE_FAILED', `onnxruntime is fed float32 and bool, not ${dtype}`);
    },
    close: () => downloads.close(),
  };
}
