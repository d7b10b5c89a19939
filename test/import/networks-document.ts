import { readFileSync } from 'node:fs';
import type { CoverageRow } from '../../experiments/export/coverage-row.js';
import { folds } from '../../core/import/onnx/fold.js';
import { NEWEST_OPSET } from '../../core/import/onnx/opset.js';
import { rules } from '../../core/import/onnx/rules.js';
import { folds as tensorflowFolds } from '../../core/import/tfjs/graph-model/fold.js';
import { importers } from '../../core/import/tfjs/graph-model/importers.js';
import { layers } from '../../core/import/tfjs/layers.js';
import { operators } from '../../core/network/operators/table.js';
import { tolerances } from '../engine/agreement.js';
import { conformanceCases } from '../engine/cases.js';
import { testedEngines, type TestedEngine } from '../engine/engines.js';
import { leftOutCases, lightCases, nodeCases, refusals, refusedCases } from '../engine/node-cases.js';

interface Coverage {
  readonly date: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly rows: readonly CoverageRow[];
}

const json = (path: string): unknown => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
const grouped = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ',');

/** How an ONNX operator is read. */
function becomes(name: string): string {
  if (rules.has(name)) return Object.hasOwn(operators, name) ? 'itself' : (parts[name] ?? 'others of this table');
  return 'computed on import; constants only';
}

const parts: Readonly<Record<string, string>> = {
  Cast: 'nothing, between floats; Where, Equal and Not to and from truth values; constants: computed',
  Dropout: 'nothing',
  GroupNormalization: 'Reshape, InstanceNormalization, Mul, Add; from opset 21 on',
  Identity: 'nothing',
  Mish: 'Softplus, Tanh, Mul',
  Squeeze: 'Reshape',
  Sum: 'Add',
  Swish: 'Sigmoid, Mul',
  Unsqueeze: 'Reshape',
};

function operatorRows(): readonly string[] {
  const versions = json('../engine/fixtures/onnx-operators.json') as Readonly<Record<string, readonly number[]>>;
  return [...new Set([...rules.keys(), ...folds.keys()])].sort().map((name) => {
    const changed = (versions[name] ?? []).filter((opset) => opset > 6);
    const from = Math.max(6, (versions[name] ?? [])[0] ?? 6);
    const again = changed.filter((opset) => opset !== from);
    const read = `${from} to ${NEWEST_OPSET}${again.length > 0 ? ` (changed in ${again.join(', ')})` : ''}`;
    return `| ${name} | ${read} | ${becomes(name)} |`;
  });
}

const sortedNames = (names: readonly string[]): string =>
  [...new Set(names)]
    .sort()
    .map((name) => `\`${name}\``)
    .join(', ');

/** Whether an engine passes the cases of an operator, and what it does not. */
function onEngine(op: string, { options }: TestedEngine): string {
  const cases = conformanceCases().filter(({ graph }) => graph.nodes.some((node) => node.op === op));
  const skipped = cases.flatMap(({ name }) => (options.skip?.[name] === undefined ? [] : [options.skip[name]]));
  return skipped.length > 0 ? `yes, but: ${skipped.join('; ')}` : 'yes';
}

function engineRows(): readonly string[] {
  return Object.keys(operators).map((op) => {
    const row = operators[op as keyof typeof operators];
    const since = 'since' in row ? (row.since ?? 14) : 14;
    const tolerance = tolerances[op as keyof typeof operators] ?? tolerances.other;
    return `| ${op} | ${since} | ${tolerance === 0 ? 'exact' : tolerance.toExponential(0)} | ${testedEngines.map((engine) => onEngine(op, engine)).join(' | ')} |`;
  });
}

function coverageRows({ rows }: Coverage): readonly string[] {
  return rows.map(
    (row) =>
      `| ${row.library} | ${row.network} | ${row.exporter}, ${row.opset} | ${row.fileNodes} → ${row.nodes} | ${grouped(row.layers)} | ${grouped(row.kernels)} | ${row.sites} | ${row.blocks} | ${row.streams} | ${row.deviation.toExponential(1)} |`,
  );
}

