import type { Tensor } from '../tensor.js';
import type { Graph, Shape } from '../network/graph.js';
import type { NumericMode } from '../numeric-mode.js';

/** A tensor that may stay on the engine's device. Whoever received it owns it and disposes of it, once. */
export interface EngineTensor {
  readonly shape: readonly number[];
  /** Bytes it holds. */
  readonly bytes: number;
  /** Copies it to the host. */
  read(): Promise<Tensor>;
  dispose(): void;
}

export interface Feed {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: 'float32' | 'bool';
}

export interface RunOptions {
  /** Checked between runs; a run in the native library cannot be interrupted (kill the process instead). */
  readonly signal?: AbortSignal;
  /** Those of the outputs that are wanted; all unless given. */
  readonly outputs?: readonly string[];
}

/** A graph made ready to run. Open dimensions of its inputs may differ from run to run. */
export interface Program {
  readonly feeds: readonly Feed[];
  readonly outputs: readonly string[];
  /** Bytes of weights that it holds, as far as the engine knows. */
  readonly bytes: number;
  /**
   * Runs the graph. Feeds stay the caller's; fetches become the caller's.
   * @throws PercussError ENGINE_FAILED naming the graph, when the engine fails or a feed is missing or of a wrong shape.
   */
  run(feeds: ReadonlyMap<string, EngineTensor>, options?: RunOptions): Promise<Map<string, EngineTensor>>;
  dispose(): Promise<void>;
}

export interface CompileOptions {
  /**
   * Keep what a run frees for the next, where an engine can. For a program that is alone and runs often, with values so large that fresh
   * memory takes as long as the arithmetic; else what is freed is everybody's.
   */
  readonly keepsMemory?: boolean;
}

/** Numbers that depend on build and machine: provenance in results, never part of a key. */
export interface EngineProvenance {
  readonly engine: string;
  readonly version: string;
  readonly device: string;
  /** Instruction sets or device capability that select code paths. */
  readonly processor: string;
}

/** The port behind which engines stand. Engines know nothing of ablations: edits are ordinary nodes of the graph. */
export interface Engine {
  readonly mode: NumericMode;
  readonly provenance: EngineProvenance;
  /** @throws PercussError ENGINE_FAILED if the graph cannot be compiled. */
  compile(graph: Graph, options?: CompileOptions): Promise<Program>;
  /** Takes a host tensor over to the device; shares memory where it can, so the data must not change afterwards. */
  upload(tensor: Tensor): EngineTensor;
  close(): Promise<void>;
}
