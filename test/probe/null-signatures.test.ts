import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openReference } from '../../core/engine/reference.js';
import { impulseGroupsOf } from '../../core/plan/impulses.js';
import { nullGroupsOf, type NullGroup } from '../../core/plan/null-groups.js';
import { featuresOf, nullSignatures, unpackedSignatures } from '../../core/probe/null-signatures.js';
import { runResponseBatch } from '../../core/probe/response-batch.js';
import { countOf, fromSparse, toSparse } from '../../core/probe/sparse.js';
import { nullProblem } from '../../core/study/reading/sound-results.js';
import type { Tensor } from '../../core/tensor.js';
import { impulseSpec } from '../builders/specs.js';
import { SmallNetwork } from '../import/fixtures/small-network.js';
import { responseContext, seededImages, tapSmall } from './small-tap.js';

const net = new SmallNetwork(2, 12);
const first = net.relu('relu1', net.norm('bn1', net.conv('conv1', net.input, 4)));
const second = net.relu('relu2', net.conv('conv2', first, 6, { stride: 2 }));
const graph = net.graph(net.head(second));
const reference = seededImages(7, 2, 12);

/** Impulses on seven images; more positions than fit into a run beside their base, or one. */
function asked(places: number) {
  const positions = Array.from({ length: places }, (_, i) => [i % 12, (5 * i + Math.floor(i / 12)) % 12] as const);
  return impulseSpec({
    bases: { images: 7 },
    positions: places === 1 ? 'phases' : positions,
    amplitudes: { unit: 'std', values: [2, -0.1, 1, -2, 0.1, -3] },
    keep: 'signatures',
  });
}

async function both(places: number) {
  const network = await tapSmall(graph);
  const { sites } = network.anatomy;
  const groups = impulseGroupsOf(asked(places), { seed: 7, anatomy: network.anatomy, image: [2, 12, 12] });
  const [group, ...more] = nullGroupsOf(groups, [{ shuffled: 0 }], sites);
  expect(more).toEqual([]);
  const own = await nullSignatures(network, group as NullGroup, responseContext(reference));
  const parts = unpackedSignatures(own.tensors, group as NullGroup, sites);
  return { network, sites, groups, group: group as NullGroup, own, parts };
}

describe('signatures of a null', () => {
  test.each([1, 17])(
    'are those that the network’s own responses give, byte for byte (%i positions)',
    async (places) => {
      const { network, sites, groups, parts } = await both(places);
      let nonZero = 0;
      for (const [base, group] of groups.entries()) {
        const { tensors } = await runResponseBatch(network, group, responseContext(reference));
        for (const { name } of sites) {
          const expected = (tensors.get(`signature/${name}`) as Tensor<'float32'>).data;
          // −0 of an odd part is 0 in what is stored.
          expect(parts.get(name)?.[base]?.map((x) => x + 0)).toEqual(expected.map((x) => x + 0));
          nonZero += expected.filter((x) => x !== 0).length;
        }
      }
      expect(nonZero).toBeGreaterThan(100);
    },
  );

  test('are of the smallest pair alone, and hold only what is not 0', async () => {
    const { group, own, sites } = await both(1);
    expect(group.amplitudes).toEqual({ unit: 'std', values: [0.1, -0.1] });
    expect(own.impulses).toHaveLength(7);
    expect(own.impulses.every((one) => one.length === 4)).toBe(true);
    for (const { name } of sites) {
      const values = own.tensors.get(`values/${name}`)?.data as Float32Array;
      expect(values.every((value) => value !== 0)).toBe(true);
    }
  });

  test('that are damaged are told by what is wrong with them', async () => {
    const { group, own, sites } = await both(1);
    const problem = (tensors: ReadonlyMap<string, Tensor>) =>
      nullProblem({ tensors, metadata: {}, object: 'o' }, group, sites);
    expect(problem(own.tensors)).toBeUndefined();
    const name = sites[1]?.name as string;
    const mask = own.tensors.get(`mask/${name}`) as Tensor<'uint8'>;
    const without = new Map([...own.tensors].filter(([key]) => key !== `mask/${name}`));
    expect(problem(without)).toBe(`it lacks mask/${name}`);
    const longer = { ...mask, shape: [mask.data.length + 1], data: new Uint8Array(mask.data.length + 1) };
    expect(problem(new Map(own.tensors).set(`mask/${name}`, longer))).toMatch(/mask\/.* another type or shape/);
    const cleared = { ...mask, data: mask.data.map((byte, i) => (i === mask.data.findIndex((b) => b > 0) ? 0 : byte)) };
    expect(problem(new Map(own.tensors).set(`mask/${name}`, cleared))).toMatch(/values\/.* another type or shape/);
    expect(featuresOf(group, sites) * 7 * 6).toBeLessThanOrEqual(8 * mask.data.length);
  });

  test('stop where the batch is cancelled', async () => {
    const { network, group } = await both(1);
    const context = { ...responseContext(reference), signal: AbortSignal.abort(new Error('stopped')) };
    await expect(nullSignatures(network, group, context)).rejects.toThrow('stopped');
    await (await openReference()).close();
  });
});

test('what is stored without its zeros comes back as it was', () => {
  const number = fc.oneof(fc.constant(0), fc.float({ noNaN: false }), fc.constant(Infinity));
  fc.assert(
    fc.property(fc.array(number, { maxLength: 70 }), (numbers) => {
      const dense = Float32Array.from(numbers, (x) => x + 0);
      const sparse = toSparse(dense);
      expect(fromSparse(sparse, dense.length)).toEqual(dense);
      expect(countOf(sparse.mask)).toBe(sparse.values.length);
      expect(sparse.values.some((value) => value === 0)).toBe(false);
    }),
  );
});
