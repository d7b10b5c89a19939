import { create, toBinary } from '@bufbuild/protobuf';
import { InferenceSession, Tensor as RuntimeTensor } from 'onnxruntime-node';
import { ModelProtoSchema, TensorProto_DataType, TensorProtoSchema, type ModelProto } from 'onnx-buf';
import { describe, expect, test } from 'vitest';
import { openOnnxruntime } from '../../core/engine/onnxruntime.js';
import { evaluateGraph, openReference } from '../../core/engine/reference.js';
import { anatomyOf } from '../../core/network/anatomy.js';
import { buildGraph } from '../../core/network/build.js';
import type { Graph, Node } from '../../core/network/graph.js';
import { decodeModel, decodeTensor } from '../../core/network/onnx/decode.js';
import { importOnnx } from '../../core/network/onnx/import.js';
import { segment } from '../../core/network/segment.js';
import type { Anatomy, Layer, Site } from '../../core/network/site.js';
import { float32, rows, zeros, type Tensor } from '../../core/tensor.js';
import { expectClose, runOnce, runProgram } from '../engine/agreement.js';
import { info } from './onnx-model.js';
import {
  architectureFile,
  architectureInput,
  architectureOutput,
  architectures,
  exporters,
  type Exporter,
} from './fixtures/architectures.js';

const { FLOAT } = TensorProto_DataType;
const graphOf = (name: string, exporter: Exporter): Graph => importOnnx(name, architectureFile(name, exporter));
const each = architectures.flatMap((name) => exporters.map((exporter) => [name, exporter] as const));

describe('small networks of the libraries’ own blocks give what PyTorch computes, to 1e-4 of the largest', () => {
  test.each(each)('%s, by the %s exporter, on onnxruntime', async (name, exporter) => {
    const graph = graphOf(name, exporter);
    const feeds = new Map([[graph.inputs[0]?.id as string, architectureInput()]]);
    const got = await runOnce(await openOnnxruntime(), graph, feeds);
    expectClose(got.get(graph.outputs[0] as string) as Tensor, architectureOutput(name), 1e-4);
  });

  test.each(architectures)('%s on the reference', async (name) => {
    const graph = graphOf(name, 'dynamo');
    const feeds = new Map([[graph.inputs[0]?.id as string, rows(architectureInput(), 0, 1)]]);
    const got = await runOnce(await openReference(), graph, feeds);
    expectClose(got.get(graph.outputs[0] as string) as Tensor, rows(architectureOutput(name), 0, 1), 1e-4);
  });
});

/** What does not depend on how the file was written. */
function told({ sites, layers, blocks, streams }: Anatomy): unknown {
  return {
    sites: sites.map(({ type, channels, shape, stride, receptiveField }) => ({
      type,
      channels,
      shape,
      stride,
      receptiveField,
    })),
    layers: layers.map(({ kernels, macs, coupled }) => ({ kernels, macs, coupled: coupled.length })),
    blocks: blocks.map((block) => block.layers.length),
    streams: streams.map((stream) => stream.channels),
  };
}

test.each(architectures)('%s has the same anatomy, whichever exporter wrote it', (name) => {
  const [old, young] = exporters.map((exporter) => told(anatomyOf(graphOf(name, exporter))));
  expect(young).toEqual(old);
});

/** The network with channels of one value multiplied by what is fed as `mask`. */
function maskable(graph: Graph, { value, channels, shape }: Site): Graph {
  const masked = `${value}|masked`;
  const read = (id: string): string => (id === value ? masked : id);
  return buildGraph({
    ...graph,
    inputs: [...graph.inputs, { id: 'mask', shape: [1, channels, ...shape.slice(1).map(() => 1)], dtype: 'float32' }],
    outputs: graph.outputs.map(read),
    nodes: graph.nodes.flatMap((node) => [
      { ...node, inputs: node.inputs.map(read) },
      ...(node.outputs.includes(value)
        ? [{ id: masked, op: 'Mul' as const, inputs: [value, 'mask'], outputs: [masked] }]
        : []),
    ]),
  });
}

/** Whether everything between a convolution and its site maps 0 to 0. */
function keepsZero(graph: Graph, conv: Node, site: Site): boolean {
  const [from] = conv.outputs as [string];
  if (from === site.value) return true;
  const between = segment(graph, 'between', [from], [site.value]);
  const shape = (graph.shapes.get(from) as readonly number[]).map((dim) => Math.max(dim, 1));
  const out = evaluateGraph(between, new Map([[from, zeros('float32', shape)]])).get(site.value) as Tensor;
  return out.data.every((x) => Number(x) === 0);
}

