import { readFileSync, readdirSync } from 'node:fs';
import { expect } from 'vitest';
import { evaluateGraph } from '../../core/engine/reference.js';
import type { Graph } from '../../core/network/graph.js';
import { importTfjs } from '../../core/import/tfjs/import-layers-model.js';
import { randomStream } from '../../core/random.js';
import { float32, sizeOf, type Tensor } from '../../core/tensor.js';
import { executed } from './fixtures/graph-model.js';

export type Files = ReadonlyMap<string, Uint8Array>;

const folder = new URL('fixtures/graph-models/', import.meta.url);
/** What `fixtures/graph_models.py` made with TensorFlow's converter. */
export const converted = (name: string): Files =>
  new Map(
    readdirSync(new URL(`${name}/`, folder)).map((file) => [
      file,
      new Uint8Array(readFileSync(new URL(`${name}/${file}`, folder))),
    ]),
  );

export function images(graph: Graph, count = 2): Tensor<'float32'> {
  const stream = randomStream(9, 'images');
  const shape = [count, ...(graph.inputs[0]?.shape.slice(1) ?? [])];
  return float32(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => 2 * stream.uniform() - 1),
  );
}

export async function expectExecuted(files: Files): Promise<Graph> {
  const graph = importTfjs('graph', files);
  const input = images(graph);
  const expected = await executed(files, input);
  const results = evaluateGraph(graph, new Map([[graph.inputs[0]?.id as string, input]]));
  const got = graph.outputs.map((output) => results.get(output) as Tensor);
  expect(got.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
  got.forEach((result, i) => expectNear(result, expected[i] as Tensor<'float32'>));
  return graph;
}

/** To 1e-5 of the largest. */
export function expectNear({ data }: Tensor, { data: wanted }: Tensor<'float32'>): void {
  const scale = wanted.reduce((largest, x) => Math.max(largest, Math.abs(x)), 1e-3);
  const worst = (data as Float32Array).reduce((most, x, at) => Math.max(most, Math.abs(x - (wanted[at] as number))), 0);
  expect(worst / scale).toBeLessThan(1e-5);
  expect(wanted.some((x) => x !== wanted[0])).toBe(true);
}

export const count = (graph: Graph, op: string): number => graph.nodes.filter((node) => node.op === op).length;
