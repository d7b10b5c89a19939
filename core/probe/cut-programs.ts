import type { Engine } from '../engine/engine.js';
import type { LesionProgram } from './lesion-program.js';
import { ProgramCache } from './program-cache.js';

/** What is done at one cut: programs for lesions there, and what they need ahead. */
export interface CutPrograms {
  readonly programs: ProgramCache;
  /** By name; undefined where nothing can be carried. */
  readonly lesions: Map<string, LesionProgram | undefined>;
}

/**
 * Programs by the cut that they are for. They hold weights that the network's own programs hold too; beyond a budget of bytes
 * the cuts that were left longest ago are forgotten, never the one at hand.
 */
export class CutProgramCache {
  readonly #engine: Engine;
  readonly #budget: number;
  readonly #cuts = new Map<number, CutPrograms>();

  constructor(engine: Engine, budget: number) {
    this.#engine = engine;
    this.#budget = budget;
  }

  async at(cut: number): Promise<CutPrograms> {
    const known = this.#cuts.get(cut);
    const here = known ?? { programs: new ProgramCache(this.#engine, Infinity), lesions: new Map() };
    this.#cuts.delete(cut);
    let total = [...this.#cuts.values()].reduce((sum, { programs }) => sum + programs.bytes, here.programs.bytes);
    for (const [other, { programs }] of this.#cuts) {
      if (total <= this.#budget) break;
      this.#cuts.delete(other);
      total -= programs.bytes;
      await programs.close();
    }
    this.#cuts.set(cut, here);
    return here;
  }

  async close(): Promise<void> {
    for (const { programs } of this.#cuts.values()) await programs.close();
    this.#cuts.clear();
  }
}
