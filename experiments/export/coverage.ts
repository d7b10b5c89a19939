/**
 * Imports what coverage.py exported, looks for everything that can be cut, emits each network again, runs that on
 * onnxruntime and compares with what PyTorch computed. Writes coverage.json, from which docs/networks.md is made.
 *
 *   python3 experiments/export/coverage.py --out FOLDER
 *   npm run build && node dist/experiments/export/coverage.js FOLDER
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readNpy } from '../../core/data/npy.js';
import { openOnnxruntime } from '../../core/engine/onnxruntime.js';
import { anatomyOf } from '../../core/anatomy/anatomy.js';
import { graphCost } from '../../core/network/cost.js';
import type { Graph } from '../../core/network/graph.js';
import { decodeModel } from '../../core/import/onnx/decode.js';
import { emitOnnx } from '../../core/network/emit-onnx.js';
import { importOnnx } from '../../core/import/onnx/import-onnx.js';
import type { Engine } from '../../core/engine/engine.js';
import type { Tensor } from '../../core/tensor.js';
import type { CoverageRow } from './coverage-row.js';

async function outputOf(engine: Engine, graph: Graph, input: Tensor): Promise<Tensor> {
  const program = await engine.compile(graph);
  const feed = engine.upload(input);
  const fetched = await program.run(new Map([[graph.inputs[0]?.id ?? '', feed]]));
  const output = fetched.get(graph.outputs.at(-1) ?? '');
  if (output === undefined) throw new Error('the network gives no output');
  const { data, ...rest } = await output.read();
  await program.dispose();
  return { ...rest, data: data.slice() };
}

function deviation(got: Tensor, expected: Tensor): number {
  if (got.shape.join() !== expected.shape.join())
    throw new Error(`[${got.shape.join()}] is not [${expected.shape.join()}]`);
  const [a, b] = [Array.from(got.data, Number), Array.from(expected.data, Number)];
  const scale = Math.max(...b.map(Math.abs));
  return Math.max(...b.map((x, i) => Math.abs((a[i] as number) - x))) / scale;
}

async function rowOf(engine: Engine, folder: string, file: string): Promise<CoverageRow> {
  const [library, ...rest] = file.replace(/\.onnx$/, '').split('.');
  const [network, exporter] = [rest.slice(0, -1).join('.'), rest.at(-1) ?? ''];
  const bytes = readFileSync(`${folder}/${file}`);
  const model = decodeModel(file, bytes);
  const graph = importOnnx(network, bytes);
  const again = importOnnx(network, emitOnnx(graph));
  const [nodes, others] = [graph, again].map((each) =>
    JSON.stringify(each.nodes.map(({ id, op, inputs }) => [id, op, inputs])),
  );
  if (nodes !== others) throw new Error('what is emitted is not what was read');
  const vector = (which: string): Tensor => {
    const name = `${library}.${network}.${which}.npy`;
    return readNpy(name, readFileSync(`${folder}/${name}`));
  };
  const { sites, layers, blocks, streams } = anatomyOf(graph);
  return {
    library: library ?? '',
    network,
    exporter,
    opset: Number(model.opsetImport.find(({ domain }) => domain === '')?.version ?? 0),
    fileNodes: model.graph.node.length,
    nodes: graph.nodes.length,
    ...graphCost(graph),
    layers: layers.length,
    kernels: layers.reduce((sum, layer) => sum + layer.kernels, 0),
    sites: sites.length,
    blocks: blocks.length,
    streams: streams.length,
    deviation: Number(deviation(await outputOf(engine, graph, vector('input')), vector('output')).toPrecision(2)),
  };
}

const [folder = '', only = '', ...others] = process.argv.slice(2);
if (folder === '' || others.length > 0) {
  console.error('node dist/experiments/export/coverage.js FOLDER [PART-OF-NAME]');
  process.exit(2);
}
const engine = await openOnnxruntime();
const files = readdirSync(folder).filter((name) => name.endsWith('.onnx') && name.includes(only));
const rows: CoverageRow[] = [];
let failures = 0;
for (const file of files.sort()) {
  try {
    const row = await rowOf(engine, folder, file);
    rows.push(row);
    console.log(JSON.stringify(row));
    if (!(row.deviation < 1e-4)) throw new Error(`deviates by ${row.deviation}`);
  } catch (error) {
    failures += 1;
    console.error(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
await engine.close();
if (only === '') {
  const versions = JSON.parse(readFileSync(`${folder}/versions.json`, 'utf8')) as Readonly<Record<string, string>>;
  const run = { date: new Date().toISOString().slice(0, 10), versions, rows };
  writeFileSync('experiments/export/coverage.json', `${JSON.stringify(run, undefined, 1)}\n`);
}
process.exitCode = failures === 0 ? 0 : 1;
