import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import type { Engine } from '../../core/engine/engine.js';
import { buildGraph } from '../../core/network/build.js';
import { DYNAMIC, type Graph } from '../../core/network/graph.js';
import { float32, type Tensor } from '../../core/tensor.js';
import { runProgram } from './agreement.js';
import { conformanceCases } from './cases.js';
import { rowCases } from './row-cases.js';

const held = (): { readonly tensors: number; readonly bytes: number } => {
  const { numTensors, numBytes } = tf.memory();
  return { tensors: numTensors, bytes: numBytes };
};

/** A graph whose second node fails for inputs of some sizes, which only a run shows. */
const brittle: Graph = buildGraph({
  name: 'brittle',
  inputs: [
    { id: 'a', shape: [DYNAMIC, 3], dtype: 'float32' },
    { id: 'b', shape: [DYNAMIC, 3], dtype: 'float32' },
  ],
  outputs: ['y'],
  nodes: [
    { id: 'exp', op: 'Exp', inputs: ['a'], outputs: ['e'] },
    { id: 'add', op: 'Add', inputs: ['e', 'b'], outputs: ['y'] },
  ],
  constants: new Map(),
});

/** What a program holds is counted: memory is flat over runs, and back where it was when all is disposed of. */
export function tfjsMemory(open: () => Promise<Engine>): void {
  test('holds no more after many runs of every operator than after one, and nothing once programs are disposed of', async () => {
    const engine = await open();
    const networks = rowCases().filter(({ name }) => name.startsWith('random'));
    const before = held();
    for (const { graph, feeds } of [...conformanceCases(), ...networks.slice(0, 10)]) {
      const program = await engine.compile(graph);
      const compiled = held();
      for (let run = 0; run < 3; run++) await runProgram(engine, program, feeds);
      expect([graph.name, held()]).toEqual([graph.name, compiled]);
      await program.dispose();
    }
    expect(held()).toEqual(before);
  });

  test('holds nothing more after a run that failed', async () => {
    const engine = await open();
    const program = await engine.compile(brittle);
    const rowsOf = (count: number): Tensor => float32([count, 3], new Float32Array(3 * count));
    const feeds = new Map([
      ['a', engine.upload(rowsOf(2))],
      ['b', engine.upload(rowsOf(5))],
    ]);
    const before = held();
    await expect(program.run(feeds)).rejects.toMatchObject({
      code: 'ENGINE_FAILED',
      message: expect.stringMatching(/brittle/),
    });
    expect(held()).toEqual(before);
    for (const fed of feeds.values()) fed.dispose();
    await program.dispose();
  });
}