function leftOutRows(): readonly string[] {
  const reasons = Object.entries(leftOutCases()).map(([reason, names]) => {
    const kind = /^operator \w+ is (.*)$/.exec(reason)?.[1];
    const general =
      kind === undefined
        ? reason.replace(/^\d+ bytes of numbers.*$/, 'more than 100 kB of numbers')
        : `its operator is ${kind}`;
    return [general, names.length] as const;
  });
  const counts = new Map<string, number>();
  for (const [reason, count] of reasons) counts.set(reason, (counts.get(reason) ?? 0) + count);
  const refused = refusals.map(([names, , reason]) => {
    const count = Object.keys(refusedCases).filter((name) => names.test(name)).length;
    return [`refused on import: ${reason}`, count] as const;
  });
  return [...counts, ...refused].sort(([, a], [, b]) => b - a).map(([reason, count]) => `| ${reason} | ${count} |`);
}

/** What coverage.ts recorded. */
export const recordedCoverage = (): Coverage => json('../../experiments/export/coverage.json') as Coverage;

/** `docs/networks.md`: from the tables of the code, the fixtures of the tests, and the recorded run of coverage.ts. */
export function networksDocument(): string {
  const coverage = recordedCoverage();
  const versions = Object.entries(coverage.versions).map(([name, version]) => `${name} ${version}`);
  const worst = Math.max(...coverage.rows.map((row) => row.deviation));
  const computed = nodeCases().length - Object.keys(refusedCases).length;
  return [
    '# Networks',
    '',
    'Which networks percuss reads, and how it was tried. This page is made from the tables of the code, from the test fixtures and',
    'from a recorded run; `test/import/networks-document.test.ts` holds it to them (`npm run docs` writes it anew).',
    '',
    '## Operators of ONNX',
    '',
    `ONNX of opset 6 to ${NEWEST_OPSET}. What only handles constants and shapes is computed on import: chains of Shape, Gather, Concat and`,
    'Reshape, constants, weights behind Identity or Transpose. What does nothing at inference is left out. A Reshape, Transpose',
    'and Reshape that shuffle channels become one Gather of channels. Where a file brings channels to the end between its',
    'convolutions (Keras 3 on PyTorch does), what treats elements or lines alike is written with channels at axis 1, and the',
    'Transposes go. DequantizeLinear of constants gives weights. Only what leads to the answer must be supported. Windows are two-dimensional. A batch that the file fixes is left open where the whole graph allows it. Anything',
    'else is refused, all of it in one message.',
    '',
    '| operator | opsets read | becomes |',
    '|---|---|---|',
    ...operatorRows(),
    '',
    '## Operators of TensorFlow.js graph models',
    '',
    'What `tensorflowjs_converter --output_format=tfjs_graph_model` writes, quantised or not. Images are axis 0 of every value and their',
    'number is left open; maps become NCHW whatever `data_format` says, with a Transpose behind the input and where a map is',
    'flattened. A convolution between SpaceToBatchND and BatchToSpaceND is the dilated convolution that it stands for. What the',
    'outputs of the signature do not need is left out. Known answers come from TensorFlow.js’s own executor',
    '(`test/import/graph-model.test.ts`).',
    '',
    `Computed: ${sortedNames([...importers.keys()])}.`,
    '',
    `Of constants and shapes only, on import: ${sortedNames([...tensorflowFolds.keys()].filter((name) => !importers.has(name)))}.`,
    '',
    '## Layers of Keras and of TensorFlow.js layers models',
    '',
    'In `model.json`, in `.h5` (Keras 2 and 3) and in `.keras` (Keras 3), channels last; also operations of Keras 3 with a number',
    '(`x + 3`). What acts in training only is left out.',
    '',
    `${sortedNames([...layers.keys()])}.`,
    '',
    '## Operators of a graph, and engines',
    '',
    'What a network consists of after import. `written at` is the ONNX opset that a graph with it is handed to onnxruntime in;',
    'the tolerance is a fraction of the largest magnitude, against `reference`, which defines the operator in plain TypeScript with',
    'sums in float64.',
    '',
    `| operator | written at | tolerance | ${testedEngines.map((engine) => engine.name).join(' | ')} |`,
    `|---|---|---|${testedEngines.map(() => '---|').join('')}`,
    ...engineRows(),
    '',
    '## Sites',
    '',
    'A kernel is cut behind its normalisation and activation, as far as the way to them has one consumer. A normalisation is followed',
    'whatever its statistics run over (batch, group, instance, layer, RMS, local and global response), as one node or as many: nodes',
    'behind one value, read by nothing else, whose every element is an affine function of that element by statistics and constants.',
    'An activation, too, may be several nodes, however they end: elementwise nodes that come from one value and that nothing else',
    'reads into (HardSwish as x · Clip(x + 3, 0, 6) / 6, SiLU, GELU, Mish, PReLU as Relu(x) − a · Relu(−x), Max(x, a · x),',
    'Where(x > 0, x, a · x)). What gives truth values is computed right before the node that decides by them, for each such node anew.',
    'A gate that looks at more than the element itself (squeeze and excite, spatial attention) is neither. Where the way ends early,',
    '`percuss inspect` says before which node and why. A site is `rectified` where its elements cannot be negative by what the',
    'operators before it say; else `signed`. A depthwise convolution and its only producer are',
    'one layer. Squeeze and excite: the map is cut before the gate, the gate behind its Sigmoid, and `percuss inspect` names which',
    'layer gates which. Stride and receptive field count windows; whatever looks at a whole map (norms over positions, gates,',
    'attention, global pools) leaves them as they are and sets the flag `whole image`. Channels keep their identity through',
    'normalisations, concatenation, split, channel shuffle, padding and slices, so that a residual stream is followed through them.',
    'Where a Transpose has moved the channels (ConvNeXt), there are no sites until it moves them back; dense layers that stand there',
    'are not cut. In a file of the newer exporter a depthwise convolution of ConvNeXt is therefore cut before its LayerNormalization,',
    'in one of the older exporter behind it; `inspect` says so.',
    '',
    '## Architectures',
    '',
    `Run on ${coverage.date} by \`python3 experiments/export/coverage.py --out FOLDER\` and \`node dist/experiments/export/coverage.js FOLDER\``,
    `(${versions.join(', ')}; onnxruntime, CPU). Random weights, two random images. Each file was read, written again, run on`,
    `onnxruntime, and compared with PyTorch: the largest difference as a fraction of the largest output, at worst ${worst.toExponential(1)}.`,
    'The two exporters give the same layers, kernels, sites, blocks and streams. That was before normalisations over channels were',
    'followed: ConvNeXt has had fewer sites since, as its stem is cut behind its norm. Small networks of the same blocks, from the same',
    'classes, are in the test suite (`test/anatomy/architectures.test.ts`), which also compares every layer’s lesions with the exported',
    'file whose weights and bias are 0 there.',
    '',
    '| library | network | exporter, opset | nodes in the file → graph | layers | kernels | sites | blocks | streams | deviation |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...coverageRows(coverage),
    '',
    '## Conformance',
    '',
    `Of the ONNX project’s own cases (package onnx 1.23.2: \`node\`, \`simple\`, \`pytorch-operator\`, \`pytorch-converted\`, \`light\`) ${computed} are`,
    'computed on every engine of the table above and compared with the answers that the standard ships; of the',
    `${lightCases().length} whole networks of \`light\`, AlexNet, VGG-19 and ZFNet and all of them on \`reference\`, only in \`npm run test:soak\`, for their size. The others, each of which`,
    'is named with its reason in `test/engine/fixtures/onnx-left-out.json` or `test/engine/node-cases.ts`:',
    '',
    '| why a case is left out | cases |',
    '|---|---|',
    ...leftOutRows(),
    '',
  ].join('\n');
}
