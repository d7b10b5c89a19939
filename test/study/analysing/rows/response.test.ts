import { expect, test } from 'vitest';
import type { ImpulseRecord } from '../../../../core/probe/gathering.js';
import { responseRows } from '../../../../core/study/analysing/rows/response.js';
import type { ResponseResultRead } from '../../../../core/study/reading/model-results.js';
import { float32, tensor, type Tensor } from '../../../../core/tensor.js';
import { results } from './hand-results.js';

const impulse = (own: Partial<ImpulseRecord>): ImpulseRecord => ({
  channel: 2,
  row: 3,
  column: 5,
  amplitude: 1,
  pair: 0,
  ...own,
});

/** Two impulses of a pair and one alone, at one of the two sites that are recorded. */
const read: ResponseResultRead = {
  group: {
    at: 'input',
    base: 'black',
    channels: [2],
    positions: [[3, 5]],
    amplitudes: { unit: 'input', values: [1, -1, 2] },
    record: ['first', 'second'],
    keep: 'responses',
  },
  impulses: [impulse({}), impulse({ amplitude: -1 }), impulse({ amplitude: 2, pair: -1 })],
  tensors: new Map<string, Tensor>([
    ['norm/first', float32([3, 2], Float32Array.of(3, 4, 6, 8, 0, 2))],
    ['crop/first', tensor('int32', [3, 4], Int32Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11))],
    ['odd/first', float32([1, 2], Float32Array.of(3, 0))],
    ['even/first', float32([1, 2], Float32Array.of(0, 4))],
    ['oddness/first', float32([1], Float32Array.of(0.25))],
    ['norm/second', float32([3, 1], Float32Array.of(1, 1, 1))],
  ]),
  object: 'responses/1',
};

const rowsOf = (own: Partial<ResponseResultRead> = {}) =>
  responseRows(results({ responses: [{ name: 'plain', groups: [{ ...read, ...own }] }] }));

test('an impulse has a row at every site with norms and an extent, over all kernels of the site', () => {
  const rows = rowsOf();
  expect(rows).toHaveLength(3);
  expect(rows[0]).toEqual({
    model: 'net',
    impulse: 'plain',
    base: 'black',
    at: 'input',
    channel: 2,
    row: 3,
    column: 5,
    amplitude: 1,
    site: 'first',
    depth: 0,
    norm: 5,
    odd_norm: 3,
    even_norm: 4,
    linearity: expect.closeTo(9 / 25, 12),
    oddness: 0.25,
    top: 0,
    left: 1,
    height: 2,
    width: 3,
    object: 'responses/1',
  });
  expect(rows[1]).toMatchObject({ amplitude: -1, norm: 10, top: 4, left: 5, height: 6, width: 7, odd_norm: 3 });
});

test('an impulse without its opposite has a norm, and nothing that needs both signs', () => {
  expect(rowsOf()[2]).toMatchObject({
    amplitude: 2,
    norm: 2,
    odd_norm: null,
    even_norm: null,
    linearity: null,
    oddness: null,
    top: 8,
    width: 11,
  });
});

test('one part of a pair alone says nothing of linearity', () => {
  for (const part of ['odd', 'even']) {
    const tensors = new Map([...read.tensors].filter(([name]) => name !== `${part}/first`));
    expect(rowsOf({ tensors })[0]).toMatchObject({ [`${part}_norm`]: null, linearity: null, oddness: null });
  }
  const tensors = new Map([...read.tensors].filter(([name]) => name !== 'oddness/first'));
  expect(rowsOf({ tensors })[0]).toMatchObject({ oddness: null, linearity: expect.closeTo(9 / 25, 12) as number });
});

test('sites that were not recorded, or have no norms, have no row', () => {
  expect(rowsOf({ group: { ...read.group, record: ['second'] } })).toEqual([]);
  const tensors = new Map([...read.tensors].filter(([name]) => name !== 'norm/first'));
  expect(rowsOf({ tensors })).toEqual([]);
});
