import { setImmediate } from 'node:timers/promises';
import { waveOrder } from '../../data/waves.js';
import type { Digest } from '../../digest.js';
import { DigestSet } from '../../digest-set.js';
import { joined } from '../../joined.js';
import { largest } from '../../extremes.js';
import type { Ledger } from '../../ledger/ledger.js';
import type { ConditionList } from '../../plan/conditions.js';
import { SEMANTICS } from '../../plan/identity.js';
import { chunkOf, piecesOf, trialNumber, unitKey, type ModelOutline } from '../../plan/outline.js';
import { scoringAblation } from '../../plan/scoring-ablation.js';
import { triedConditions } from '../../plan/trial.js';
import type { CellState } from '../../probe/cell.js';
import { packedBytes, PackedCell, packCell } from './packed-cell.js';
import type { ConditionResult, ConditionResults } from './model-results.js';
import { MeasuredConditions } from './measured-conditions.js';
import { SpilledRows } from './spilled-rows.js';

/** After so many keys the event loop gets a turn, so that heartbeats and cancellation go on. */
const BREATH = 4_096;

/** What cells are read of: the intact network, or the conditions of an ablation. */
type Kind = 'baseline' | 'cells';

/** Conditions that are asked for under one name. */
interface Asked {
  readonly kind: Kind;
  readonly name: string;
  readonly count: number;
  /** Adaptive: on how many waves each. */
  readonly reach?: readonly number[];
  /** Conditions that are run on the trial's images. */
  readonly tried?: ReadonlySet<number>;
}

/** The cells of one chunk: a row each, whatever asks for it. */
interface ChunkRows {
  readonly rows: SpilledRows;
  /** Row of each condition, by `printAsked`; −1 where it is not asked for on this chunk. */
  readonly places: ReadonlyMap<string, Int32Array>;
}

/** What is read, and how. */
interface Load {
  readonly ledger: Ledger;
  readonly asked: readonly Asked[];
  /** Of the memory for rows, of one chunk. */
  readonly share: number;
  readonly signal: AbortSignal | undefined;
}

const printAsked = (kind: Kind, name: string): string => `${kind} ${name}`;

/**
 * Cells of one network by condition. Each object is read once, in the order of the store, and its cells are laid down as rows, which
 * are in memory where they are few and in a file for temporary data where they are many (`SpilledRows`): what is held is 4 bytes for each condition and
 * chunk. Whoever opens one closes it.
 */
export class CellReader {
  readonly #outline: ModelOutline;
  readonly #seed: number;
  /** By number of the chunk, see `chunkOf`. */
  readonly #chunks = new Map<number, ChunkRows>();
  /** Adaptive ablations: the order of their images. */
  readonly #order: Uint32Array;

  private constructor(outline: ModelOutline, seed: number) {
    this.#outline = outline;
    this.#seed = seed;
    const images = outline.waves.flat().reduce((sum, piece) => sum + piece.images, 0);
    this.#order = waveOrder(images, seed);
  }

  /** Reads all cells that are asked for, or those of the intact network, or of adaptive ablations only. */
  static async open(
    ledger: Ledger,
    outline: ModelOutline,
    seed: number,
    which: 'all' | 'baseline' | 'waves' = 'all',
    signal?: AbortSignal,
  ): Promise<CellReader> {
    const reader = new CellReader(outline, seed);
    const whole = which === 'waves' ? [] : outline.chunks.map((_, index) => index);
    const trial = which === 'all' && outline.trial ? [trialNumber(outline)] : [];
    const chunks = which === 'baseline' ? whole : [...whole, ...wavePieces(outline), ...trial];
    const asked = askedOf(outline).filter(({ kind }) => which !== 'baseline' || kind === 'baseline');
    try {
      const load = { ledger, asked, share: 1 / chunks.length, signal };
      for (const chunk of chunks) reader.#chunks.set(chunk, await reader.#load(load, chunk));
    } catch (error) {
      reader.close();
      throw error;
    }
    return reader;
  }

  /** The intact network on all images, as far as it is there. */
  static async intact(ledger: Ledger, outline: ModelOutline, seed: number): Promise<ConditionResult | undefined> {
    const reader = await CellReader.open(ledger, outline, seed, 'baseline');
    try {
      return reader.condition('baseline', '', 0);
    } finally {
      reader.close();
    }
  }

