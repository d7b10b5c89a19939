import type { Engine, Program } from '../core/engine/engine.js';
import { buildGraph } from '../core/network/build.js';
import { DYNAMIC, type Graph, type ValueId } from '../core/network/graph.js';
import type { Site } from '../core/network/site.js';
import { logProbabilities, imageMetrics } from '../core/probe/metrics.js';
import type { TappedNetwork } from '../core/probe/tapped-network.js';
import { rows, type Tensor } from '../core/tensor.js';
import { emptyResults, place, type Kernel, type SweepResults } from './sweep.js';

/** The whole network with one selecting node behind a site; which channels it replaces is fed. */
function editable(graph: Graph, site: Site): Graph {
  const { value } = site;
  const edited = `${value}!edited`;
  const ones = site.shape.slice(1).map(() => 1);
  const nodes = graph.nodes.flatMap((node) => {
    const own = { ...node, inputs: node.inputs.map((read) => (read === value ? edited : read)) };
    if (!node.outputs.includes(value)) return [own];
    return [own, { id: edited, op: 'Where' as const, inputs: ['keep', value, 'shift'], outputs: [edited] }];
  });
  return buildGraph({
    name: `${graph.name} with ${site.name} edited`,
    inputs: [
      ...graph.inputs,
      { id: 'keep', shape: [DYNAMIC, site.channels, ...ones], dtype: 'bool' },
      { id: 'shift', shape: [DYNAMIC, site.channels, ...ones], dtype: 'float32' },
    ],
    outputs: graph.outputs,
    nodes,
    constants: graph.constants,
  });
}

/**
 * Percuss without its first lever: every kernel costs the whole network from the input on. Same engine, same operators,
 * same rows in a run; one program a site, so that no kernel has to wait for a compilation of its own.
 */
export class WholeNetwork {
  readonly #network: TappedNetwork;
  readonly #images: Tensor;
  readonly #labels: Uint16Array;
  readonly #programs = new Map<string, Program>();
  #baseline: Float64Array | undefined;

  constructor(network: TappedNetwork, images: Tensor, labels: Uint16Array) {
    this.#network = network;
    this.#images = images;
    this.#labels = labels;
  }

  async run(kernels: readonly Kernel[]): Promise<SweepResults> {
    const images = this.#labels.length;
    const { classes } = this.#network;
    const results = emptyResults(kernels.length * images, true);
    const baseline = (this.#baseline ??= logProbabilities(await this.#intact(), classes, 'logits'));
    const context = { classes, classOffset: 0, kind: 'logits' as const, labels: this.#labels, baseline };
    for (const [index, { site, channel }] of kernels.entries()) {
      const outputs = await this.#logits(this.#network.site(site), [channel]);
      place(results, { ...imageMetrics(outputs, context), margin: margins(outputs, classes) }, index * images);
    }
    return results;
  }

  #intact(): Promise<Float32Array> {
    return this.#logits(this.#network.anatomy.sites[0] as Site, []);
  }

  async #logits(site: Site, removed: readonly number[]): Promise<Float32Array> {
    const { engine, classes, graph } = this.#network;
    const program = await this.#program(engine, site);
    const shape = [1, site.channels, ...site.shape.slice(1).map(() => 1)];
    const keep = new Uint8Array(site.channels).fill(1);
    for (const channel of removed) keep[channel] = 0;
    const outputs = new Float32Array(this.#labels.length * classes);
    const input = graph.inputs[0]?.id as ValueId;
    const atOnce = this.#network.rowsAt(0);
    for (let from = 0; from < this.#labels.length; from += atOnce) {
      const part = rows(this.#images, from, Math.min(this.#labels.length, from + atOnce));
      const feeds = new Map([
        [input, engine.upload(part)],
        ['keep', engine.upload({ dtype: 'bool', shape, data: keep })],
        ['shift', engine.upload({ dtype: 'float32', shape, data: new Float32Array(site.channels) })],
      ]);
      const fetched = await program.run(feeds);
      const output = await fetched.get(this.#network.output)?.read();
      outputs.set(output?.data as Float32Array, from * classes);
      for (const tensor of [...feeds.values(), ...fetched.values()]) tensor.dispose();
    }
    return outputs;
  }

  async #program(engine: Engine, site: Site): Promise<Program> {
    const known = this.#programs.get(site.name);
    if (known) return known;
    const program = await engine.compile(editable(this.#network.graph, site));
    this.#programs.set(site.name, program);
    return program;
  }

  async close(): Promise<void> {
    for (const program of this.#programs.values()) await program.dispose();
    this.#programs.clear();
  }
}

/** Largest output less the second, by image. */
function margins(outputs: Float32Array, classes: number): Float32Array {
  return Float32Array.from({ length: outputs.length / classes }, (_, image) => {
    const sorted = outputs.slice(image * classes, (image + 1) * classes).sort();
    return (sorted.at(-1) as number) - (sorted.at(-2) as number);
  });
}
