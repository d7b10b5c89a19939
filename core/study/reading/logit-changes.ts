import type { Digest } from '../../digest.js';
import type { Ledger } from '../../ledger/ledger.js';
import type { ConditionList } from '../../plan/conditions.js';
import { unitKey, type ModelOutline } from '../../plan/outline.js';
import type { UnitGroup } from '../../plan/stage.js';
import { logProbabilities } from '../../probe/output-reading.js';
import { modes } from '../../spec/words/modes.js';
import { outputKinds } from '../../spec/words/output-kinds.js';
import { outputScope } from './committed.js';

/** Of one condition, and of how many chunks it is known. */
interface Change {
  readonly values: Float64Array;
  chunks: number;
}

interface Asked {
  readonly name: string;
  readonly list: ConditionList;
}

/**
 * How much conditions change the logit of the class that the intact network predicts, centred over classes, image by image: of
 * the ablations that hold what is behind a removal. Read from kept outputs, chunk by chunk; 8 bytes an image stay of each condition.
 */
export class LogitChanges {
  readonly #outline: ModelOutline;
  readonly #changes = new Map<string, Change>();

  private constructor(outline: ModelOutline) {
    this.#outline = outline;
  }

  static async read(ledger: Ledger, outline: ModelOutline, seed: number): Promise<LogitChanges> {
    const changes = new LogitChanges(outline);
    const { classes } = outputKinds[outline.model.output.kind];
    const asked = outline.ablations.flatMap(({ spec, list }): Asked[] =>
      list && classes && modes[spec.mode].holds ? [{ name: spec.name, list }] : [],
    );
    if (asked.length === 0) return changes;
    let from = 0;
    for (const [index, { images }] of outline.chunks.entries()) {
      await changes.#readChunk(ledger, asked, seed, index, from);
      from += images;
    }
    return changes;
  }

  /** Of one condition, in the order of the network's images; undefined where outputs are missing, or are no classes, or sketched. */
  of(ablation: string, index: number): Float64Array | undefined {
    const found = this.#changes.get(nameOf(ablation, index));
    return found?.chunks === this.#outline.chunks.length ? found.values : undefined;
  }

  /** The chunk of a number, whose first image is number `from`. */
  async #readChunk(ledger: Ledger, asked: readonly Asked[], seed: number, index: number, from: number): Promise<void> {
    const outline = this.#outline;
    const scope = outputScope(outline, outline.chunks[index] as (typeof outline.chunks)[number]);
    const keyOf = (kind: UnitGroup['kind'], name: string, condition: number): Digest =>
      unitKey(outline, seed, { kind, model: outline.model.name, name, chunk: index }, condition);
    const intact = await this.#intact(ledger, scope, keyOf('baseline', '', 0));
    if (!intact) return;
    const places = placesOfLargest(intact, scope.classes);
    const wanted = new Map<Digest, Change[]>();
    for (const { name, list } of asked) {
      for (let condition = 0; condition < list.length; condition++) {
        const key = keyOf('cells', name, condition);
        wanted.set(key, [...(wanted.get(key) ?? []), this.#changeOf(name, condition)]);
      }
    }
    for await (const row of ledger.streamOutputs(scope, wanted.keys())) {
      if (row.form === 'sketch') continue;
      const lesioned = this.#centred(row.values);
      for (const change of wanted.get(row.key) ?? []) {
        places.forEach((place, i) => {
          change.values[from + i] = (lesioned[place] as number) - (intact[place] as number);
        });
        change.chunks += 1;
      }
    }
  }

  /** Centred logits of the intact network on a chunk; undefined where they are missing, or only a sketch is kept. */
  async #intact(ledger: Ledger, scope: ReturnType<typeof outputScope>, key: Digest): Promise<Float64Array | undefined> {
    for await (const { form, values } of ledger.streamOutputs(scope, [key])) {
      if (form !== 'sketch') return this.#centred(values);
    }
    return undefined;
  }

  #changeOf(name: string, condition: number): Change {
    const known = this.#changes.get(nameOf(name, condition));
    if (known) return known;
    const images = this.#outline.chunks.reduce((sum, chunk) => sum + chunk.images, 0);
    const change = { values: new Float64Array(images), chunks: 0 };
    this.#changes.set(nameOf(name, condition), change);
    return change;
  }

  /** Logs of probabilities, each row less its mean: logits up to a constant of the row. */
  #centred(outputs: Float32Array): Float64Array {
    const { model, anatomy } = this.#outline;
    const rows = logProbabilities(outputs, anatomy.outputs, model.output.kind);
    for (let start = 0; start < rows.length; start += anatomy.outputs) {
      const row = rows.subarray(start, start + anatomy.outputs);
      const mean = row.reduce((sum, value) => sum + value, 0) / anatomy.outputs;
      row.forEach((value, c) => void (row[c] = value - mean));
    }
    return rows;
  }
}

const nameOf = (ablation: string, index: number): string => `${index} ${ablation}`;

/** Where each row has its largest value; of equal ones the first. */
function placesOfLargest(rows: Float64Array, classes: number): readonly number[] {
  return Array.from({ length: rows.length / classes }, (_, i) => {
    let place = i * classes;
    for (let c = place; c < (i + 1) * classes; c++) if ((rows[c] as number) > (rows[place] as number)) place = c;
    return place;
  });
}
