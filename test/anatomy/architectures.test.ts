import { describe, expect, test } from 'vitest';
import { openOnnxruntime } from '../../core/engine/onnxruntime.js';
import { openReference } from '../../core/engine/reference.js';
import { anatomyOf } from '../../core/anatomy/anatomy.js';
import type { Graph } from '../../core/network/graph.js';
import { importOnnx } from '../../core/import/onnx/import-onnx.js';
import type { Anatomy, Site } from '../../core/anatomy/site.js';
import { rows, type Tensor } from '../../core/tensor.js';
import { expectClose, runOnce } from '../engine/agreement.js';
import {
  architectureFile,
  architectureInput,
  architectureOutput,
  architectures,
  exporters,
  type Exporter,
} from '../import/fixtures/architectures.js';
import { fileHas, maskOf, runFile, withMasks } from '../import/fixtures/edited-file.js';
import { expectLesionsAgree } from '../import/fixtures/emptied-file.js';
import { masked } from '../import/fixtures/masked.js';

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

/** Layers whose lesions were compared, and those whose way to the site does not map 0 to 0. */
interface Compared {
  readonly layers: string[];
  readonly skipped: string[];
}

/** Layers that are cut behind a norm over channels; where the norm's result never has channels first, before it. */
const normed: Readonly<Record<string, Readonly<Record<Exporter, readonly string[]>>>> = {
  convnext: {
    dynamo: ['features.0.0'],
    torchscript: ['features.0.0', 'features.1.0.block.0', 'features.3.0.block.0'],
  },
  'convnext-atto': {
    dynamo: ['stem.0', ...[0, 1, 2, 3].map((stage) => `stages.${stage}.blocks.0.conv_dw`)],
    torchscript: ['stem.0', ...[0, 1, 2, 3].map((stage) => `stages.${stage}.blocks.0.conv_dw`)],
  },
};

describe('a lesion behind a norm over channels equals the exported file with that channel of its result set to 0', () => {
  test.each(each.filter(([name]) => name in normed))('%s, by the %s exporter', async (name, exporter) => {
    const file = architectureFile(name, exporter);
    const graph = importOnnx(name, file);
    const { sites } = anatomyOf(graph);
    const input = graph.inputs[0]?.id as string;
    const image = rows(architectureInput(), 0, 1);
    const named = sites.filter((site) => fileHas(file, site.value));
    expect(named.map(({ name: site }) => site)).toEqual(expect.arrayContaining([normed[name]?.[exporter][0]]));
    for (const { name: site, value, shape } of named) {
      // The file of the TorchScript exporter holds what its norms give with channels last.
      const isLast = exporter === 'torchscript' && (normed[name]?.[exporter] ?? []).includes(site);
      const mask = maskOf(shape, [1]);
      const inFile = isLast ? { ...mask, shape: [1, 1, 1, shape[0] as number] } : mask;
      const edited = withMasks(file, [{ value, shape: inFile.shape }]);
      const expected = await runFile(edited, { [input]: image, mask0: inFile });
      const cut = masked(graph, [{ value, channels: [1] }]);
      const got = await runOnce(await openOnnxruntime(), cut, new Map([[input, image]]));
      expectClose([...got.values()][0] as Tensor, expected, 2e-5);
    }
  });
});

describe('a lesion equals the exported file with that kernel’s weights and bias set to 0', () => {
  test.each(each)('%s, by the %s exporter', async (name, exporter) => {
    const file = architectureFile(name, exporter);
    const graph = importOnnx(name, file);
    const image = rows(architectureInput(), 0, 1);
    const anatomy = anatomyOf(graph);
    const compared: Compared = { layers: [], skipped: [] };
    for (const layer of anatomy.layers) {
      const site = anatomy.sites.find((candidate) => candidate.name === layer.site) as Site;
      const did = await expectLesionsAgree(file, graph, layer, site, image, 6);
      (did ? compared.layers : compared.skipped).push(layer.name);
    }
    // Left out: gates, whose Sigmoid or HardSigmoid makes 1/2 of 0, and what is cut behind a norm over channels.
    const gates = new Set(anatomy.gates.map(({ gate }) => gate));
    expect([name, compared.skipped.filter((layer) => !gates.has(layer))]).toEqual([
      name,
      normed[name]?.[exporter] ?? [],
    ]);
    expect(compared.skipped).toEqual(expect.arrayContaining([...gates]));
    expect(compared.layers.length).toBeGreaterThan(0);
  });
});
