import { expect } from 'vitest';
import { uncropped } from '../../core/probe/crop.js';
import type { ResponseResult } from '../../core/probe/response-batch.js';
import type { Tensor } from '../../core/tensor.js';

/** The whole response of a site to impulse number i. */
export function responseOf(result: ResponseResult, site: string, i: number): Tensor<'float32'> {
  const [, height = 1, width = 1] = result.sites.find(({ name }) => name === site)?.shape ?? [];
  const [top, left, rows, columns] = cropAt(result, site, i);
  const part = result.tensors.get(`response/${site}/${i}`) as Tensor<'float32'>;
  return uncropped(part, { top, left, height: rows, width: columns }, height, width);
}

export const cropAt = (result: ResponseResult, site: string, i: number): [number, number, number, number] =>
  [...(result.tensors.get(`crop/${site}`) as Tensor<'int32'>).data.subarray(4 * i, 4 * i + 4)] as [
    number,
    number,
    number,
    number,
  ];

export const floats = (result: ResponseResult, name: string): Float32Array =>
  (result.tensors.get(name) as Tensor<'float32'>).data;

export function expectClose(actual: Float32Array, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  const largest = actual.reduce((most, x, j) => Math.max(most, Math.abs(x - (expected[j] as number))), 0);
  expect(largest).toBeLessThan(tolerance);
}
