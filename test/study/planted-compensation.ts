import { randomStream } from '../../core/random.js';
import { floats, onnxFile } from '../builders/onnx-model.js';

export const images = 30;
export const classes = 3;
const channels = 4;
const area = 4;

const random = randomStream(9, 'planted compensation');
export const pixels = Float32Array.from({ length: images * channels * area }, () => 0.5 + random.uniform());
export const labels = Array.from({ length: images }, (_, i) => i % classes);

type Matrix = readonly (readonly number[])[];

/** A stream of four channels to which branches of two convolutions are added, and a head on its mean. */
export interface Residual {
  readonly branches: readonly { readonly inner: Matrix; readonly outer: Matrix; readonly bias: readonly number[] }[];
  /** Whether there is an activation within branches. */
  readonly rectified: boolean;
  readonly head: Matrix;
}

const drawn = (rows: number, columns: number, size: number): number[][] =>
  Array.from({ length: rows }, () => Array.from({ length: columns }, () => size * (random.uniform() - 0.5)));
const any = () => ({ inner: drawn(4, 4, 1), outer: drawn(4, 4, 1), bias: drawn(1, 4, 1)[0] as number[] });
const head = drawn(4, classes, 4);

export const linear: Residual = { branches: [any(), any(), any()], rectified: false, head };
export const curved: Residual = { branches: [any(), any(), any(), any()], rectified: true, head };

const only = (row: number, column: number, value: number): number[][] =>
  Array.from({ length: 4 }, (_, r) =>
    Array.from({ length: 4 }, (_unused, c) => (r === row && c === column ? value : 0)),
  );

/**
 * The first branch puts 2 into the last channel, the second whatever of 2 is missing there: `max(2 − x, 0)`, nothing while the
 * first is there.
 */
export const repairing: Residual = {
  branches: [
    { inner: only(3, 3, 0), outer: only(3, 3, 1), bias: [0, 0, 0, 2] },
    { inner: only(3, 3, -1), outer: only(3, 3, 1), bias: [0, 0, 0, 2] },
  ],
  rectified: true,
  head: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
    [3, 0, 0],
  ],
};

/** The first branch as in `repairing`; where it is missing the second takes as much again away. */
export const enlarging: Residual = {
  ...repairing,
  branches: repairing.branches.map((branch, b) => (b === 0 ? branch : { ...branch, outer: only(3, 3, -1) })),
};

const times = (matrix: Matrix, x: readonly number[]): number[] =>
  matrix.map((row) => row.reduce((sum, weight, c) => sum + weight * (x[c] as number), 0));

/** Of one position, in float64: what comes out where branch `removed` is 0 and those behind it are as given, if any are. */
function stream(
  { branches, rectified }: Residual,
  x: readonly number[],
  removed: number | undefined,
  held?: readonly (readonly number[])[],
): { readonly end: readonly number[]; readonly branches: readonly (readonly number[])[] } {
  let now = [...x];
  const out = branches.map(({ inner, outer, bias }, b) => {
    const mid = times(inner, now).map((value, c) => value + (bias[c] as number));
    const own = times(outer, rectified ? mid.map((value) => Math.max(0, value)) : mid);
    const value =
      b === removed ? own.map(() => 0) : held && removed !== undefined && b > removed ? (held[b] as number[]) : own;
    now = now.map((old, c) => old + (value[c] as number));
    return value;
  });
  return { end: now, branches: out };
}

/** Logits of an image without a branch, all in all or directly, in float64 from the weights alone. */
export function logitsOf(planted: Residual, image: number, removed?: number, directly = false): number[] {
  const logits = Array.from({ length: classes }, () => 0);
  for (let p = 0; p < area; p++) {
    const x = Array.from({ length: channels }, (_, c) => pixels[(image * channels + c) * area + p] as number);
    // The last channel begins empty, so that a branch alone fills it.
    x[3] = 0;
    const held = directly ? stream(planted, x, undefined).branches : undefined;
    const { end } = stream(planted, x, removed, held);
    planted.head.forEach((row, c) =>
      row.forEach((weight, k) => void (logits[k] = (logits[k] as number) + (weight * (end[c] as number)) / area)),
    );
  }
  return logits;
}

export function network({ branches, rectified, head: weights }: Residual): Uint8Array {
  const attributes = { kernel_shape: [1, 1] };
  return onnxFile({
    inputs: { x: ['n', channels, 2, 2] },
    outputs: ['y'],
    nodes: [
      { op: 'Conv', name: 'stem', inputs: ['x', 'stem.weight'], outputs: ['s0'], attributes },
      ...branches.flatMap((_, b) => [
        {
          op: 'Conv',
          name: `inner${b}`,
          inputs: [`s${b}`, `inner${b}.weight`, `inner${b}.bias`],
          outputs: [`i${b}`],
          attributes,
        },
        ...(rectified ? [{ op: 'Relu', inputs: [`i${b}`], outputs: [`r${b}`] }] : []),
        {
          op: 'Conv',
          name: `outer${b}`,
          inputs: [`${rectified ? 'r' : 'i'}${b}`, `outer${b}.weight`],
          outputs: [`o${b}`],
          attributes,
        },
        { op: 'Add', inputs: [`s${b}`, `o${b}`], outputs: [`s${b + 1}`] },
      ]),
      { op: 'GlobalAveragePool', inputs: [`s${branches.length}`], outputs: ['e'] },
      { op: 'Flatten', inputs: ['e'], outputs: ['f'] },
      { op: 'MatMul', inputs: ['f', 'fc.weight'], outputs: ['y'] },
    ],
    initialisers: [
      floats(
        'stem.weight',
        [4, 4, 1, 1],
        [0, 1, 2, 3].flatMap((r) => [0, 1, 2, 3].map((c) => (r === c && r < 3 ? 1 : 0))),
      ),
      ...branches.flatMap(({ inner, outer, bias }, b) => [
        floats(`inner${b}.weight`, [4, 4, 1, 1], inner.flat()),
        floats(`inner${b}.bias`, [4], [...bias]),
        floats(`outer${b}.weight`, [4, 4, 1, 1], outer.flat()),
      ]),
      floats('fc.weight', [4, classes], weights.flat()),
    ],
  });
}
