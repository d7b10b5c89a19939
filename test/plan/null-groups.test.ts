import { givesSignatures, smallestPair } from '../../core/spec/compared-impulses.js';
import { describe, expect, test } from 'vitest';
import { impulseGroupsOf } from '../../core/plan/impulses.js';
import { nullCount, nullVariants, printVariant } from '../../core/plan/network-variant.js';
import { basesOfObject, nullGroupsOf, nullIdentity } from '../../core/plan/null-groups.js';
import { outlinesOf } from './outlines.js';
import { handAnatomy } from './hand-anatomy.js';
import { impulseSpec, nullsSpec } from '../builders/specs.js';

const onImages = (images: number) =>
  impulseSpec({ bases: { images }, positions: 'phases', amplitudes: { unit: 'std', values: [1, 0.1, -1, -0.1] } });
const groupsOf = (images: number) =>
  impulseGroupsOf(onImages(images), { seed: 7, anatomy: handAnatomy, image: [3, 24, 20] });

test('a study has so many nulls of each kind, shuffled ones first', () => {
  const asked = nullsSpec({ shuffled: 2, reinitialised: 1, unrelated: ['other'] });
  expect(nullVariants(asked).map(printVariant)).toEqual(['shuffled 0', 'shuffled 1', 'reinitialised 0']);
  expect(nullCount(asked)).toBe(3);
});

describe('what is asked of nulls', () => {
  test('are the network’s own impulses of the smallest pair, null by null, 64 bases at a time', () => {
    const groups = groupsOf(130);
    const all = nullGroupsOf(groups, nullVariants(nullsSpec({ shuffled: 2 })), handAnatomy.sites);
    expect(all.map(({ variant, bases }) => [printVariant(variant), bases.length])).toEqual(
      ['shuffled 0', 'shuffled 1'].flatMap((name) => [64, 64, 2].map((count) => [name, count])),
    );
    expect(all.slice(0, 3).flatMap(({ bases }) => bases)).toEqual(
      groups.map(({ base, positions }) => ({ base, positions })),
    );
    expect(all[0]).toMatchObject({
      channels: [0, 1, 2],
      amplitudes: { unit: 'std', values: [0.1, -0.1] },
      record: ['first.relu', 'add', 'second.relu'],
    });
    // More bases keep what there is.
    const more = nullGroupsOf(groupsOf(200), nullVariants(nullsSpec({ shuffled: 1 })), handAnatomy.sites);
    expect(more.slice(0, 2)).toEqual(all.slice(0, 2));
  });

  test('is of fewer bases at a time where signatures are large', () => {
    expect([1, 2 ** 21, 2 ** 22, 2 ** 40].map(basesOfObject)).toEqual([64, 64, 32, 1]);
  });

  test('is of the first impulses that give signatures, and of no others', () => {
    const signs = { unit: 'std', values: [1, -1] } as const;
    const specs = [
      impulseSpec({ models: ['small'], name: 'flat' }),
      impulseSpec({ models: ['small'], name: 'inner', at: ['conv1'], bases: { images: 3 } }),
      impulseSpec({ models: ['small'], name: 'one', bases: { images: 1 } }),
      impulseSpec({ models: ['small'], name: 'up', bases: { images: 3 }, amplitudes: { unit: 'std', values: [1, 2] } }),
      impulseSpec({ models: ['small'], name: 'first', bases: { images: 3 }, amplitudes: signs }),
      impulseSpec({ models: ['small'], name: 'second', bases: { images: 3 }, amplitudes: signs }),
    ];
    expect(specs.map(givesSignatures)).toEqual([false, false, false, false, true, true]);
    const [outline] = outlinesOf({ impulses: specs, nulls: nullsSpec({ shuffled: 4, reinitialised: 1 }) });
    expect(outline?.impulses.map(({ nulls }) => nulls.length)).toEqual([0, 0, 0, 0, 5, 0]);
  });

  test('is identified by the null’s kind, number and seed, and by the reference images', () => {
    const [a, b] = nullGroupsOf(
      groupsOf(2),
      nullVariants(nullsSpec({ shuffled: 1, reinitialised: 1 })),
      handAnatomy.sites,
    );
    const identities = [
      nullIdentity(a!, 7, 'r'),
      nullIdentity(b!, 7, 'r'),
      nullIdentity(a!, 8, 'r'),
      nullIdentity(a!, 7, 's'),
      nullIdentity({ ...a!, bases: a!.bases.slice(1) }, 7, 'r'),
    ];
    expect(new Set(identities.map((one) => JSON.stringify(one))).size).toBe(identities.length);
  });
});

test('the smallest pair is of amplitudes that stand with both signs', () => {
  expect(smallestPair([0.1, 1, -2, -1, 2, -0.2])).toEqual([1, -1]);
  expect(smallestPair([1, 2, -3])).toBeUndefined();
});
