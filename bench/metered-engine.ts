import type { Engine, Program } from '../core/engine/engine.js';
import { buildGraph } from '../core/network/build.js';
import { nodeCosts } from '../core/network/cost.js';
import type { Graph, ValueId } from '../core/network/graph.js';

/** What an engine did since it was last asked. */
export interface Meter {
  /** Multiply-accumulates of all runs, by the shapes that were really fed. */
  readonly macs: number;
  /** Rows of what the runs gave. */
  readonly rows: number;
  readonly runs: number;
  /** Within `run`, and within `compile`. */
  readonly runSeconds: number;
  /** Processor time within `run`: on a machine that does other work, the steadier of the two. */
  readonly runCpu: number;
  readonly compileSeconds: number;
  readonly compiled: number;
}

const nothing: Meter = { macs: 0, rows: 0, runs: 0, runSeconds: 0, runCpu: 0, compileSeconds: 0, compiled: 0 };

/** An engine that counts what it is made to do. `take` gives what was counted, and begins anew. */
export function metered(engine: Engine): { readonly engine: Engine; take(): Meter } {
  let meter: { -readonly [K in keyof Meter]: Meter[K] } = { ...nothing };
  const meteredProgram = (graph: Graph, program: Program): Program => {
    const known = new Map<string, { readonly macs: number; readonly rows: number }>();
    return {
      feeds: program.feeds,
      outputs: program.outputs,
      bytes: program.bytes,
      async run(feeds, options) {
        const [started, before] = [performance.now(), process.cpuUsage()];
        const fetched = await program.run(feeds, options);
        meter.runSeconds += (performance.now() - started) / 1000;
        const { user, system } = process.cpuUsage(before);
        meter.runCpu += (user + system) / 1e6;
        const shapes = program.feeds.map(({ name }) => feeds.get(name)?.shape ?? []);
        const name = shapes.join(' ');
        const work = known.get(name) ?? workOf(graph, shapes);
        known.set(name, work);
        meter.macs += work.macs;
        meter.rows += work.rows;
        meter.runs++;
        return fetched;
      },
      dispose: () => program.dispose(),
    };
  };
  return {
    engine: {
      mode: engine.mode,
      provenance: engine.provenance,
      async compile(graph, options) {
        const started = performance.now();
        const program = await engine.compile(graph, options);
        meter.compileSeconds += (performance.now() - started) / 1000;
        meter.compiled++;
        return meteredProgram(graph, program);
      },
      upload: (tensor) => engine.upload(tensor),
      close: () => engine.close(),
    },
    take() {
      const taken = meter;
      meter = { ...nothing };
      return taken;
    },
  };
}

/** Work of one run, from the shapes that were fed: a program's parts may run once an image, a condition, or a row. */
function workOf(graph: Graph, fed: readonly (readonly number[])[]): { readonly macs: number; readonly rows: number } {
  const inputs = graph.inputs.map((input, i) => ({ ...input, shape: fed[i] ?? input.shape }));
  const concrete = buildGraph({ ...graph, inputs });
  const costs = nodeCosts(concrete);
  const leading = (value: ValueId | undefined): number => concrete.shapes.get(value ?? '')?.[0] ?? 1;
  // With no dimension open, operators count all rows; but for Gemm, whose count is that of one row.
  const macs = concrete.nodes.reduce(
    (sum, node) => sum + (costs.get(node.id)?.macs ?? 0) * (node.op === 'Gemm' ? leading(node.outputs[0]) : 1),
    0,
  );
  return { macs, rows: leading(concrete.outputs[0]) };
}
