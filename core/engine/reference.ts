import { PercussError } from '../errors.js';
import type { Graph, ValueId } from '../network/graph.js';
import { operatorOf } from '../network/operators/table.js';
import type { Tensor } from '../tensor.js';
import type { Engine, EngineTensor, Program } from './engine.js';
import { checkedFeeds, engineFailed, feedsOf } from './feeds.js';
import { weightBytes } from '../network/cost.js';
import { lastReaders } from './lifetime.js';

class HostTensor implements EngineTensor {
  constructor(readonly tensor: Tensor) {}
  get shape(): readonly number[] {
    return this.tensor.shape;
  }
  get bytes(): number {
    return this.tensor.data.byteLength;
  }
  read(): Promise<Tensor> {
    return Promise.resolve(this.tensor);
  }
  dispose(): void {
    // The host's garbage collector has it.
  }
}

/** Runs a graph node by node with each operator's definition. Values are freed after their last use. */
export function evaluateGraph(
  graph: Graph,
  feeds: ReadonlyMap<ValueId, Tensor>,
  signal?: AbortSignal,
): Map<ValueId, Tensor> {
  const dead = lastReaders(graph);
  const values = new Map<ValueId, Tensor>([...graph.constants, ...feeds]);
  for (const node of graph.nodes) {
    if (signal?.aborted) throw new PercussError('CANCELLED', `graph "${graph.name}": cancelled at node "${node.path}"`);
    const outputs = operatorOf(node).evaluate(
      node,
      node.inputs.map((input) => values.get(input)),
    );
    node.outputs.forEach((output, i) => values.set(output, outputs[i] as Tensor));
    for (const value of dead.get(node) ?? []) values.delete(value);
  }
  return new Map(graph.outputs.map((output) => [output, values.get(output) as Tensor]));
}

function compile(graph: Graph): Program {
  const feeds = feedsOf(graph);
  return {
    feeds,
    outputs: graph.outputs,
    bytes: weightBytes(graph),
    async run(given, options) {
      const tensors = new Map<ValueId, Tensor>();
      for (const [name, tensor] of checkedFeeds(graph.name, feeds, given)) {
        if (!(tensor instanceof HostTensor))
          throw engineFailed(graph.name, `the feed "${name}" belongs to another engine`);
        tensors.set(name, tensor.tensor);
      }
      try {
        const fetched = evaluateGraph(graph, tensors, options?.signal);
        const wanted = options?.outputs ?? graph.outputs;
        return new Map(wanted.map((name) => [name, new HostTensor(fetched.get(name) as Tensor)]));
      } catch (cause) {
        if (cause instanceof PercussError && cause.code === 'CANCELLED') throw cause;
        throw engineFailed(graph.name, cause instanceof Error ? cause.message : String(cause), cause);
      }
    },
    dispose: () => Promise.resolve(),
  };
}

/** Plain TypeScript, slow and obvious: the definition that other engines are held to. */
export function openReference(): Promise<Engine> {
  return Promise.resolve({
    mode: { engine: 'reference', precision: 'float32', device: 'cpu' },
    provenance: { engine: 'reference', version: '1', device: 'cpu', processor: `node ${process.versions.node}` },
    compile: (graph) => Promise.resolve(compile(graph)),
    upload: (tensor) => new HostTensor(tensor),
    close: () => Promise.resolve(),
  });
}
