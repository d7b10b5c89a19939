import fc from 'fast-check';
import type { Engine } from '../../core/engine/engine.js';
import type { Graph } from '../../core/network/graph.js';
import { rows, type Tensor } from '../../core/tensor.js';
import { numbersOf, runProgram } from './agreement.js';
import { conformanceCases } from './cases.js';
import { mask, noise } from './conformance-case.js';
import { randomGraph } from './random-graph.js';

const images = 23;

/** A graph whose outputs have a row for each image of its inputs, and images for it. */
export interface RowCase {
  readonly name: string;
  readonly graph: Graph;
  readonly feeds: ReadonlyMap<string, Tensor>;
}

/** Every operator that works image by image, and random networks. */
export function rowCases(): readonly RowCase[] {
  const operators = conformanceCases().filter(({ graph, feeds }) => {
    const [first] = [...feeds.values()];
    const same = [...feeds.values()].every((t) => t.shape[0] === first?.shape[0]);
    return same && graph.outputs.every((output) => graph.shapes.get(output)?.[0] === graph.inputs[0]?.shape[0]);
  });
  const sample = fc.sample(randomGraph(), { numRuns: 40, seed: 11 });
  const networks = sample.map(({ graph }, i) => ({ name: `random network ${i}`, graph }));
  return [...operators, ...networks].map(({ name, graph }) => ({ name, graph, feeds: feedsFor(name, graph) }));
}

function feedsFor(name: string, graph: Graph): ReadonlyMap<string, Tensor> {
  return new Map(
    graph.inputs.map(({ id, shape, dtype }) => {
      const whole = [images, ...shape.slice(1)];
      return [id, (dtype === 'bool' ? mask : noise)(`rows ${name} ${id}`, whole)];
    }),
  );
}

/** Which parts of the images give other numbers by themselves than among all of them. */
export async function unlikeAlone(engine: Engine, { graph, feeds }: RowCase): Promise<readonly string[]> {
  const program = await engine.compile(graph);
  const together = await runProgram(engine, program, feeds);
  const unlike: string[] = [];
  for (const [from, to] of [
    [0, 1],
    [1, 3],
    [5, 13],
    [7, 8],
    [0, 16],
    [22, 23],
  ] as const) {
    const part = new Map([...feeds].map(([id, t]) => [id, rows(t, from, to)]));
    const alone = await runProgram(engine, program, part);
    for (const [id, t] of together) {
      const [own, among] = [numbersOf(alone.get(id) as Tensor), numbersOf(rows(t, from, to))];
      const wrong = own.filter((x, i) => !Object.is(x, among[i])).length;
      if (wrong > 0) unlike.push(`images ${from} to ${to}: ${wrong} of ${own.length}`);
    }
  }
  await program.dispose();
  return unlike;
}
