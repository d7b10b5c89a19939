import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { tensor, type Tensor } from '../../core/tensor.js';

interface Packed {
  readonly name: string;
  readonly dtype: 'float32' | 'bool';
  readonly shape: readonly number[];
  readonly data: string;
}

/** One case of the ONNX project's own: a model of one operator, inputs, and the answers that the standard gives. */
export interface NodeCase {
  readonly name: string;
  readonly model: Uint8Array;
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly outputs: ReadonlyMap<string, Tensor>;
}

function unpacked(packed: readonly Packed[]): ReadonlyMap<string, Tensor> {
  return new Map(
    packed.map(({ name, dtype, shape, data }) => {
      const bytes = new Uint8Array(Buffer.from(data, 'base64'));
      return [name, tensor(dtype, shape, dtype === 'bool' ? bytes : new Float32Array(bytes.buffer))];
    }),
  );
}

interface PackedCase {
  readonly name: string;
  readonly model: string;
  readonly inputs: readonly Packed[];
  readonly outputs: readonly Packed[];
}

/** All cases of fixtures/onnx-cases.jsonl.gz; their names begin with the suite: node, simple, pytorch-operator, … */
const packedCases: readonly PackedCase[] = gunzipSync(
  readFileSync(new URL('fixtures/onnx-cases.jsonl.gz', import.meta.url)),
)
  .toString('utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as PackedCase);

const caseOf = ({ name, model, inputs, outputs }: PackedCase): NodeCase => ({
  name: name.replace(/^node\//, ''),
  model: new Uint8Array(Buffer.from(model, 'base64')),
  inputs: unpacked(inputs),
  outputs: unpacked(outputs),
});

/** The cases of the suites `node` (under their own names), `simple`, `pytorch-operator` and `pytorch-converted`. */
export function nodeCases(): readonly NodeCase[] {
  return packedCases.filter(({ name }) => !name.startsWith('light/')).map(caseOf);
}

/** The whole networks of the suite `light`: constant weights, and an input x[i] = i / n that the test makes. */
export function lightCases(): readonly NodeCase[] {
  return packedCases.filter(({ name }) => name.startsWith('light/')).map(caseOf);
}

/** Cases that are not among them: reasons, and the names of the cases. */
export function leftOutCases(): Readonly<Record<string, readonly string[]>> {
  const file = new URL('fixtures/onnx-left-out.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { cases: Readonly<Record<string, readonly string[]>> }).cases;
}

/** What percuss refuses: which cases, what the refusal must mention, and why. */
export const refusals: readonly (readonly [names: RegExp, message: RegExp, reason: string])[] = [
  [/^(?:averagepool|maxpool)_[13]d_/, /two dimensions/, 'pools in one or three dimensions'],
  [
    /^pytorch-(?:converted|operator)\/(?:AvgPool3d|MaxPool[13]d)|^pytorch-operator\/maxpool$/,
    /two dimensions/,
    'pools in one or three dimensions',
  ],
  [
    /^pytorch-converted\/Conv[13]d|^causal_conv_with_state_/,
    /two-dimensional/,
    'convolutions in one or three dimensions',
  ],
  [/^averagepool_2d_dilations$/, /dilated/, 'dilated average pools'],
  [/^dropout_default_mask/, /nothing writes the output "z"/, 'the mask of a Dropout'],
  [/^reduce_max_(?:bool_inputs|empty_set_bool)$/, /truth values/, 'the largest of truth values'],
  [/^reshape_allowzero_reordered$/, /allowzero/, 'Reshape with allowzero'],
  [/^matmul_(?:1d_1d|1d_3d|4d_1d)$/, /cannot multiply/, 'products of vectors'],
  [/^batchnorm_.*_training_mode$|^training_dropout/, /training mode/, 'training mode'],
  [
    /^gather_2d_indices$|^rotary_embedding_(?!no_position).*expanded$/,
    /more than one dimension/,
    'Gather with indices in more than one dimension',
  ],
];

/** Cases of things that percuss refuses, with what its refusal must mention. */
export const refusedCases: Readonly<Record<string, RegExp>> = Object.fromEntries(
  nodeCases().flatMap(({ name }) => {
    const refusal = refusals.find(([names]) => names.test(name));
    return refusal ? [[name, refusal[1]]] : [];
  }),
);

/** Cases whose answers are printed with few digits, and the tolerance that this asks for. */
export const roundedCases: Readonly<Record<string, number>> = { averagepool_2d_ceil_last_window_starts_on_pad: 2e-4 };
