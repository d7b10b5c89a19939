import { joined, joinedFloats } from '../../joined.js';
import { largest } from '../../extremes.js';
import type { Digest } from '../../digest.js';
import type { Ledger } from '../../ledger/ledger.js';
import type { StoredResult } from '../../ledger/response-shelf.js';
import { nodeCosts } from '../../network/cost.js';
import type { ConditionList } from '../../plan/conditions.js';
import { SEMANTICS } from '../../plan/identity.js';
import { waveOrder } from '../../data/waves.js';
import { chunkOf, piecesOf, unitKey, unorderedConditions, type ModelOutline } from '../../plan/outline.js';
import type { UnitGroup } from '../../plan/stage.js';
import type { Cell } from '../../probe/cell.js';
import type { Tensor } from '../../tensor.js';
import { loadGradients } from './load-gradients.js';
import type { Catalog } from '../catalog.js';
import type {
  AblationResult,
  ConditionResult,
  ModelResults,
  ResponseResultRead,
  SiteProfile,
} from './model-results.js';
import { impulsesIn, profileProblem, responseProblem } from './sound-results.js';

/**
 * What one network has in the store: cells of all chunks, responses and profile. Undefined where the intact network has
 * not been run on all images, since nothing can be said of a damage then.
 */
export async function loadModelResults(
  ledger: Ledger,
  catalog: Catalog,
  outline: ModelOutline,
  seed: number,
): Promise<ModelResults | undefined> {
  const loaded = await catalog.model(outline.model);
  const { labels } = await catalog.images(loaded, outline.chunks);
  const cells = await CellReader.open(ledger, outline, seed);
  const baseline = cells.condition('baseline', '', 0);
  if (baseline?.state !== 'ok') return undefined;
  const ablations = outline.ablations.map(({ spec, list }): AblationResult => ({
    name: spec.name,
    mode: spec.mode,
    unit: spec.unit,
    ...(spec.stop ? { stop: spec.stop } : {}),
    ...(list
      ? { conditions: cells.conditions(spec.name, list) }
      : { unordered: true, conditions: unmeasured(unorderedConditions(outline, spec, seed)) }),
  }));
  const costs = nodeCosts(loaded.graph);
  return {
    outline,
    graph: loaded.graph,
    labels,
    baseline,
    ablations,
    responses: await loadResponses(ledger, outline, seed),
    profile: await loadProfile(ledger, outline, seed),
    gradients: await loadGradients(ledger, outline, seed),
    parameters: [...costs.values()].reduce((sum, cost) => sum + cost.parameters, 0),
    macs: [...costs.values()].reduce((sum, cost) => sum + cost.macs, 0),
    cost: costs,
  };
}

const unmeasured = (list: ConditionList): AblationResult['conditions'] =>
  Array.from({ length: list.length }, (_, index) => ({ labelled: list.at(index), result: undefined }));

/** Cells of one network, read once for each chunk. */
export class CellReader {
  readonly #outline: ModelOutline;
  readonly #seed: number;
  /** By number of the chunk, see `chunkOf`. */
  readonly #cells: ReadonlyMap<number, ReadonlyMap<Digest, Cell>>;
  /** Adaptive ablations: the order of their images. */
  readonly #order: Uint32Array;

  private constructor(outline: ModelOutline, seed: number, cells: ReadonlyMap<number, ReadonlyMap<Digest, Cell>>) {
    this.#outline = outline;
    this.#seed = seed;
    this.#cells = cells;
    const images = outline.waves.flat().reduce((sum, piece) => sum + piece.images, 0);
    this.#order = waveOrder(images, seed);
  }

