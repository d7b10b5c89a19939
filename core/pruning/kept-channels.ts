import type { Dataflow } from '../anatomy/dataflow.js';
import type { Facts } from '../anatomy/flow.js';
import type { ValueId } from '../network/graph.js';
import { ChannelClasses, groupsOf, isContraction, linksOf } from './channel-links.js';
import type { Constants } from './constant-channels.js';

/**
 * Which channels a smaller network must keep: found backward from its output. A contraction needs the channels that it reads and that are
 * not the same on every image, since those can be added once and for all; what combines channels otherwise needs all of them,
 * and writes all. Channels that are linked one to one are kept together.
 */
export class KeptChannels {
  readonly #flow: Dataflow;
  readonly #constants: Constants;
  readonly #opaque: ReadonlySet<string>;
  readonly #classes: ChannelClasses;
  readonly #kept: Uint8Array;
  #grown = true;

  /** @param opaque Ids of nodes that can do with no fewer channels. */
  constructor(flow: Dataflow, constants: Constants, opaque: ReadonlySet<string>) {
    this.#flow = flow;
    this.#constants = constants;
    this.#opaque = opaque;
    this.#classes = new ChannelClasses(flow, opaque);
    this.#kept = new Uint8Array(this.#classes.size);
    for (const { id } of flow.graph.inputs) this.#keepAll(id);
    this.#keepAll(flow.output);
    while (this.#grown) {
      this.#grown = false;
      for (const facts of flow.nodes.toReversed()) this.#visit(facts);
    }
  }

  /** The channels of a value that are kept, ascending; undefined where it has none that are known, and is kept whole. */
  of(value: ValueId): readonly number[] | undefined {
    const count = this.#flow.channels(value);
    if (count === undefined) return undefined;
    return [...Array(count).keys()].filter((channel) => this.#isKept(value, channel));
  }

  #isKept(value: ValueId, channel: number): boolean {
    return this.#kept[this.#classes.of({ value, channel })] === 1;
  }

  #keep(value: ValueId, channel: number): void {
    if (this.#isKept(value, channel)) return;
    this.#kept[this.#classes.of({ value, channel })] = 1;
    this.#grown = true;
  }

  #keepAll(value: ValueId): void {
    for (let channel = 0; channel < this.#classes.count(value); channel++) this.#keep(value, channel);
  }

  #visit(facts: Facts): void {
    const isWritten = facts.node.outputs.some((output) => this.of(output)?.length !== 0);
    if (!isWritten) return;
    if (this.#opaque.has(facts.node.id)) this.#keepWhole(facts);
    else if (facts.sources === 'mixed' && isContraction(this.#flow, facts)) this.#visitContraction(facts);
    else if (linksOf(this.#flow, facts).includes('mixed')) this.#keepWhole(facts);
    else this.#keepOneEach(facts);
  }

  /** A value without channels is no value: of what a concatenation joins, or a split gives, at least one channel stays. */
  #keepOneEach(facts: Facts): void {
    for (const value of [...facts.activations, ...facts.node.outputs]) {
      this.#fill(value, [...Array(this.#classes.count(value)).keys()], 1);
    }
  }

  #keepWhole(facts: Facts): void {
    for (const value of [...facts.activations, ...facts.node.outputs]) this.#keepAll(value);
  }

  /** Groups of a convolution have to stay of one size, and each that writes has to read something. */
  #visitContraction(facts: Facts): void {
    const [read, groups] = [facts.activations[0] as ValueId, groupsOf(facts.node)];
    const varies = (channel: number): boolean => this.#constants.get(read)?.has(channel) !== true;
    const [reads, writes] = [this.#grouped(read, groups), this.#grouped(facts.output, groups)];
    const kept = (value: ValueId, channels: readonly number[]): number =>
      channels.filter((channel) => this.#isKept(value, channel)).length;
    const isAlive = (g: number): boolean => kept(facts.output, writes[g] as readonly number[]) > 0;
    reads.forEach((channels, g) => {
      if (isAlive(g)) for (const channel of channels) if (varies(channel)) this.#keep(read, channel);
    });
    if (groups > 1)
      reads.forEach((channels, g) => kept(read, channels) > 0 && this.#fill(facts.output, writes[g] ?? [], 1));
    const most = (value: ValueId, of: readonly (readonly number[])[]): number =>
      Math.max(1, ...of.map((channels) => kept(value, channels)));
    const [wide, high] = [most(read, reads), most(facts.output, writes)];
    reads.forEach((channels, g) => {
      if (!isAlive(g)) return;
      this.#fill(read, channels, wide);
      this.#fill(facts.output, writes[g] as readonly number[], high);
    });
  }

  #grouped(value: ValueId, groups: number): readonly (readonly number[])[] {
    const size = this.#classes.count(value) / groups;
    return Array.from({ length: groups }, (_, g) => Array.from({ length: size }, (__, i) => g * size + i));
  }

  /** Keeps more of these channels, the first ones, until so many are. */
  #fill(value: ValueId, channels: readonly number[], wanted: number): void {
    let missing = wanted - channels.filter((channel) => this.#isKept(value, channel)).length;
    for (const channel of channels) {
      if (missing <= 0) return;
      if (this.#isKept(value, channel)) continue;
      this.#keep(value, channel);
      missing--;
    }
  }
}
