import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Anatomy } from '../../core/anatomy/site.js';
import { impulseGroupsOf, impulseIdentity, printBase } from '../../core/plan/impulses.js';
import { printVariant } from '../../core/plan/network-variant.js';
import { handAnatomy } from './hand-anatomy.js';
import { impulseSpec } from '../builders/specs.js';

const groupsOf = (more: Parameters<typeof impulseSpec>[0], anatomy: Anatomy = handAnatomy, image = [3, 24, 20]) =>
  impulseGroupsOf(impulseSpec(more), { seed: 7, anatomy, image });

describe('groups of impulses', () => {
  test('come by place and base; each place has its own channels, and is recorded behind itself', () => {
    const groups = groupsOf({ at: ['first.relu', 'add'], bases: ['black', 'mean-image'], keep: 'responses' });
    expect(groups.map(({ at, base }) => [at, base])).toEqual(
      ['first.relu', 'add'].flatMap((at) => ['black', 'mean-image'].map((base) => [at, base])),
    );
    expect(groups[0]).toMatchObject({
      channels: [0, 1, 2, 3],
      positions: [[4, 4]],
      record: ['add', 'second.relu'],
      keep: 'responses',
    });
    expect(groups[2]).toMatchObject({ channels: [0, 1, 2], positions: [[2, 3]], record: ['second.relu'] });
  });

  test('at the input have the channels of images, or those that are listed, and are recorded where that is asked', () => {
    expect(groupsOf({})[0]).toMatchObject({ at: 'input', channels: [0, 1, 2], positions: [[12, 10]] });
    const own = { channels: [2], positions: [[1, 2]] as const, amplitudes: { unit: 'std', values: [3] } as const };
    expect(groupsOf({ ...own, record: ['add'] })[0]).toMatchObject({ ...own, record: ['add'] });
  });

  test('are none where no site is selected', () => {
    expect(groupsOf({ at: ['nothing'] })).toEqual([]);
  });

  test('on images have one for each of them', () => {
    expect(groupsOf({ bases: { images: 3 } }).map(({ base }) => base)).toEqual([
      { image: 0 },
      { image: 1 },
      { image: 2 },
    ]);
  });
});

describe('positions by phase', () => {
  test('meet every phase of the largest stride that is recorded once, over the whole image', () => {
    // The last site has strides 3 and 4; a site of stride 2 alone has four phases.
    for (const [record, stride] of [
      [['*'], 4],
      [['add'], 2],
      [['first.relu'], 1],
    ] as const) {
      const groups = groupsOf({ record, positions: 'phases', bases: { images: 2 * stride * stride } });
      const places = groups.map(({ positions }) => positions[0] as readonly [number, number]);
      const phases = places.map(([row, column]) => `${row % stride},${column % stride}`);
      expect(new Set(phases.slice(0, stride ** 2)).size).toBe(stride ** 2);
      expect(phases.slice(stride ** 2)).toEqual(phases.slice(0, stride ** 2));
      expect(places.every(([row, column]) => row >= 0 && row < 24 && column >= 0 && column < 20)).toBe(true);
      // Bases of one phase differ: not all at its first place.
      expect(places.some(([row, column]) => row >= stride || column >= stride)).toBe(true);
    }
  });

  test('at sites meet any place', () => {
    const groups = groupsOf({ at: ['second.relu'], positions: 'phases', bases: { images: 60 } });
    expect(new Set(groups.map(({ positions }) => String(positions[0]))).size).toBe(8);
  });

  test('stay within images that are smaller than the stride', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), (height, width) => {
        const groups = groupsOf({ positions: 'phases', bases: { images: 16 } }, handAnatomy, [3, height, width]);
        for (const { positions } of groups) {
          const [row, column] = positions[0] as readonly [number, number];
          expect(row >= 0 && row < height && column >= 0 && column < width).toBe(true);
        }
      }),
      { numRuns: 40 },
    );
  });
});

test('bases and networks are called by readable names', () => {
  expect([printBase('black'), printBase({ image: 3 })]).toEqual(['black', 'image 3']);
  expect([printVariant('intact'), printVariant({ shuffled: 2 })]).toEqual(['intact', 'shuffled 2']);
});

test('responses to impulses at a site depend on the reference images, whatever they ride on', () => {
  const [inner] = groupsOf({ at: ['add'], bases: ['black'] });
  const [outer] = groupsOf({ bases: ['black'] });
  const referenceOf = (group: typeof inner) => (impulseIdentity(group!, 'r') as { reference: unknown }).reference;
  expect([referenceOf(inner), referenceOf(outer)]).toEqual(['r', null]);
});