  /** Reads all cells, or those of the intact network, or of adaptive ablations only. */
  static async open(
    ledger: Ledger,
    outline: ModelOutline,
    seed: number,
    which: 'all' | 'baseline' | 'waves' = 'all',
  ): Promise<CellReader> {
    const cells = new Map<number, ReadonlyMap<Digest, Cell>>();
    const whole = which === 'waves' ? [] : outline.chunks.map((_, index) => index);
    for (const index of which === 'baseline' ? whole : [...whole, ...wavePieces(outline)]) {
      const group = { kind: 'baseline', model: outline.model.name, name: '', chunk: index } as const;
      const keys = which === 'baseline' ? [unitKey(outline, seed, group, 0)] : undefined;
      const { digest, images } = chunkOf(outline, index);
      const scope = { ...outline.scope, chunk: digest, images, semantics: SEMANTICS };
      cells.set(index, await ledger.readCells(scope, keys));
    }
    return new CellReader(outline, seed, cells);
  }

  /**
   * One condition over all chunks that are asked for; `partial` where some are missing, undefined where all are. Takes note
   * in `read` of the keys of what it found.
   */
  condition(kind: 'baseline' | 'cells', name: string, index: number, read?: Set<Digest>): ConditionResult | undefined {
    const model = this.#outline.model.name;
    const chunks = this.#chunks(kind, name, index);
    const parts = chunks.map((chunk) => {
      const group: Omit<UnitGroup, 'missing' | 'seconds'> = { kind, model, name, chunk };
      const key = unitKey(this.#outline, this.#seed, group, index);
      const cell = this.#cells.get(chunk)?.get(key);
      if (cell) read?.add(key);
      return cell;
    });
    const there = parts.filter((part) => part !== undefined);
    const seen = chunks.filter((_, i) => parts[i] !== undefined);
    if (there.length === 0) return undefined;
    const idle = there.every((cell) => cell.state === 'no-op');
    return {
      predicted: joined(
        there.map((cell) => cell.predicted),
        (length) => new Uint16Array(length),
      ),
      loss: joinedFloats(there.map((cell) => cell.loss)),
      kl: joinedFloats(there.map((cell) => cell.kl)),
      effect: largest(there.map((cell) => cell.effect)),
      ...(chunks[0] === 0 && there.length === parts.length ? {} : { images: this.#imagesOf(seen) }),
      state: there.length < parts.length ? 'partial' : idle ? 'no-op' : 'ok',
    };
  }

  /** Numbers of the chunks that a condition is asked for on. */
  #chunks(kind: 'baseline' | 'cells', name: string, index: number): readonly number[] {
    const ablation = kind === 'cells' && this.#outline.ablations.find(({ spec }) => spec.name === name);
    if (!ablation || !ablation.reach) return this.#outline.chunks.map((_, chunk) => chunk);
    const waves = ablation.reach[index] as number;
    return this.#outline.waves.slice(0, waves).flatMap((_, wave) => piecesOf(this.#outline, wave));
  }

  /** Places in the network's data of the images of chunks, or of pieces, which are consecutive parts of the order. */
  #imagesOf(chunks: readonly number[]): Uint32Array {
    const { chunks: whole, pieces } = this.#outline;
    const places = chunks.map((chunk) => {
      const isPiece = chunk >= whole.length;
      const before = isPiece ? pieces.slice(0, chunk - whole.length) : whole.slice(0, chunk);
      const from = before.reduce((sum, part) => sum + part.images, 0);
      const to = from + chunkOf(this.#outline, chunk).images;
      return isPiece ? this.#order.subarray(from, to) : Uint32Array.from({ length: to - from }, (_, i) => from + i);
    });
    return joined(places, (length) => new Uint32Array(length));
  }

  conditions(name: string, list: ConditionList): AblationResult['conditions'] {
    return Array.from({ length: list.length }, (_, index) => ({
      labelled: list.at(index),
      result: this.condition('cells', name, index),
    }));
  }
}

/** Pieces of the waves that some condition is asked for on. */
function wavePieces(outline: ModelOutline): readonly number[] {
  const furthest = outline.ablations.reduce(
    (most, { reach }) => (reach ?? []).reduce((a, b) => Math.max(a, b), most),
    0,
  );
  return outline.waves.slice(0, furthest).flatMap((_, wave) => piecesOf(outline, wave));
}

/** Responses of the intact network to each set of impulses, or to the one named. */
export async function loadResponses(
  ledger: Ledger,
  outline: ModelOutline,
  seed: number,
  only?: string,
): Promise<ModelResults['responses']> {
  const scope = { ...outline.scope, semantics: SEMANTICS };
  const result: { name: string; groups: ResponseResultRead[] }[] = [];
  for (const { spec, groups } of outline.impulses) {
    if (only !== undefined && spec.name !== only) continue;
    const read: ResponseResultRead[] = [];
    for (const [index, group] of groups.entries()) {
      const unit = { kind: 'responses', model: outline.model.name, name: spec.name, chunk: -1 } as const;
      const recorded = outline.anatomy.sites.filter((site) => group.record.includes(site.name));
      const check = (result: StoredResult): string | undefined => responseProblem(result, recorded);
      const stored = await ledger.readResult(scope, unitKey(outline, seed, unit, index), { check });
      if (!stored) continue;
      const impulses = impulsesIn(stored.metadata) ?? [];
      read.push({ group, impulses, tensors: stored.tensors, object: stored.object });
    }
    result.push({ name: spec.name, groups: read });
  }
  return result;
}

/** The profile of a network, checked; undefined where it is not stored yet. */
async function readProfile(ledger: Ledger, outline: ModelOutline, seed: number): Promise<StoredResult | undefined> {
  const unit = { kind: 'profile', model: outline.model.name, name: '', chunk: -1 } as const;
  const check = (result: StoredResult): string | undefined => profileProblem(result, outline.anatomy.sites);
  const scope = { ...outline.scope, semantics: SEMANTICS };
  return ledger.readResult(scope, unitKey(outline, seed, unit, 0), { check });
}

/** Channel statistics over the reference images; undefined where they are not stored yet. */
export async function loadProfile(
  ledger: Ledger,
  outline: ModelOutline,
  seed: number,
): Promise<ReadonlyMap<string, SiteProfile> | undefined> {
  const stored = await readProfile(ledger, outline, seed);
  if (!stored) return undefined;
  const floats = (name: string): Float64Array => (stored.tensors.get(name) as Tensor<'float64'>).data;
  return new Map(
    outline.anatomy.sites
      .filter((site) => stored.tensors.has(`mean/${site.name}`))
      .map((site) => [site.name, { mean: floats(`mean/${site.name}`), std: floats(`std/${site.name}`) }]),
  );
}

/** What the intact network predicts on its reference images, in their order; undefined where that is not stored. */
export async function loadReferencePredictions(
  ledger: Ledger,
  outline: ModelOutline,
  seed: number,
): Promise<Uint16Array | undefined> {
  const unit = { kind: 'profile', model: outline.model.name, name: '', chunk: -1 } as const;
  const scope = { ...outline.scope, semantics: SEMANTICS };
  const stored = await ledger.readResult(scope, unitKey(outline, seed, unit, 0));
  const images = outline.referenceChunks.reduce((sum, chunk) => sum + chunk.images, 0);
  const found = stored?.tensors.get('predicted');
  return found?.data instanceof Uint16Array && found.data.length === images ? found.data : undefined;
}

/** Inner products of the activations of every two examples, by site; none where they are not stored. */
export async function loadExamples(
  ledger: Ledger,
  outline: ModelOutline,
  seed: number,
): Promise<ReadonlyMap<string, Float64Array>> {
  const stored = await readProfile(ledger, outline, seed);
  return new Map(
    outline.anatomy.sites.flatMap(({ name }) => {
      const gram = stored?.tensors.get(`examples/${name}`);
      return gram?.data instanceof Float64Array ? [[name, gram.data] as const] : [];
    }),
  );
}
