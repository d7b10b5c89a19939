import { describe, expect, test } from 'vitest';
import type { Site } from '../../core/anatomy/site.js';
import { runResponseBatch, type ResponseResult } from '../../core/probe/response-batch.js';
import type { InstrumentedNetwork } from '../../core/probe/instrumented-network.js';
import type { Tensor } from '../../core/tensor.js';
import { floats } from './response-parts.js';
import { groupOf, responseContext } from './small-tap.js';
import { cifarImages, tapReal } from '../builders/real-networks.js';
import { hasSharedData } from '../builders/shared-data.js';

/** Elements along one axis whose receptive field has an input coordinate in it. */
function field(site: Site, axis: 0 | 1, at: number): readonly [number, number] {
  const reach = (site.receptiveField[axis] - 1) / 2;
  const length = site.shape[axis + 1] as number;
  return [
    Math.max(0, Math.ceil((at - reach - site.offset[axis]) / site.stride[axis])),
    Math.min(length - 1, Math.floor((at + reach - site.offset[axis]) / site.stride[axis])),
  ];
}

const respond = (network: InstrumentedNetwork, more: Parameters<typeof groupOf>[0]): Promise<ResponseResult> => {
  const { images } = cifarImages('cifar10_train_0000-1999.bin', 2);
  const record = network.anatomy.sites.map((site) => site.name);
  return runResponseBatch(network, groupOf({ record, positions: [[16, 16]], ...more }), responseContext(images));
};

describe.skipIf(!hasSharedData)('impulses on ResNet-20', () => {
  test('change nothing outside the projective field, exactly', async () => {
    const { network } = await tapReal('cifar10_resnet20');
    const positions = [
      [16, 16],
      [0, 31],
      [9, 2],
    ] as const;
    let smaller = 0;
    for (const base of ['normalised-zero', { image: 1 }] as const) {
      const result = await respond(network, { base, positions, amplitudes: { unit: 'input', values: [1, -1, 0.1] } });
      for (const site of network.anatomy.sites) {
        const crops = (result.tensors.get(`crop/${site.name}`) as Tensor<'int32'>).data;
        result.impulses.forEach(({ row, column }, i) => {
          const [top, left, height, width] = crops.subarray(4 * i, 4 * i + 4) as unknown as [
            number,
            number,
            number,
            number,
          ];
          const [rows, columns] = [field(site, 0, row), field(site, 1, column)];
          expect(top).toBeGreaterThanOrEqual(rows[0]);
          expect(top + height - 1).toBeLessThanOrEqual(rows[1]);
          expect(left).toBeGreaterThanOrEqual(columns[0]);
          expect(left + width - 1).toBeLessThanOrEqual(columns[1]);
          if (rows[1] - rows[0] + 1 < (site.shape[1] as number)) smaller += 1;
        });
      }
    }
    // Fields that do not cover their maps anyway: the claim is about something.
    expect(smaller).toBeGreaterThan(50);
  });

  test('fill the field at the first convolution', async () => {
    const { network } = await tapReal('cifar10_resnet20');
    const result = await respond(network, {
      base: { image: 0 },
      positions: [
        [16, 16],
        [0, 31],
      ],
    });
    const crops = (result.tensors.get('crop/conv1') as Tensor<'int32'>).data;
    expect([...crops.subarray(0, 4)]).toEqual([15, 15, 3, 3]);
    expect([...crops.subarray(8, 12)]).toEqual([0, 30, 2, 2]);
  });

  test('on a flat base are answered oddly at first and nearly evenly in the end, as was measured', async () => {
    const { network } = await tapReal('cifar10_resnet20');
    const result = await respond(network, { channels: [0, 1, 2], keep: 'signatures' });
    const mean = (site: string): number => {
      const values = floats(result, `oddness/${site}`);
      return values.reduce((sum, cosine) => sum + cosine, 0) / values.length;
    };
    const sites = network.anatomy.sites.map((site) => site.name);
    expect(mean('conv1')).toBeGreaterThan(0.99);
    // The design's measurement, taken with other code: from 1.00 to −0.94.
    expect(mean(sites.at(-1) as string)).toBeCloseTo(-0.94, 2);
    for (const site of sites.filter((name) => /^layer(3|2\.[12])/.test(name))) expect(mean(site)).toBeLessThan(-0.85);
    // The same figure another way: for two halves of equal norm the cosine is (odd² − even²) / (odd² + even²).
    const [odd, even] = ['odd', 'even'].map((part) => floats(result, `${part}/${sites.at(-1)}`)) as [
      Float32Array,
      Float32Array,
    ];
    const energy = (values: Float32Array): number => values.reduce((sum, x) => sum + x * x, 0);
    expect(energy(odd) / (energy(odd) + energy(even))).toBeLessThan(0.05);
  });
});
