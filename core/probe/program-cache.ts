import type { Engine, Program } from '../engine/engine.js';
import { weightBytes } from '../network/cost.js';
import type { Graph } from '../network/graph.js';

interface Cached {
  readonly program: Promise<Program>;
  readonly bytes: number;
}

/** Compiled programs by name, within a budget of bytes of weights: the least recently used ones make room for a new one. */
export class ProgramCache {
  readonly #engine: Engine;
  readonly #budget: number;
  readonly #programs = new Map<string, Cached>();

  constructor(engine: Engine, budget: number) {
    this.#engine = engine;
    this.#budget = budget;
  }

  /** Bytes of weights that its programs hold. */
  get bytes(): number {
    return [...this.#programs.values()].reduce((sum, cached) => sum + cached.bytes, 0);
  }

  /** The program of that name, compiled on first use. */
  async get(name: string, build: () => Graph): Promise<Program> {
    const known = this.#programs.get(name);
    if (known) {
      this.#programs.delete(name);
      this.#programs.set(name, known);
      return known.program;
    }
    const graph = build();
    const entry: Cached = { program: this.#compile(graph), bytes: weightBytes(graph) };
    this.#programs.set(name, entry);
    entry.program.catch(() => this.#programs.delete(name));
    return entry.program;
  }

  async #compile(graph: Graph): Promise<Program> {
    for (const program of this.#outcasts(weightBytes(graph))) await (await program).dispose();
    return this.#engine.compile(graph);
  }

  /** Takes out those that so many bytes more have no room beside. */
  #outcasts(bytes: number): readonly Promise<Program>[] {
    let total = bytes + this.bytes;
    const outcasts: Promise<Program>[] = [];
    for (const [key, cached] of this.#programs) {
      if (total <= this.#budget) break;
      this.#programs.delete(key);
      total -= cached.bytes;
      outcasts.push(cached.program);
    }
    return outcasts;
  }

  async close(): Promise<void> {
    for (const cached of this.#programs.values()) await (await cached.program).dispose();
    this.#programs.clear();
  }
}
