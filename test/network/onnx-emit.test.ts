import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { ModelProtoSchema } from 'onnx-buf';
import { describe, expect, test } from 'vitest';
import { decodeModel } from '../../core/import/onnx/decode.js';
import type { Graph } from '../../core/network/graph.js';
import { emitOnnx } from '../../core/network/emit-onnx.js';
import { importOnnx } from '../../core/import/onnx/import-onnx.js';
import { conformanceCases } from '../engine/cases.js';
import { nodeCases, refusedCases } from '../engine/node-cases.js';
import { randomGraph } from '../engine/random-graph.js';
import { architectureFile, architectures, exporters } from '../import/fixtures/architectures.js';

const folders = ['../shared/data/models', '../shared/data/structures'].filter((folder) => existsSync(folder));
if (folders.length === 0)
  console.warn('skipped: ../shared/data is not here, so no trained network is emitted and read again');
const files = folders.flatMap((folder) =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.onnx'))
    .map((file) => `${folder}/${file}`),
);

/** Everything of a graph but its name and the sizes of its constants’ numbers. */
function expectSame(again: Graph, graph: Graph): void {
  expect(again.inputs).toEqual(graph.inputs);
  expect(again.outputs).toEqual(graph.outputs);
  expect(again.nodes.map(rounded)).toEqual(graph.nodes.map(rounded));
  expect([...again.constants.keys()].sort()).toEqual([...graph.constants.keys()].sort());
  for (const [id, constant] of graph.constants) {
    const other = again.constants.get(id);
    expect([id, other?.dtype, other?.shape]).toEqual([id, constant.dtype, constant.shape]);
    expect(Buffer.compare(bytesOf(other?.data), bytesOf(constant.data))).toBe(0);
  }
  expect(new Map(again.shapes)).toEqual(new Map(graph.shapes));
}

const bytesOf = (data: ArrayBufferView | undefined): Buffer =>
  data ? Buffer.from(data.buffer, data.byteOffset, data.byteLength) : Buffer.alloc(0);

/** Float attributes are float32 in a file. */
function rounded(node: Graph['nodes'][number]): unknown {
  const attributes = Object.entries(node.attributes).map(([name, value]) => [
    name,
    typeof value === 'number' ? Math.fround(value) : value,
  ]);
  return { ...node, attributes: Object.fromEntries(attributes) };
}

test('an emitted model is written as protobuf’s own writer writes it', () => {
  const graphs = [
    ...conformanceCases().map(({ graph }) => graph),
    ...fc.sample(randomGraph(), { numRuns: 20, seed: 5 }).map(({ graph }) => graph),
  ];
  for (const graph of graphs) {
    const emitted = emitOnnx(graph);
    const rewritten = toBinary(ModelProtoSchema, fromBinary(ModelProtoSchema, emitted));
    expect(Buffer.compare(emitted, rewritten), graph.name).toBe(0);
  }
});

describe('a graph that is emitted and read again is the same', () => {
  // AlexNet's 240 MB of constants only show that memory is large.
  const networks = files.filter((file) => !file.includes('alexnet'));
  test.skipIf(networks.length === 0).each(networks)('%s', (file) => {
    const graph = importOnnx('net', readFileSync(file));
    expectSame(importOnnx('net', emitOnnx(graph)), graph);
  });

  test.each(conformanceCases())('$name', ({ graph }) => {
    expectSame(importOnnx(graph.name, emitOnnx(graph)), graph);
  });

  const single = nodeCases().filter(({ name }) => !(name in refusedCases));
  test.each(single)('$name, of the ONNX project', ({ name, model }) => {
    const graph = importOnnx(name, model);
    expectSame(importOnnx(name, emitOnnx(graph)), graph);
  });
});

test.each(nodeCases().filter(({ name }) => name in refusedCases))(
  '$name is refused, never computed wrongly',
  ({ name, model }) => {
    expect(() => importOnnx(name, model)).toThrow(refusedCases[name]);
  },
);

test('random networks that are emitted and read again are the same', () => {
  fc.assert(
    fc.property(randomGraph(), ({ graph }) => expectSame(importOnnx(graph.name, emitOnnx(graph)), graph)),
    { numRuns: 100, seed: 11 },
  );
});

test.each(architectures.flatMap((name) => exporters.map((exporter) => [name, exporter] as const)))(
  '%s, by the %s exporter, that is emitted and read again is the same',
  (name, exporter) => {
    const graph = importOnnx(name, architectureFile(name, exporter));
    expectSame(importOnnx(name, emitOnnx(graph)), graph);
  },
);

test('graphs without newer operators are written at opset 14, others at the one that has them', () => {
  const opsets = conformanceCases().map(({ graph }) => {
    const { opsetImport } = decodeModel(graph.name, emitOnnx(graph));
    return [[...new Set(graph.nodes.map((node) => node.op))].join(), Number(opsetImport[0]?.version)] as const;
  });
  const newer = new Map(opsets.filter(([, opset]) => opset !== 14));
  expect([...newer]).toEqual([
    ['Gelu', 20],
    ['LayerNormalization', 17],
  ]);
});

test('equal graphs give equal bytes', () => {
  const [first] = conformanceCases();
  if (first === undefined) expect.fail('no case');
  expect(Buffer.compare(emitOnnx(first.graph), emitOnnx(first.graph))).toBe(0);
});