/**
 * The file itself, untouched by the importer, with weights and bias of one convolution as inputs. onnxruntime runs it as
 * PyTorch wrote it.
 */
function openWeights(model: ModelProto, output: string): { bytes: Uint8Array; weights: readonly Tensor[] } {
  const graph = model.graph as NonNullable<ModelProto['graph']>;
  const conv = graph.node.find((node) => node.output.includes(output));
  const initialisers = new Map(graph.initializer.map((proto) => [proto.name, proto]));
  // Equal biases are one initialiser and Identity nodes behind it.
  for (const { opType, input: from, output: to } of graph.node) {
    const same = opType === 'Identity' ? initialisers.get(from[0] as string) : undefined;
    if (same) initialisers.set(to[0] as string, same);
  }
  const names = conv?.input.slice(1) ?? [];
  const weights = names.map((name) => decodeTensor('file', initialisers.get(name) ?? create(TensorProtoSchema)));
  const opened: ModelProto = {
    ...model,
    graph: {
      ...graph,
      input: [...graph.input, ...names.map((_, i) => info(`own${i}`, weights[i]?.shape ?? [], FLOAT))],
      node: graph.node.map((node) =>
        node === conv ? { ...node, input: [node.input[0] as string, ...names.map((_, i) => `own${i}`)] } : node,
      ),
    },
  };
  return { bytes: toBinary(ModelProtoSchema, opened), weights };
}

/** A copy of weights or a bias in which one kernel is 0. */
function without(t: Tensor, kernel: number): Tensor<'float32'> {
  const per = t.data.length / (t.shape[0] as number);
  return float32(
    t.shape,
    Float32Array.from(t.data as Float32Array, (x, i) => (Math.floor(i / per) === kernel ? 0 : x)),
  );
}

const asFeed = ({ shape, data }: Tensor): RuntimeTensor =>
  new RuntimeTensor('float32', data as Float32Array, [...shape]);

/** Layers whose lesions were compared, and those whose way to the site does not map 0 to 0. */
interface Compared {
  readonly layers: string[];
  readonly skipped: string[];
}

async function compareLayer(
  name: string,
  exporter: Exporter,
  layer: Layer,
  site: Site,
  graph: Graph,
): Promise<boolean> {
  const conv = graph.nodes.find((node) => node.id === layer.node) as Node;
  if (!keepsZero(graph, conv, site)) return false;
  const image = rows(architectureInput(), 0, 1);
  const { bytes, weights } = openWeights(
    decodeModel(name, architectureFile(name, exporter)),
    conv.outputs[0] as string,
  );
  const session = await InferenceSession.create(bytes, { logSeverityLevel: 4, intraOpNumThreads: 1 });
  const engine = await openOnnxruntime();
  const program = await engine.compile(maskable(graph, site));
  const input = graph.inputs[0]?.id as string;
  for (let kernel = 0; kernel < layer.kernels; kernel += Math.ceil(layer.kernels / 6)) {
    const own = Object.fromEntries(weights.map((t, i) => [`own${i}`, asFeed(without(t, kernel))]));
    const copy = await session.run({ [input]: asFeed(image), ...own });
    const mask = float32(
      [1, site.channels, ...site.shape.slice(1).map(() => 1)],
      Float32Array.from({ length: site.channels }, (_, c) => (c === kernel ? 0 : 1)),
    );
    const feeds = new Map<string, Tensor>([
      [input, image],
      ['mask', mask],
    ]);
    const [lesion] = (await runProgram(engine, program, feeds)).values();
    const expected = Object.values(copy)[0] as RuntimeTensor;
    expectClose(lesion as Tensor, float32(expected.dims, expected.data as Float32Array), 2e-5);
  }
  await session.release();
  await program.dispose();
  return true;
}

describe('a lesion equals the exported file with that kernel’s weights and bias set to 0', () => {
  test.each(each)('%s, by the %s exporter', async (name, exporter) => {
    const graph = graphOf(name, exporter);
    const anatomy = anatomyOf(graph);
    const compared: Compared = { layers: [], skipped: [] };
    for (const layer of anatomy.layers) {
      const site = anatomy.sites.find((candidate) => candidate.name === layer.site) as Site;
      const did = await compareLayer(name, exporter, layer, site, graph);
      (did ? compared.layers : compared.skipped).push(layer.name);
    }
    // Only gates, whose Sigmoid or HardSigmoid makes 1/2 of 0, are left out.
    expect([name, compared.skipped]).toEqual([name, [...new Set(anatomy.gates.map(({ gate }) => gate))]]);
    expect(compared.layers.length).toBeGreaterThan(0);
  });
});
