import { describe, expect, test } from 'vitest';
import { anatomyOf } from '../../core/anatomy/anatomy.js';
import type { Site } from '../../core/anatomy/site.js';
import { poolOf, variablesOf } from '../../core/probe/kernel-pool.js';
import { momentSizes, sampledStep } from '../../core/plan/substitution.js';
import { fills, type SubstituteFill } from '../../core/spec/words/fills.js';
import { SmallNetwork } from '../import/fixtures/small-network.js';

const reference = 'r'.repeat(64);
const fillOf = (word: 'substitute' | 'substitute-earlier', more: Partial<SubstituteFill> = {}): SubstituteFill => ({
  ...(fills[word].of(reference, 0) as SubstituteFill),
  ...more,
});

/** conv1 8×8, conv2 4×4 by a stride, conv3 4×4, and beside conv2 one of a map without a border, 3×3. */
function chain() {
  const net = new SmallNetwork(2, 8);
  const one = net.relu('relu1', net.conv('conv1', net.input, 6));
  const two = net.relu('relu2', net.conv('conv2', one, 4, { stride: 2 }));
  const narrow = net.relu('relu3', net.conv('conv3', one, 3, { stride: 2, pad: 0 }));
  const four = net.relu('relu4', net.conv('conv4', two, 5));
  const small = net.node('GlobalAveragePool', 'small', [narrow]);
  return anatomyOf(net.graph(net.head(net.concat('all', net.node('GlobalAveragePool', 'large', [four]), small))), {
    after: 'activation',
  });
}
const anatomy = chain();
const site = (name: string): Site => anatomy.sites.find((one) => one.name === name) as Site;

describe('the pool of the same site', () => {
  test('is all of it, where there are no more than are asked', () => {
    const pool = poolOf(anatomy, { site: 'conv1', fill: fillOf('substitute') });
    expect(pool.kernels.map(({ channel }) => channel)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(pool.others).toEqual([]);
    expect(variablesOf(pool)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('is a draw that is the same for everybody, and hangs on the reference images', () => {
    const drawn = (of: string): readonly number[] =>
      poolOf(anatomy, { site: 'conv1', fill: { ...fillOf('substitute', { pool: 3 }), reference: of } }).kernels.map(
        ({ channel }) => channel,
      );
    const own = drawn(reference);
    expect(own).toHaveLength(3);
    expect(own).toEqual([...own].sort((a, b) => a - b));
    expect(drawn(reference)).toEqual(own);
    expect(['s', 't', 'u', 'v', 'w'].map((of) => drawn(of).join())).not.toEqual(Array(5).fill(own.join()));
    const pool = poolOf(anatomy, { site: 'conv1', fill: fillOf('substitute', { pool: 3 }) });
    expect([...pool.others, ...own].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5]);
    // Each channel is where its variable says: in the pool by its place there, else behind it.
    const where = [...pool.kernels.map(({ channel }) => channel), ...pool.others];
    expect(variablesOf(pool).map((variable) => where[variable])).toEqual([0, 1, 2, 3, 4, 5]);
  });
});

describe('the pool of earlier sites', () => {
  test('is none at the first', () => {
    expect(poolOf(anatomy, { site: 'conv1', fill: fillOf('substitute-earlier') }).kernels).toEqual([]);
  });

  test('is of larger maps read where the grid of signatures lies, and of maps as large as they are', () => {
    const { kernels, others } = poolOf(anatomy, { site: 'conv4', fill: fillOf('substitute-earlier') });
    expect(others).toEqual([0, 1, 2, 3, 4]);
    const from = (name: string) => kernels.filter(({ value }) => value === site(name).value);
    expect(from('conv1').map(({ channel }) => channel)).toEqual([0, 1, 2, 3, 4, 5]);
    // Rows and columns 0, 2, 4, 6 of eight.
    expect([...(from('conv1')[0]?.places ?? [])]).toEqual(
      [0, 2, 4, 6].flatMap((y) => [0, 2, 4, 6].map((x) => 8 * y + x)),
    );
    expect([...(from('conv2')[0]?.places ?? [])]).toEqual(Array.from({ length: 16 }, (_, i) => i));
    expect(kernels).toHaveLength(10);
  });

  test('leaves sites out whose maps have no element at some place', () => {
    const { kernels } = poolOf(anatomy, { site: 'conv4', fill: fillOf('substitute-earlier') });
    expect(site('conv3').shape.slice(1)).toEqual([3, 3]);
    expect(kernels.some(({ value }) => value === site('conv3').value)).toBe(false);
  });
});

describe('the places that are compared', () => {
  test('are all of a small map, and of a large one every so many rows and columns', () => {
    const placesOf = (positions: number): number[] => [
      ...poolOf(anatomy, { site: 'conv1', fill: fillOf('substitute', { positions }) }).sampled,
    ];
    expect(placesOf(64)).toHaveLength(64);
    expect(placesOf(63)).toEqual([0, 2, 4, 6].flatMap((y) => [0, 2, 4, 6].map((x) => 8 * y + x)));
    expect(sampledStep([64, 224, 224], 1024)).toBe(7);
    expect(sampledStep([10], 1)).toBe(1);
  });
});

test('what is planned of moments is no less than there is', () => {
  for (const word of ['substitute', 'substitute-earlier'] as const) {
    for (const pool of [3, 512]) {
      for (const { name } of anatomy.sites) {
        const substitution = { site: name, fill: fillOf(word, { pool, positions: 20 }) };
        const { kernels, others, sampled } = poolOf(anatomy, substitution);
        const planned = momentSizes(anatomy, substitution);
        expect(planned.pool).toBeGreaterThanOrEqual(kernels.length);
        expect([planned.others, planned.points]).toEqual([others.length, sampled.length]);
        if (word === 'substitute') expect(planned.pool).toBe(kernels.length);
      }
    }
  }
});
