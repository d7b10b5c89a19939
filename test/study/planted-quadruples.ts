import { randomStream } from '../../core/random.js';
import { floats, onnxFile } from '../builders/onnx-model.js';

export const images = 40;
export const classes = 4;
export const layers = 6;
const area = 4;

const random = randomStream(6, 'planted quadruples');
export const pixels = Float32Array.from({ length: images * 3 * area }, () => 0.25 + random.uniform());
export const labels = Array.from({ length: images }, (_, i) => i % classes);

/**
 * Six layers beside one another, of two kernels each, and what is made of them behind: sums of kernels, and how much of an input is taken
 * off before what is left above 0 is taken off the sum. So `min(sum of copies, cap)`: whoever is lost alone is not missed.
 */
interface Planted {
  /** Which input the kernel of a layer copies. */
  readonly copies: (layer: number, kernel: number) => number;
  /** Sums of kernels (layer, kernel) that go into a class with a weight; `cap` times an input is the most that one is. */
  readonly sums: readonly {
    readonly of: readonly (readonly [layer: number, kernel: number])[];
    readonly cap: readonly [times: number, input: number] | undefined;
    readonly class: number;
    readonly weight: number;
  }[];
}

const every = Array.from({ length: layers }, (_, layer) => layer);

/** Six copies of either input, one a layer, of which five are enough: back-up lies across layers alone. */
export const acrossOnly: Planted = {
  copies: (_layer, kernel) => kernel,
  sums: [0, 1].map((kernel) => ({
    of: every.map((layer) => [layer, kernel] as const),
    cap: [layers - 1, kernel],
    class: kernel,
    weight: 1,
  })),
};

/** Two copies in each layer, of which one is enough: back-up lies within layers alone. */
export const withinOnly: Planted = {
  copies: () => 0,
  sums: every.map((layer) => ({
    of: [
      [layer, 0],
      [layer, 1],
    ],
    cap: [1, 0],
    class: layer % classes,
    weight: 1,
  })),
};

/** Kernels of which each does something of its own, those of a layer to the same class: no back-up. */
export const noBackUp: Planted = {
  copies: (_layer, kernel) => kernel,
  sums: every.map((layer) => ({
    of: [
      [layer, 0],
      [layer, 1],
    ],
    cap: undefined,
    class: layer % classes,
    weight: 1 + layer / 4,
  })),
};

/** Log-probabilities of an image without some kernels, `b0[1]`, in float64, from what was planted alone. */
export function logOf({ copies, sums }: Planted, image: number, removed: readonly string[]): number[] {
  const logits = Array.from({ length: classes }, () => 0);
  for (let p = 0; p < area; p++) {
    const input = (channel: number): number => pixels[(image * 3 + channel) * area + p] as number;
    for (const { of, cap, class: into, weight } of sums) {
      const there = of.filter(([layer, kernel]) => !removed.includes(`b${layer}[${kernel}]`));
      const total = there.reduce((sum, [layer, kernel]) => sum + input(copies(layer, kernel)), 0);
      const most = cap ? cap[0] * input(cap[1]) : Infinity;
      logits[into] = (logits[into] as number) + (weight * Math.min(total, most)) / area;
    }
  }
  const whole = Math.log(logits.reduce((sum, x) => sum + Math.exp(x), 0));
  return logits.map((x) => x - whole);
}

export function network({ copies, sums }: Planted): Uint8Array {
  const inputs = 2 * layers + 3;
  const rows = sums.flatMap(({ of, cap, class: into, weight }) => {
    const sum = Array.from({ length: inputs }, () => 0);
    for (const [layer, kernel] of of) sum[2 * layer + kernel] = 1;
    if (!cap) return [{ row: sum, into, weight }];
    const above = [...sum];
    above[2 * layers + cap[1]] = -cap[0];
    return [
      { row: sum, into, weight },
      { row: above, into, weight: -weight },
    ];
  });
  const unit = (at: number, size: number): number[] => Array.from({ length: size }, (_, i) => (i === at ? 1 : 0));
  const kernel_shape = [1, 1];
  return onnxFile({
    inputs: { x: ['n', 3, 2, 2] },
    outputs: ['y'],
    nodes: [
      ...every.flatMap((l) => [
        { op: 'Conv', name: `b${l}`, inputs: ['x', `b${l}.weight`], outputs: [`c${l}`], attributes: { kernel_shape } },
        { op: 'Relu', inputs: [`c${l}`], outputs: [`r${l}`] },
      ]),
      { op: 'Concat', inputs: [...every.map((l) => `r${l}`), 'x'], outputs: ['all'], attributes: { axis: 1 } },
      { op: 'Conv', name: 'sums', inputs: ['all', 'sums.weight'], outputs: ['s'], attributes: { kernel_shape } },
      { op: 'Relu', inputs: ['s'], outputs: ['t'] },
      { op: 'GlobalAveragePool', inputs: ['t'], outputs: ['e'] },
      { op: 'Flatten', inputs: ['e'], outputs: ['f'] },
      { op: 'MatMul', inputs: ['f', 'fc.weight'], outputs: ['y'] },
    ],
    initialisers: [
      ...every.map((l) =>
        floats(
          `b${l}.weight`,
          [2, 3, 1, 1],
          [0, 1].flatMap((k) => unit(copies(l, k), 3)),
        ),
      ),
      floats(
        'sums.weight',
        [rows.length, inputs, 1, 1],
        rows.flatMap(({ row }) => row),
      ),
      floats(
        'fc.weight',
        [rows.length, classes],
        rows.flatMap(({ into, weight }) => unit(into, classes).map((x) => x * weight)),
      ),
    ],
  });
}
