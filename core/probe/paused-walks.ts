import type { Digest } from '../digest.js';
import type { EngineTensor } from '../engine/engine.js';
import type { ValueId } from '../network/graph.js';

/** A walk that ended between two segments, with the values that are alive there. */
export interface Paused {
  /** Number of the segment that comes next. */
  readonly segment: number;
  /** The first cut that may be visited from there. */
  readonly cut: number;
  readonly live: ReadonlyMap<ValueId, EngineTensor>;
}

/** Names images by content, so that a walk over them may go on where an earlier one ended. */
export interface Resumption {
  readonly chunk: Digest;
  /** First image of the tile. */
  readonly tile: number;
  /** First cut that this walk is wanted for; earlier ones may go unvisited. */
  readonly from: number;
}

/** Walks over one chunk of images that ended early, by tile, within a budget of bytes. */
export class PausedWalks {
  readonly #budget: number;
  readonly #walks = new Map<number, Paused>();
  #chunk: Digest | undefined;

  constructor(budget: number) {
    this.#budget = budget;
  }

  /** Gives what an earlier walk left to this one, if it lies before what this one is wanted for. */
  take({ chunk, tile, from }: Resumption): Paused | undefined {
    const paused = chunk === this.#chunk ? this.#walks.get(tile) : undefined;
    if (!paused || paused.cut > from) return undefined;
    this.#walks.delete(tile);
    return paused;
  }

  /** Takes a walk's tensors over, if the budget allows it. */
  keep({ chunk, tile }: Resumption, paused: Paused): boolean {
    if (chunk !== this.#chunk) this.forget();
    this.#chunk = chunk;
    const bytes = ({ live }: Paused): number => [...live.values()].reduce((sum, tensor) => sum + tensor.bytes, 0);
    const before = this.#walks.get(tile);
    if (before) for (const tensor of before.live.values()) tensor.dispose();
    this.#walks.delete(tile);
    const held = [...this.#walks.values()].reduce((sum, other) => sum + bytes(other), 0);
    // Those that are held stay: tiles come in the same order again, so that dropping the oldest would keep none.
    if (held + bytes(paused) > this.#budget) return false;
    this.#walks.set(tile, paused);
    return true;
  }

  forget(): void {
    for (const { live } of this.#walks.values()) for (const tensor of live.values()) tensor.dispose();
    this.#walks.clear();
  }
}
