import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Engine } from '../../core/engine/engine.js';
import { evaluateGraph } from '../../core/engine/reference.js';
import { buildGraph } from '../../core/network/build.js';
import { DYNAMIC } from '../../core/network/graph.js';
import { importOnnx } from '../../core/import/onnx/import-onnx.js';
import { operators } from '../../core/network/operators/table.js';
import { float32, rows, tensor, type Tensor } from '../../core/tensor.js';
import { expectClose, numbersOf, runOnce, runProgram, toleranceOf } from './agreement.js';
import { conformanceCases } from './cases.js';
import { noise } from './conformance-case.js';
import { nodeCases, refusedCases, roundedCases } from './node-cases.js';
import { randomGraph } from './random-graph.js';

export interface ConformanceOptions {
  /** Case names that this engine does not pass, with the reason. */
  readonly skip?: Readonly<Record<string, string>>;
  /** Factor on all tolerances, for devices with less exact arithmetic. */
  readonly slack?: number;
  /** Why truth values can't be outputs of a program on this engine, where they can't; within a program, as networks have them, they can. */
  readonly noTruthOutputs?: string;
  /** Whether the engine is absent here; somebody has said so. */
  readonly absent?: boolean;
}

/** The contract of the port `Engine`, run on every adapter. */
export function engineConformance(name: string, open: () => Promise<Engine>, options: ConformanceOptions = {}): void {
  const { skip = {}, slack = 1 } = options;
  const claim = (title: string, body: () => Promise<void>, outputs: Iterable<Tensor> = []): void => {
    const truths = [...outputs].some(({ dtype }) => dtype === 'bool');
    const reason = skip[title] ?? (truths ? options.noTruthOutputs : undefined);
    if (reason === undefined) test(title, body);
    else test.skip(`${title} (${reason})`, body);
  };

  describe.skipIf(options.absent === true)(`${name} conforms`, () => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await open();
    });
    afterAll(() => engine.close());

    describe('to the reference', () => {
      for (const { name: title, graph, feeds } of conformanceCases()) {
        const expected = evaluateGraph(graph, feeds);
        const agrees = async (): Promise<void> => {
          const got = await runOnce(engine, graph, feeds);
          for (const [output, t] of expected) expectClose(got.get(output) as Tensor, t, slack * toleranceOf(graph));
        };
        claim(title, agrees, expected.values());
      }

      claim('on random networks', async () => {
        await fc.assert(
          fc.asyncProperty(randomGraph(), async ({ graph, input }) => {
            const feeds = new Map([['x', input]]);
            const got = await runOnce(engine, graph, feeds);
            for (const [output, t] of evaluateGraph(graph, feeds))
              expectClose(got.get(output) as Tensor, t, slack * 1e-5);
          }),
          { numRuns: 25, seed: 7 },
        );
      });
    });

    describe('to the answers of the ONNX project', () => {
      for (const { name: title, model, inputs, outputs } of nodeCases()) {
        if (title in refusedCases) continue;
        const agrees = async (): Promise<void> => {
          const graph = importOnnx(title, model);
          const got = await runOnce(engine, graph, inputs);
          const digits = roundedCases[title] ?? 2e-6;
          [...outputs.values()].forEach((expected, i) => {
            const output = got.get(graph.outputs[i] as string) as Tensor;
            expectClose(output, expected, slack * Math.max(digits, toleranceOf(graph)));
          });
        };
        claim(title, agrees, outputs.values());
      }
    });

    describe('to the contract of the port', () => {
      const adder = buildGraph({
        name: 'adder',
        inputs: [
          { id: 'a', shape: [DYNAMIC, 3], dtype: 'float32' },
          { id: 'keep', shape: [DYNAMIC, 1], dtype: 'bool' },
        ],
        outputs: ['sum', 'chosen'],
        nodes: [
          { id: 'add', op: 'Add', inputs: ['a', 'one'], outputs: ['sum'] },
          { id: 'where', op: 'Where', inputs: ['keep', 'sum', 'one'], outputs: ['chosen'] },
        ],
        constants: new Map([['one', float32([3], [1, 1, 1])]]),
      });
      const keep = (...values: number[]): Tensor => tensor('bool', [values.length, 1], Uint8Array.from(values));

      claim('open dimensions may differ from run to run, and all outputs come back', async () => {
        const program = await engine.compile(adder);
        const two = await runProgram(
          engine,
          program,
          new Map([
            ['a', float32([2, 3], [1, 2, 3, 4, 5, 6])],
            ['keep', keep(1, 0)],
          ]),
        );
        expect(numbersOf(two.get('chosen') as Tensor)).toEqual([2, 3, 4, 1, 1, 1]);
        const one = await runProgram(
          engine,
          program,
          new Map([
            ['a', float32([1, 3], [7, 8, 9])],
            ['keep', keep(1)],
          ]),
        );
        expect(numbersOf(one.get('sum') as Tensor)).toEqual([8, 9, 10]);
        await program.dispose();
      });

      claim('only those outputs come back that are wanted', async () => {
        const program = await engine.compile(adder);
        const feeds = new Map([
          ['a', engine.upload(float32([1, 3], [1, 2, 3]))],
          ['keep', engine.upload(keep(0))],
        ]);
        const fetched = await program.run(feeds, { outputs: ['chosen'] });
        expect([...fetched.keys()]).toEqual(['chosen']);
        expect(numbersOf((await fetched.get('chosen')?.read()) as Tensor)).toEqual([1, 1, 1]);
        for (const t of [...feeds.values(), ...fetched.values()]) t.dispose();
        await program.dispose();
      });

      claim('fetches are the caller’s: a later run leaves them alone, and they can be fed again', async () => {
        const program = await engine.compile(adder);
        const kept = engine.upload(keep(1));
        const a = engine.upload(float32([1, 3], [1, 2, 3]));
        const first = await program.run(
          new Map([
            ['a', a],
            ['keep', kept],
          ]),
        );
        const sum = first.get('sum');
        if (sum === undefined) expect.fail('no output');
        const second = await program.run(
          new Map([
            ['a', sum],
            ['keep', kept],
          ]),
        );
        await program.dispose();
        expect(numbersOf(await sum.read())).toEqual([2, 3, 4]);
        expect(sum.bytes).toBe(12);
        expect(numbersOf((await second.get('sum')?.read()) as Tensor)).toEqual([3, 4, 5]);
      });

      claim('a feed that is missing, unknown or of a wrong shape is named, with the graph', async () => {
        const program = await engine.compile(adder);
        const a = engine.upload(float32([1, 3], [1, 2, 3]));
        const kept = engine.upload(keep(1));
        const wrong = engine.upload(float32([1, 2], [1, 2]));
        const failing = { name: 'PercussError', code: 'ENGINE_FAILED' };
        await expect(program.run(new Map([['a', a]]))).rejects.toMatchObject({
          ...failing,
          message: expect.stringMatching(/adder.*keep/),
        });
        await expect(
          program.run(
            new Map([
              ['a', wrong],
              ['keep', kept],
            ]),
          ),
        ).rejects.toMatchObject({
          ...failing,
          message: expect.stringMatching(/adder.*"a".*\[\?, 3\].*\[1, 2\]/),
        });
        await expect(
          program.run(
            new Map([
              ['a', a],
              ['keep', kept],
              ['b', a],
            ]),
          ),
        ).rejects.toMatchObject({
          ...failing,
          message: expect.stringMatching(/adder.*"b"/),
        });
        await program.dispose();
      });

      claim('a run that is cancelled beforehand does not start', async () => {
        const program = await engine.compile(adder);
        const feeds = new Map([
          ['a', engine.upload(float32([1, 3], [1, 2, 3]))],
          ['keep', engine.upload(keep(1))],
        ]);
        await expect(program.run(feeds, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'CANCELLED' });
        await program.dispose();
      });

      claim('infinities and NaN that are selected away do no harm', async () => {
        const a = float32([2, 3], [Infinity, Number.NaN, -Infinity, 1, 2, 3]);
        const got = await runOnce(
          engine,
          adder,
          new Map([
            ['a', a],
            ['keep', keep(0, 1)],
          ]),
        );
        expect(numbersOf(got.get('chosen') as Tensor)).toEqual([1, 1, 1, 2, 3, 4]);
      });

      claim('a row is the same, to the bit, whatever its neighbours and its place', async () => {
        const graph = buildGraph({
          name: 'two convolutions',
          inputs: [{ id: 'x', shape: [DYNAMIC, 5, 9, 9], dtype: 'float32' }],
          outputs: ['logits'],
          nodes: [
            {
              id: 'c1',
              op: 'Conv',
              inputs: ['x', 'w1'],
              outputs: ['h'],
              attributes: { strides: [1, 1], pads: [1, 1, 1, 1], dilations: [1, 1], group: 1 },
            },
            { id: 'r', op: 'Relu', inputs: ['h'], outputs: ['r'] },
            { id: 'p', op: 'GlobalAveragePool', inputs: ['r'], outputs: ['p'] },
            { id: 'f', op: 'Flatten', inputs: ['p'], outputs: ['flat'], attributes: { axis: 1 } },
            {
              id: 'g',
              op: 'Gemm',
              inputs: ['flat', 'w2'],
              outputs: ['logits'],
              attributes: { alpha: 1, beta: 1, transA: 0, transB: 0 },
            },
          ],
          constants: new Map([
            ['w1', noise('w1', [13, 5, 3, 3])],
            ['w2', noise('w2', [13, 10])],
          ]),
        });
        const images = noise('images', [17, 5, 9, 9]);
        const program = await engine.compile(graph);
        const together = numbersOf(
          (await runProgram(engine, program, new Map([['x', images]]))).get('logits') as Tensor,
        );
        for (const [from, to] of [
          [0, 1],
          [3, 8],
          [16, 17],
        ] as const) {
          const part = rows(images, from, to);
          const alone = numbersOf((await runProgram(engine, program, new Map([['x', part]]))).get('logits') as Tensor);
          expect(alone).toEqual(together.slice(from * 10, to * 10));
        }
        await program.dispose();
      });

      claim('weights are counted', async () => {
        const program = await engine.compile(adder);
        expect(program.bytes).toBe(12);
        expect(program.feeds.map((feed) => [feed.name, feed.dtype])).toEqual([
          ['a', 'float32'],
          ['keep', 'bool'],
        ]);
        await program.dispose();
      });
    });
  });
}

/** Operators that no case covers: none may be left. */
export function uncovered(): readonly string[] {
  const covered = new Set(conformanceCases().flatMap(({ graph }) => graph.nodes.map((node) => node.op as string)));
  return Object.keys(operators).filter((op) => !covered.has(op));
}
