import type { Engine, Program } from '../engine/engine.js';
import type { Graph } from '../network/graph.js';

interface Cached {
  readonly program: Promise<Program>;
  bytes: number;
}

/** Compiled programs by name, within a budget of bytes of weights: the least recently used ones make room. */
export class ProgramCache {
  readonly #engine: Engine;
  readonly #budget: number;
  readonly #programs = new Map<string, Cached>();

  constructor(engine: Engine, budget: number) {
    this.#engine = engine;
    this.#budget = budget;
  }

  /** The program of that name, compiled on first use. */
  async get(name: string, build: () => Graph): Promise<Program> {
    const known = this.#programs.get(name);
    if (known) {
      this.#programs.delete(name);
      this.#programs.set(name, known);
      return known.program;
    }
    const entry: Cached = { program: this.#engine.compile(build()), bytes: 0 };
    this.#programs.set(name, entry);
    entry.program.catch(() => this.#programs.delete(name));
    const program = await entry.program;
    entry.bytes = program.bytes;
    await this.#shrink(entry);
    return program;
  }

  async #shrink(newest: Cached): Promise<void> {
    let total = [...this.#programs.values()].reduce((sum, cached) => sum + cached.bytes, 0);
    for (const [key, cached] of this.#programs) {
      if (total <= this.#budget) break;
      if (cached === newest || cached.bytes === 0) continue;
      this.#programs.delete(key);
      total -= cached.bytes;
      await (await cached.program).dispose();
    }
  }

  async close(): Promise<void> {
    for (const cached of this.#programs.values()) await (await cached.program).dispose();
    this.#programs.clear();
  }
}
