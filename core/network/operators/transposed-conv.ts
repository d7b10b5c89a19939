import { float32, type Tensor } from '../../tensor.js';
import { interleaved, spaced, type Spacing } from './placing.js';
import type { Term, TermWriter } from './term.js';

export interface ConvForm {
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** Before the first row and column. */
  readonly padding: readonly [number, number];
  readonly group: number;
}

/**
 * The transpose of a convolution with constant weights [K, C/group, rows, columns], from its output's rows to its input's, [C, …size]: a convolution
 * with the weights turned round. Where it has strides, each of the places between two elements has weights of its own (Shi et al.,
 * arXiv:1609.07009), so that nothing is multiplied by zeros between them.
 */
export function transposedConv(
  write: TermWriter,
  cotangent: Term,
  weights: Tensor<'float32'>,
  { strides, dilations, padding, group }: ConvForm,
  size: readonly [number, number],
): Term {
  const kernel = weights.shape.slice(2) as readonly number[] as readonly [number, number];
  const convolve = (x: Term, turned: Tensor<'float32'>, pads: readonly number[], apart: readonly number[]): Term =>
    write.apply('Conv', [x, write.constant(turned.shape, turned.data)], {
      dilations: [...apart],
      group,
      pads: [...pads],
      strides: [1, 1],
    });
  const sides = [0, 1] as const;
  if (kernel.every((extent) => extent === 1)) {
    const through = convolve(cotangent, turnedWeights(weights, group), [0, 0, 0, 0], [1, 1]);
    const back = (side: 0 | 1): Spacing => ({
      axis: side + 2,
      stride: strides[side],
      shift: -padding[side],
      size: size[side],
    });
    return spaced(write, through, sides.map(back));
  }
  const lines = sides.map((side): Line => ({
    kernel: kernel[side],
    stride: strides[side],
    dilation: dilations[side],
    padding: padding[side],
    size: size[side],
    places: cotangent.shape[side + 2] as number,
  })) as [Line, Line];
  const [down, across] = lines;
  const between = strides.some((stride) => stride > 1);
  const pads = lines.map((line) => (between ? phasePads(line) : plainPads(line))) as [Pads, Pads];
  const inside = spaced(
    write,
    cotangent,
    sides.map((side) => {
      const [before, behind] = pads[side].map((pad) => Math.min(0, pad)) as [number, number];
      return { axis: side + 2, stride: 1, shift: before, size: lines[side].places + before + behind };
    }),
  );
  const around = [pads[0][0], pads[1][0], pads[0][1], pads[1][1]].map((pad) => Math.max(0, pad));
  if (!between) return convolve(inside, turnedWeights(weights, group), around, dilations);
  const phases = convolve(inside, phaseWeights(weights, group, down, across), around, [1, 1]);
  return together(write, phases, down, across);
}

/** A convolution along one axis: `size` places of its input, `places` of its output. */
interface Line {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly padding: number;
  readonly size: number;
  readonly places: number;
}

/** Before and behind; elements less where negative. */
type Pads = readonly [number, number];

function plainPads({ kernel, dilation, padding, size, places }: Line): Pads {
  return [(kernel - 1) * dilation - padding, size - places + padding];
}

/** Of place `stride`·t + phase of the input, tap by tap: how many elements before t the one lies that comes there through it. */
function tapsOf({ kernel, stride, dilation, padding }: Line, phase: number): readonly (number | undefined)[] {
  return Array.from({ length: kernel }, (_, tap) => {
    const back = (tap * dilation - phase - padding) / stride;
    return Number.isInteger(back) ? back : undefined;
  });
}

/** The furthest before and the furthest behind, over all phases. */
function reachOf(line: Line): readonly [before: number, behind: number] {
  const all = Array.from({ length: line.stride }, (_, phase) => tapsOf(line, phase)).flat();
  const known = all.filter((back) => back !== undefined);
  return [Math.max(...known), Math.min(...known)];
}

function phasePads(line: Line): Pads {
  const [before, behind] = reachOf(line);
  return [before, Math.ceil(line.size / line.stride) - line.places - behind];
}

/** [C · phases down · phases across, K/group, rows, columns]: for each place between two elements the taps that reach it. */
function phaseWeights({ shape, data }: Tensor<'float32'>, group: number, down: Line, across: Line): Tensor<'float32'> {
  const [kernels, perGroup, rows, columns] = shape as [number, number, number, number];
  const kernelsPerGroup = kernels / group;
  const [[before, behind], [left, right]] = [reachOf(down), reachOf(across)];
  const [height, width] = [before - behind + 1, left - right + 1];
  const window = height * width;
  const result = new Float32Array(perGroup * group * down.stride * across.stride * kernelsPerGroup * window);
  const put = (row: number, column: number, phase: readonly [number, number], at: readonly [number, number]): void => {
    for (let k = 0; k < kernels; k++) {
      const g = Math.floor(k / kernelsPerGroup);
      for (let c = 0; c < perGroup; c++) {
        const channel = ((g * perGroup + c) * down.stride + phase[0]) * across.stride + phase[1];
        const to = (channel * kernelsPerGroup + (k % kernelsPerGroup)) * window + at[0] * width + at[1];
        result[to] = data[((k * perGroup + c) * rows + row) * columns + column] as number;
      }
    }
  };
  for (let a = 0; a < down.stride; a++) {
    for (let b = 0; b < across.stride; b++) {
      tapsOf(down, a).forEach((up, row) => {
        tapsOf(across, b).forEach((back, column) => {
          if (up !== undefined && back !== undefined) put(row, column, [a, b], [before - up, left - back]);
        });
      });
    }
  }
  return float32([perGroup * group * down.stride * across.stride, kernelsPerGroup, height, width], result);
}

/** Phases, [C · down · across, rows, columns], as one map of C channels. */
function together(write: TermWriter, phases: Term, down: Line, across: Line): Term {
  const [images, all, rows, columns] = phases.shape as readonly [number, number, number, number];
  const channels = all / (down.stride * across.stride);
  const apart = write.reshaped(phases, [images, channels * down.stride, across.stride, rows * columns]);
  const wide = [images, channels, down.stride, rows, columns * across.stride];
  const lines = write.reshaped(across.stride === 1 ? apart : interleaved(write, apart, 2), wide);
  const whole = [images, channels, rows * down.stride, columns * across.stride];
  const map = write.reshaped(down.stride === 1 ? lines : interleaved(write, lines, 2), whole);
  return write.cut(map, [
    { axis: 2, start: 0, step: 1, length: down.size },
    { axis: 3, start: 0, step: 1, length: across.size },
  ]);
}

/** [K, C/group, rows, columns] to [C, K/group, rows, columns], turned by half a circle. */
function turnedWeights({ shape, data }: Tensor<'float32'>, group: number): Tensor<'float32'> {
  const [kernels, perGroup, rows, columns] = shape as [number, number, number, number];
  const kernelsPerGroup = kernels / group;
  const window = rows * columns;
  const result = new Float32Array(data.length);
  for (let k = 0; k < kernels; k++) {
    const [own, g] = [k % kernelsPerGroup, Math.floor(k / kernelsPerGroup)];
    for (let c = 0; c < perGroup; c++) {
      const from = (k * perGroup + c) * window;
      const to = ((g * perGroup + c) * kernelsPerGroup + own) * window;
      for (let i = 0; i < window; i++) result[to + i] = data[from + window - 1 - i] as number;
    }
  }
  return float32([perGroup * group, kernelsPerGroup, rows, columns], result);
}
