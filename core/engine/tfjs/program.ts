import * as tf from '@tensorflow/tfjs-core';
import { messageOf, PercussError } from '../../errors.js';
import type { Graph, Node, ValueId } from '../../network/graph.js';
import type { EngineTensor, Program, RunOptions } from '../engine.js';
import { weightBytes } from '../../network/cost.js';
import { checkedFeeds, engineFailed, feedsOf } from '../feeds.js';
import { lastReaders } from '../lifetime.js';
import type { Backend } from './backend.js';
import { DeviceTensor } from './device-tensor.js';
import { channelsLast, inOrder, naturalOrder, type Laid } from './laid.js';
import { Kept, lowered, type Step } from './lowering.js';
import { foldNormalisation } from './fold-normalisation.js';

/**
 * Inputs that are brought to the order that convolutions want as they enter; all others to the natural one. So bits do not
 * depend on who fed a value, since sums follow the order; and what is small is moved, before conditions multiply it.
 */
function imagesOf({ inputs, nodes }: Graph): ReadonlySet<ValueId> {
  const multiplied = new Set(nodes.flatMap((node) => (node.op === 'MatMul' ? node.inputs : [])));
  return new Set(inputs.filter(({ id, shape }) => shape.length === 4 && !multiplied.has(id)).map(({ id }) => id));
}

/** A graph as a list of steps with its constants on the device. */
export class TfjsProgram implements Program {
  readonly feeds;
  readonly outputs;
  readonly bytes;
  readonly #graph: Graph;
  readonly #backend: Backend;
  readonly #kept = new Kept();
  readonly #steps: readonly Step[];
  readonly #dead: ReadonlyMap<Node, readonly ValueId[]>;
  readonly #images: ReadonlySet<ValueId>;

  /** @throws PercussError ENGINE_FAILED naming the graph. */
  constructor(given: Graph, backend: Backend) {
    this.feeds = feedsOf(given);
    this.outputs = given.outputs;
    this.bytes = weightBytes(given);
    this.#backend = backend;
    this.#graph = foldNormalisation(given);
    this.#dead = lastReaders(this.#graph);
    this.#images = imagesOf(this.#graph);
    backend.use();
    try {
      this.#steps = lowered(this.#graph, this.#kept);
    } catch (cause) {
      this.#kept.dispose();
      throw engineFailed(given.name, `tfjs cannot compile it: ${messageOf(cause)}`, cause);
    }
  }

  run(given: ReadonlyMap<string, EngineTensor>, options?: RunOptions): Promise<Map<string, EngineTensor>> {
    return new Promise((resolve) => resolve(this.#run(given, options)));
  }

  dispose(): Promise<void> {
    this.#kept.dispose();
    return Promise.resolve();
  }

  #run(given: ReadonlyMap<string, EngineTensor>, options: RunOptions | undefined): Map<string, EngineTensor> {
    const { name } = this.#graph;
    if (options?.signal?.aborted) throw new PercussError('CANCELLED', `graph "${name}": cancelled before it ran`);
    const values = new Map<ValueId, Laid>();
    const own = new Map<ValueId, tf.Tensor>();
    const feeds = checkedFeeds(name, this.feeds, given);
    this.#backend.use();
    try {
      for (const [id, tensor] of feeds) {
        if (!(tensor instanceof DeviceTensor) || tensor.backend !== this.#backend)
          throw engineFailed(name, `the feed "${id}" belongs to another engine`);
        this.#enter(id, tensor.laid, values, own);
      }
      for (const step of this.#steps) this.#step(step, values, own);
      return this.#fetched(options?.outputs ?? this.outputs, values, own);
    } catch (cause) {
      for (const tensor of own.values()) tensor.dispose();
      if (cause instanceof PercussError && cause.code === 'ENGINE_FAILED') throw cause;
      throw engineFailed(name, `tfjs failed to run it: ${messageOf(cause)}`, cause);
    }
  }

  #enter(id: ValueId, laid: Laid, values: Map<ValueId, Laid>, own: Map<ValueId, tf.Tensor>): void {
    const order = this.#images.has(id) ? channelsLast : naturalOrder(laid.order.length);
    const tensor = tf.tidy(() => inOrder(laid, order));
    values.set(id, { tensor, order });
    if (tensor !== laid.tensor) own.set(id, tensor);
  }

  #step({ node, run }: Step, values: Map<ValueId, Laid>, own: Map<ValueId, tf.Tensor>): void {
    const inputs = node.inputs.map((id) => values.get(id));
    let outputs: readonly Laid[] = [];
    const tensors = tf.tidy(() => {
      outputs = run(inputs);
      // What only looks at an input another way must outlive it.
      return outputs.map(({ tensor }) =>
        inputs.some((input) => input?.tensor === tensor) || tensor.kept ? tf.clone(tensor) : tensor,
      );
    });
    node.outputs.forEach((id, i) => {
      const tensor = tensors[i] as tf.Tensor;
      values.set(id, { tensor, order: (outputs[i] as Laid).order });
      own.set(id, tensor);
    });
    for (const id of this.#dead.get(node) ?? []) {
      own.get(id)?.dispose();
      own.delete(id);
      values.delete(id);
    }
  }

  #fetched(
    wanted: readonly ValueId[],
    values: ReadonlyMap<ValueId, Laid>,
    own: Map<ValueId, tf.Tensor>,
  ): Map<string, EngineTensor> {
    const fetched = new Map<string, EngineTensor>();
    for (const id of wanted) {
      const laid = values.get(id) ?? this.#kept.constant(this.#graph, id);
      if (!laid) throw engineFailed(this.#graph.name, `nothing computed "${id}"`);
      const tensor = own.has(id) ? laid.tensor : tf.clone(laid.tensor);
      own.delete(id);
      fetched.set(id, new DeviceTensor({ tensor, order: laid.order }, this.#backend));
    }
    for (const tensor of own.values()) tensor.dispose();
    return fetched;
  }
}