  close(): void {
    for (const { rows } of this.#chunks.values()) rows.close();
    this.#chunks.clear();
  }

  /** What the cell of a condition on one chunk says of itself; undefined where it is not there. */
  state(kind: Kind, name: string, chunk: number, index: number): CellState | undefined {
    return this.#cell(kind, name, chunk, index)?.state;
  }

  /**
   * One condition over all chunks that are asked for; `partial` where some are missing, undefined where all are. Takes note
   * in `read` of the keys of what it found.
   */
  condition(kind: Kind, name: string, index: number, read?: DigestSet): ConditionResult | undefined {
    const chunks = this.#chunksOf(kind, name, index);
    const parts = chunks.map((chunk) => this.#cell(kind, name, chunk, index));
    const there = parts.filter((part) => part !== undefined);
    if (there.length === 0) return undefined;
    const seen = chunks.filter((_, i) => parts[i] !== undefined);
    if (read) for (const chunk of seen) read.add(this.#key(kind, name, chunk, index));
    const idle = there.every((cell) => cell.state === 'no-op');
    return {
      ...joinedCells(there),
      effect: largest(there.map((cell) => cell.effect)),
      ...(chunks[0] === 0 && there.length === parts.length ? {} : { images: this.#imagesOf(seen) }),
      state: there.length < parts.length ? 'partial' : idle ? 'no-op' : 'ok',
    };
  }

  /** Keys of the cells of a condition that are asked for and were not found. */
  absent(kind: Kind, name: string, index: number): readonly Digest[] {
    const chunks = this.#chunksOf(kind, name, index);
    const gone = chunks.filter((chunk) => this.#cell(kind, name, chunk, index) === undefined);
    return gone.map((chunk) => this.#key(kind, name, chunk, index));
  }

  /** The conditions of an ablation, read when they are asked for. */
  conditions(name: string, list: ConditionList): ConditionResults {
    return new MeasuredConditions(list, (index) => this.condition('cells', name, index));
  }

  #key(kind: Kind, name: string, chunk: number, index: number): Digest {
    return unitKey(this.#outline, this.#seed, { kind, model: this.#outline.model.name, name, chunk }, index);
  }

  #cell(kind: Kind, name: string, chunk: number, index: number): PackedCell | undefined {
    const found = this.#chunks.get(chunk);
    const place = found?.places.get(printAsked(kind, name))?.[index] ?? -1;
    const row = place < 0 ? undefined : found?.rows.read(place);
    return row && new PackedCell(row, chunkOf(this.#outline, chunk).images);
  }

  async #load({ ledger, asked, share, signal }: Load, chunk: number): Promise<ChunkRows> {
    const { digest, images } = chunkOf(this.#outline, chunk);
    const keys = new DigestSet();
    const places = new Map<string, Int32Array>();
    const onTrial = chunk === trialNumber(this.#outline);
    for (const { kind, name, count, reach, tried } of asked) {
      const own = new Int32Array(count).fill(-1);
      for (let index = 0; index < count; index++) {
        if (index % BREATH === BREATH - 1) {
          await setImmediate();
          signal?.throwIfAborted();
        }
        const isAsked = onTrial ? tried?.has(index) : isAskedOn(this.#outline, chunk, reach?.[index]);
        if (isAsked) own[index] = keys.add(this.#key(kind, name, chunk, index));
      }
      places.set(printAsked(kind, name), own);
    }
    const rows = new SpilledRows(keys.size, packedBytes(images), share);
    const scope = { ...this.#outline.scope, chunk: digest, images, semantics: SEMANTICS };
    if (keys.size > 0)
      for await (const cell of ledger.streamCells(scope, keys)) rows.write(keys.numberOf(cell.key), packCell(cell));
    return { rows, places };
  }

  /** Numbers of the chunks that a condition is asked for on. */
  #chunksOf(kind: Kind, name: string, index: number): readonly number[] {
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
}

/** All that is asked of a network, by name. */
function askedOf({ ablations }: ModelOutline): Asked[] {
  return [
    { kind: 'baseline', name: '', count: 1 },
    ...ablations.flatMap(({ spec, list, scoring, reach, predicted }): Asked[] => [
      ...(scoring ? [{ kind: 'cells', name: scoringAblation(spec).name, count: scoring.length } as const] : []),
      ...(list
        ? [
            {
              kind: 'cells',
              name: spec.name,
              count: list.length,
              ...(reach ? { reach } : {}),
              ...(predicted ? { tried: new Set(triedConditions(list.length)) } : {}),
            } as const,
          ]
        : []),
    ]),
  ];
}

/** Whether a condition is asked for on a chunk: on all images, or on the pieces of so many waves. */
function isAskedOn(outline: ModelOutline, chunk: number, waves: number | undefined): boolean {
  const before = outline.chunks.length;
  if (waves === undefined) return chunk < before;
  return chunk >= before && chunk < before + outline.waves.slice(0, waves).flat().length;
}

/** Cells one behind the other. */
function joinedCells(cells: readonly PackedCell[]): Pick<ConditionResult, 'predicted' | 'loss' | 'kl'> {
  const [only] = cells;
  if (only && cells.length === 1) return { predicted: only.predicted, loss: only.loss, kl: only.kl };
  const images = cells.reduce((sum, cell) => sum + cell.images, 0);
  const whole = { predicted: new Uint16Array(images), loss: new Float32Array(images), kl: new Float32Array(images) };
  let at = 0;
  for (const { predicted, loss, kl } of cells) {
    whole.predicted.set(predicted, at);
    whole.loss.set(loss, at);
    whole.kl.set(kl, at);
    at += predicted.length;
  }
  return whole;
}

/** Pieces of the waves that some condition is asked for on. */
function wavePieces(outline: ModelOutline): readonly number[] {
  const furthest = outline.ablations.reduce(
    (most, { reach }) => (reach ?? []).reduce((a, b) => Math.max(a, b), most),
    0,
  );
  return outline.waves.slice(0, furthest).flatMap((_, wave) => piecesOf(outline, wave));
}
