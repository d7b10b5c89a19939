import type { Dataflow } from './dataflow.js';
import type { ValueId } from '../network/graph.js';
import { Names } from '../network/names.js';
import { fieldCentre, fieldSize, receptiveFields, type Field } from './receptive-field.js';
import type { Site } from './site.js';
import { rectifiedValues } from './value-range.js';

/** Collects the values that layers, blocks and streams want to cut; the first to name a value names its site. */
export class SiteRegister {
  readonly #flow: Dataflow;
  readonly #names = new Names();
  readonly #entries = new Map<ValueId, { readonly name: string; readonly aliases: Set<string> }>();

  constructor(flow: Dataflow) {
    this.#flow = flow;
  }

  add(value: ValueId, wanted: string, aliases: readonly string[]): void {
    let entry = this.#entries.get(value);
    if (!entry) {
      entry = { name: this.#names.claim(wanted), aliases: new Set() };
      this.#entries.set(value, entry);
    }
    for (const alias of aliases) entry.aliases.add(alias);
  }

  /** The sites, in topological order. An alias that is another site's name is dropped: it would select both. */
  sites(): readonly Site[] {
    const flow = this.#flow;
    const fields = receptiveFields(flow);
    const rectified = rectifiedValues(flow);
    const names = new Set([...this.#entries.values()].map((entry) => entry.name));
    const position = (value: ValueId): number => flow.producer.get(value)?.position ?? -1;
    const ordered = [...this.#entries].sort(([a], [b]) => position(a) - position(b));
    return ordered.map(([value, entry], depth): Site => {
      const field = fields.get(value) as Field;
      const shape = (flow.graph.shapes.get(value) ?? []).slice(1);
      return {
        name: entry.name,
        aliases: [...entry.aliases].filter((alias) => !names.has(alias)),
        value,
        type: rectified.has(value) ? 'rectified' : 'signed',
        channels: shape[0] as number,
        shape,
        depth,
        normalisedDepth: ordered.length > 1 ? depth / (ordered.length - 1) : 0,
        stride: field.stride,
        offset: fieldCentre(field),
        receptiveField: fieldSize(field),
        wholeImage: field.wholeImage,
      };
    });
  }
}
