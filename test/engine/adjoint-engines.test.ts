import * as tf from '@tensorflow/tfjs-core';
// What its file for Node leaves out: how its operations pass gradients back.
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Engine } from '../../core/engine/engine.js';
import { evaluateGraph } from '../../core/engine/reference.js';
import { inNaturalOrder, natural, type Laid } from '../../core/engine/tfjs/laid.js';
import { Kept, lowered } from '../../core/engine/tfjs/lowering.js';
import { AdjointProgram, COTANGENT } from '../../core/network/adjoint.js';
import { buildGraph } from '../../core/network/build.js';
import type { Graph, ValueId } from '../../core/network/graph.js';
import { logitsBehind } from '../../core/probe/linearised-network.js';
import { liveOut, segment } from '../../core/probe/segment.js';
import { float32, rows, type Tensor } from '../../core/tensor.js';
import { hasSharedData } from '../builders/shared-data.js';
import { sharedNetwork, vectors } from '../builders/real-networks.js';
import { expectClose, numbersOf, runOnce } from './agreement.js';
import { noise } from './conformance-case.js';
import { onnxruntime, tfjsJs, tfjsWasm } from './engines.js';
import { randomGraph } from './random-graph.js';

/** The program that passes cotangents back to some values, and what it calls their gradients. */
function adjointOf(graph: Graph, wanted: readonly ValueId[], cotangents: number) {
  const found = new Map<ValueId, ValueId>();
  const output = graph.outputs[0] as ValueId;
  const program = new AdjointProgram({ graph, output, wanted, cotangents }, (value, gradient) =>
    found.set(value, gradient.id),
  );
  return { program: program.build('adjoint', [...found.values()]), found };
}

function cotangentFor(graph: Graph, rowCount: number): Tensor<'float32'> {
  const shape = graph.shapes.get(graph.outputs[0] as ValueId) as readonly number[];
  return noise('cotangent', [rowCount, ...shape.slice(1)]);
}

describe.each([onnxruntime, tfjsWasm, tfjsJs])('on $name', ({ open }) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await open();
  });
  afterAll(() => engine.close());

  test('random networks pass three cotangents an image back as the reference does', async () => {
    await fc.assert(
      fc.asyncProperty(randomGraph(), async ({ graph, input }) => {
        const { program } = adjointOf(graph, ['x'], 3);
        const feeds = new Map([
          ['x', input],
          [COTANGENT, cotangentFor(graph, 3 * (input.shape[0] as number))],
        ]);
        const got = await runOnce(engine, program, feeds);
        for (const [id, t] of evaluateGraph(program, feeds)) expectClose(got.get(id) as Tensor, t, 2e-5);
      }),
      { seed: 6, numRuns: 25 },
    );
  });
});

/** What TensorFlow.js's own reverse mode gives, one cotangent an image: at one value, all others that are alive there held. */
function byTensorFlow(graph: Graph, live: ReadonlyMap<ValueId, Tensor>, value: ValueId, cotangent: Tensor): number[] {
  const kept = new Kept();
  const steps = lowered(graph, kept);
  const through = (x: tf.Tensor): tf.Tensor => {
    const values = new Map<ValueId, Laid>();
    for (const [id, t] of live) values.set(id, natural(tf.tensor(t.data as Float32Array, [...t.shape])));
    values.set(value, natural(x));
    for (const { node, run } of steps) {
      const outputs = run(node.inputs.map((id) => values.get(id)));
      node.outputs.forEach((id, i) => values.set(id, outputs[i] as Laid));
    }
    return inNaturalOrder(values.get(graph.outputs[0] as ValueId) as Laid);
  };
  const numbers = tf.tidy(() => {
    const x = live.get(value) as Tensor;
    const dy = tf.tensor(cotangent.data as Float32Array, [...cotangent.shape]);
    return [
      ...tf
        .grad(through)(tf.tensor(x.data as Float32Array, [...x.shape]), dy)
        .dataSync(),
    ];
  });
  kept.dispose();
  return numbers;
}

describe.skipIf(!hasSharedData)('trained networks', () => {
  /** Name, images, and of which of so many nodes' values. */
  const networks = [
    ['mnist_lenet', 2, 4],
    ['cifar10_mstutorial', 2, 4],
    ['vww_mobilenet_v1_0.25_96', 1, 20],
    ['cifar10_resnet20', 1, 20],
  ] as const;

  test.each(networks)('%s passes cotangents back as TensorFlow.js does', async (name, images, step) => {
    const whole = sharedNetwork(`models/${name}.onnx`);
    // A softmax that is sure of its class leaves next to nothing of a cotangent but rounding.
    const graph = buildGraph({ ...whole, outputs: [logitsBehind(whole, whole.outputs.at(-1) as ValueId)] });
    const engine = await tfjsJs.open();
    // Compiling makes its backend the one that is used.
    await (await engine.compile(graph)).dispose();
    const given = rows(vectors(name).input, 0, images) as Tensor<'float32'>;
    // Pixels that are alike have largest ones alike, which rounding then tells apart.
    const more = noise('more', given.shape).data;
    const input = float32(
      given.shape,
      given.data.map((x, i) => x + 0.1 * (more[i] as number)),
    );
    const from = new Map([[graph.inputs[0]?.id as ValueId, input]]);
    const places = graph.nodes.flatMap(({ outputs: [value] }, index) => {
      const isNumbers = value !== undefined && !graph.truths.has(value) && value !== graph.outputs[0];
      return isNumbers && index % step === 1 ? [{ value, live: liveOut(graph, index, graph.outputs) }] : [];
    });
    const { program, found } = adjointOf(
      graph,
      places.map(({ value }) => value),
      1,
    );
    const cotangent = cotangentFor(graph, images);
    const ours = evaluateGraph(program, new Map([...from, [COTANGENT, cotangent]]));
    let compared = 0;
    for (const { value, live } of places) {
      const gradient = ours.get(found.get(value) ?? '');
      if (!gradient) continue;
      const rest = segment(graph, 'rest', live, graph.outputs);
      const alive = evaluateGraph(buildGraph({ ...graph, outputs: live.filter((id) => !from.has(id)) }), from);
      const theirs = byTensorFlow(
        rest,
        new Map([...alive, ...from].filter(([id]) => live.includes(id))),
        value,
        cotangent,
      );
      const mine = numbersOf(gradient);
      const scale = Math.sqrt(theirs.reduce((sum, x) => sum + x * x, 0));
      const far = Math.sqrt(theirs.reduce((sum, x, i) => sum + (x - (mine[i] as number)) ** 2, 0));
      expect([value, far <= 1e-4 * scale]).toEqual([value, true]);
      compared += 1;
    }
    expect(compared).toBeGreaterThan(2);
    await engine.close();
  });
});
