import type { Program } from '../core/engine/engine.js';
import { buildGraph } from '../core/network/build.js';
import { DYNAMIC, type Graph, type ValueId } from '../core/network/graph.js';
import type { Site } from '../core/anatomy/site.js';
import { imageMetrics } from '../core/probe/metrics.js';
import { logProbabilities } from '../core/probe/output-reading.js';
import type { InstrumentedNetwork } from '../core/probe/instrumented-network.js';
import { rows, type Tensor } from '../core/tensor.js';
import { emptyResults, place, type Lesion, type SweepResults } from './sweep.js';

const keepOf = (site: Site): ValueId => `${site.value}!keep`;
const shiftOf = (site: Site): ValueId => `${site.value}!shift`;
const ones = (site: Site): number[] => site.shape.slice(1).map(() => 1);

/** The whole network with a selecting node behind some sites; which channels they replace is fed. */
function editable(graph: Graph, sites: readonly Site[]): Graph {
  const editedAs = new Map(sites.map((site) => [site.value, `${site.value}!edited`]));
  const nodes = graph.nodes.flatMap((node) => {
    const own = { ...node, inputs: node.inputs.map((read) => editedAs.get(read) ?? read) };
    const selecting = sites
      .filter(({ value }) => node.outputs.includes(value))
      .map((site) => {
        const edited = editedAs.get(site.value) as ValueId;
        const inputs = [keepOf(site), site.value, shiftOf(site)];
        return { id: edited, op: 'Where' as const, inputs, outputs: [edited] };
      });
    return [own, ...selecting];
  });
  return buildGraph({
    name: `${graph.name} with ${sites.map(({ name }) => name).join()} edited`,
    inputs: [
      ...graph.inputs,
      ...sites.flatMap((site) => [
        { id: keepOf(site), shape: [DYNAMIC, site.channels, ...ones(site)], dtype: 'bool' as const },
        { id: shiftOf(site), shape: [DYNAMIC, site.channels, ...ones(site)], dtype: 'float32' as const },
      ]),
    ],
    outputs: graph.outputs,
    nodes,
    constants: graph.constants,
  });
}

/** Up to so many edited sites, each set of them has a program of its own; above, all share one with every site in it. */
const few = 2;

/**
 * Percuss without its first lever: every lesion costs the whole network from the input on. Same engine, same operators,
 * same rows in a run; one program a site, or pair of sites, so that no lesion has to wait for a compilation of its own.
 */
export class WholeNetwork {
  readonly #network: InstrumentedNetwork;
  readonly #images: Tensor;
  readonly #labels: Uint16Array;
  readonly #programs = new Map<string, Program>();
  #baseline: Float64Array | undefined;

  constructor(network: InstrumentedNetwork, images: Tensor, labels: Uint16Array) {
    this.#network = network;
    this.#images = images;
    this.#labels = labels;
  }

  async run(lesions: readonly Lesion[]): Promise<SweepResults> {
    const images = this.#labels.length;
    const { classes } = this.#network;
    const results = emptyResults(lesions.length * images, true);
    const baseline = await this.#intact();
    const context = { classes, classOffset: 0, kind: 'logits' as const, labels: this.#labels, baseline };
    for (const [index, lesion] of lesions.entries()) {
      const outputs = await this.#logits(lesion);
      place(results, { ...imageMetrics(outputs, context), margin: margins(outputs, classes) }, index * images);
    }
    return results;
  }

  /** Does what a sweep does once, however many lesions it has. */
  async prepare(lesions: readonly Lesion[]): Promise<void> {
    await this.#intact();
    for (const lesion of lesions) await this.#program(this.#sitesOf(lesion));
  }

  async #intact(): Promise<Float64Array> {
    const nothing = { cuts: [{ site: (this.#network.anatomy.sites[0] as Site).name, channels: [] }] };
    return (this.#baseline ??= logProbabilities(await this.#logits(nothing), this.#network.classes, 'logits'));
  }

  #sitesOf({ cuts }: Lesion): readonly Site[] {
    return cuts.length > few ? this.#network.anatomy.sites : cuts.map(({ site }) => this.#network.site(site));
  }

  async #logits(lesion: Lesion): Promise<Float32Array> {
    const { engine, classes, graph } = this.#network;
    const sites = this.#sitesOf(lesion);
    const program = await this.#program(sites);
    const selecting = sites.flatMap((site) => {
      const shape = [1, site.channels, ...ones(site)];
      const keep = new Uint8Array(site.channels).fill(1);
      for (const channel of lesion.cuts.find((cut) => cut.site === site.name)?.channels ?? []) keep[channel] = 0;
      return [
        [keepOf(site), { dtype: 'bool', shape, data: keep }] as const,
        [shiftOf(site), { dtype: 'float32', shape, data: new Float32Array(site.channels) }] as const,
      ];
    });
    const outputs = new Float32Array(this.#labels.length * classes);
    const input = graph.inputs[0]?.id as ValueId;
    const atOnce = this.#network.rowsAt(0);
    for (let from = 0; from < this.#labels.length; from += atOnce) {
      const part = rows(this.#images, from, Math.min(this.#labels.length, from + atOnce));
      const feeds = new Map([
        [input, engine.upload(part)],
        ...selecting.map(([name, tensor]) => [name, engine.upload(tensor)] as const),
      ]);
      const fetched = await program.run(feeds);
      const output = await fetched.get(this.#network.output)?.read();
      outputs.set(output?.data as Float32Array, from * classes);
      for (const tensor of [...feeds.values(), ...fetched.values()]) tensor.dispose();
    }
    return outputs;
  }

  async #program(sites: readonly Site[]): Promise<Program> {
    const name = sites.map((site) => site.name).join('\n');
    const known = this.#programs.get(name);
    if (known) return known;
    const program = await this.#network.engine.compile(editable(this.#network.graph, sites));
    this.#programs.set(name, program);
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
