import { describe, expect, test } from 'vitest';
import { impulseGroupsOf, impulseIdentity, type ImpulseGroup } from '../../core/plan/impulses.js';
import { outlinesOf } from './outlines.js';
import { readResnet20 } from './resnet20.js';
import { hasSharedData } from '../builders/shared-data.js';
import { impulseSpec } from '../builders/specs.js';

const groupsOf = (
  more: Parameters<typeof impulseSpec>[0],
  context: Partial<Parameters<typeof impulseGroupsOf>[1]> = {},
): readonly ImpulseGroup[] =>
  impulseGroupsOf(impulseSpec(more), {
    seed: 7,
    anatomy: (outlinesOf({})[0] as { anatomy: Parameters<typeof impulseGroupsOf>[1]['anatomy'] }).anatomy,
    image: [3, 8, 8],
    ...context,
  });

describe('impulses', () => {
  test('at the input come once for each base, in every input channel, and are recorded everywhere', () => {
    const groups = groupsOf({});
    expect(groups.map((group) => group.base)).toEqual(['normalised-zero', 'mean-image']);
    for (const group of groups) {
      expect(group).toMatchObject({
        at: 'input',
        channels: [0, 1, 2],
        positions: [[4, 4]],
        record: ['conv1', 'conv2'],
      });
    }
  });

  test('at inner sites are recorded behind them only, and stand in the site’s own coordinates', () => {
    const [group, ...others] = groupsOf({ at: ['conv1'], bases: ['black'], channels: 'each' });
    expect(others).toEqual([]);
    expect(group).toMatchObject({ at: 'conv1', channels: [0, 1, 2, 3], positions: [[4, 4]], record: ['conv2'] });
  });

  test.skipIf(!hasSharedData)('with positions by phase meet every stride phase once in S² bases', () => {
    const anatomy = readResnet20();
    const context = { anatomy, image: [3, 32, 32] };
    for (const [record, stride] of [
      [['*'], 4],
      [['layer2.*'], 2],
      [['layer1.*'], 1],
    ] as const) {
      const images = 2 * stride ** 2;
      const groups = groupsOf({ bases: { images }, positions: 'phases', record }, context);
      const positions = groups.map((group) => group.positions[0] as readonly [number, number]);
      expect(groups.every((group) => group.positions.length === 1)).toBe(true);
      expect(positions.flat().every((at) => at >= 0 && at < 32)).toBe(true);
      const phases = positions.map(([row, column]) => `${row % stride} ${column % stride}`);
      expect(new Set(phases.slice(0, stride ** 2)).size).toBe(stride ** 2);
      expect(phases.slice(stride ** 2)).toEqual(phases.slice(0, stride ** 2));
      // Not one place of each phase for ever: positions are spread over the image.
      expect(new Set(positions.map(String)).size).toBeGreaterThan(stride ** 2);
      const fewer = groupsOf({ bases: { images: 1 }, positions: 'phases', record }, context);
      expect(fewer[0]).toEqual(groups[0]);
    }
  });

  test('with positions by phase also fit into maps smaller than the stride', () => {
    const groups = groupsOf({ bases: { images: 8 }, positions: 'phases' }, { image: [3, 1, 5] });
    for (const { positions } of groups) {
      const [row, column] = positions[0] as readonly [number, number];
      expect([row, column >= 0 && column < 5]).toEqual([0, true]);
    }
  });
});

describe('the identity of responses', () => {
  // Within each test, not before them: mutation testing sees what a test runs.
  const both = (): [flat: ImpulseGroup, mean: ImpulseGroup] => groupsOf({}) as [ImpulseGroup, ImpulseGroup];
  const referenceOf = (group: ImpulseGroup): unknown =>
    (impulseIdentity(group, 'reference') as { reference: unknown }).reference;

  test('covers the reference images exactly where values depend on them', () => {
    const [flat, mean] = both();
    expect(referenceOf(flat)).toBeNull();
    expect(referenceOf({ ...flat, base: 'black' })).toBeNull();
    expect(referenceOf(mean)).toBe('reference');
    expect(referenceOf({ ...flat, base: { image: 0 } })).toBe('reference');
    expect(referenceOf({ ...flat, amplitudes: { unit: 'std', values: [1] } })).toBe('reference');
  });
});
