import { expect } from 'vitest';
import type { Engine, Program } from '../../core/engine/engine.js';
import type { Graph } from '../../core/network/graph.js';
import type { OperatorName } from '../../core/network/operators/table.js';
import type { Tensor } from '../../core/tensor.js';

/** How far an engine may be from the reference: a fraction of the largest magnitude of the answer. Layout operators: 0. */
export const tolerances: Readonly<Partial<Record<OperatorName, number>>> & { readonly other: number } = {
  AveragePool: 1e-6,
  BatchNormalization: 1e-6,
  Conv: 2e-6,
  Cos: 1e-6,
  Div: 1e-6,
  Elu: 1e-6,
  Erf: 1e-6,
  Exp: 1e-6,
  Gelu: 1e-6,
  Gemm: 2e-6,
  GlobalAveragePool: 1e-6,
  HardSigmoid: 1e-6,
  HardSwish: 1e-6,
  InstanceNormalization: 2e-6,
  LRN: 1e-5,
  LayerNormalization: 2e-6,
  Log: 1e-6,
  LogSoftmax: 1e-6,
  MatMul: 2e-6,
  Pow: 1e-6,
  Reciprocal: 1e-6,
  ReduceL2: 1e-6,
  ReduceMean: 1e-6,
  ReduceSum: 1e-6,
  Selu: 1e-6,
  Sigmoid: 1e-6,
  Sin: 1e-6,
  Softmax: 1e-6,
  Softplus: 1e-6,
  Softsign: 1e-6,
  Sqrt: 1e-6,
  Tanh: 1e-6,
  other: 0,
};

/** The tolerance of a whole graph: that of its least exact operator. */
export function toleranceOf(graph: Graph): number {
  return Math.max(...graph.nodes.map((node) => tolerances[node.op] ?? tolerances.other), 0);
}

export function numbersOf(t: Tensor): number[] {
  return Array.from(t.data as ArrayLike<number | bigint>, Number);
}

/** Expects the same shape, and each number within `tolerance` times the largest finite magnitude expected. */
export function expectClose(got: Tensor, expected: Tensor, tolerance: number): void {
  expect(got.shape).toEqual(expected.shape);
  const [a, b] = [numbersOf(got), numbersOf(expected)];
  const scale = b.reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), 0);
  const wrong = b.findIndex(
    (x, i) => !(Object.is(a[i], x) || a[i] === x || Math.abs((a[i] as number) - x) <= tolerance * scale),
  );
  if (wrong >= 0)
    expect.fail(`element ${wrong}: ${a[wrong]} instead of ${b[wrong]} (tolerance ${tolerance} of ${scale})`);
}

/** Compiles, runs once and reads all outputs. */
export async function runOnce(
  engine: Engine,
  graph: Graph,
  feeds: ReadonlyMap<string, Tensor>,
): Promise<Map<string, Tensor>> {
  const program = await engine.compile(graph);
  try {
    return await runProgram(engine, program, feeds);
  } finally {
    await program.dispose();
  }
}

export async function runProgram(
  engine: Engine,
  program: Program,
  feeds: ReadonlyMap<string, Tensor>,
): Promise<Map<string, Tensor>> {
  const fed = new Map([...feeds].map(([name, t]) => [name, engine.upload(t)]));
  const fetched = await program.run(fed);
  const read = new Map<string, Tensor>();
  for (const [name, t] of fetched) {
    const { dtype, shape, data } = await t.read();
    read.set(name, { dtype, shape, data: data.slice() });
    t.dispose();
  }
  for (const t of fed.values()) t.dispose();
  return read;
}
