import { expect, test } from 'vitest';
import { impulseGroupsOf } from '../../core/plan/impulses.js';
import { handAnatomy } from './hand-anatomy.js';
import { everyOf, listOf } from './resnet20.js';
import { impulseSpec } from '../builders/specs.js';

/** Recorded 2026-11-30. Other draws are as good, but cells of the same studies that are stored would not be met again. */
const RENEW = 'draws have changed, so that stored studies would be planned, and computed, anew';

const drawn = (more: Parameters<typeof listOf>[1]): string[] =>
  everyOf(listOf(handAnatomy, more)).map(({ targets }) =>
    targets.map(({ group, channel }) => `${group[0]}${channel}`).join(' '),
  );

test('the same seed draws what it drew before: at random, in orders by chance, pairs, quadruples, and phases', () => {
  const random = { mode: 'random', fractions: [0.25], trials: 2 } as const;
  expect(drawn({ ...random, spread: ['one-layer', 'matched', 'all-depths'] }), RENEW).toMatchInlineSnapshot(`
    [
      "f0",
      "s0 s1 s10",
      "s2",
      "s0 s6 s7",
      "s0 s1 s5 s7",
      "f3 s3 s5 s8",
    ]
  `);
  expect(drawn({ mode: 'cumulative', fractions: [0.4], trials: 2 }), RENEW).toMatchInlineSnapshot(`
    [
      "s3 s6 s2 s0 f1 s10",
      "f1 s4 s11 s1 s5 s3",
    ]
  `);
  const pairs = drawn({
    mode: 'pairs',
    pairs: { within: ['layer', 'across'], budget: 4 },
  });
  expect(
    pairs.filter((pair) => pair.includes(' ')),
    RENEW,
  ).toMatchInlineSnapshot(`
    [
      "s2 s6",
      "s4 s11",
      "f0 s3",
      "f3 s11",
    ]
  `);
  const quadruples = drawn({ mode: 'quadruples', quadruples: { budget: 2 } });
  expect(
    quadruples.filter((pair) => pair.includes(' ')),
    RENEW,
  ).toMatchInlineSnapshot(`
    [
      "f0 f2",
      "f0 s1",
      "f1 f3",
      "f1 s0",
      "f2 s10",
      "f3 s8",
      "s0 s8",
      "s1 s10",
    ]
  `);
  const groups = impulseGroupsOf(impulseSpec({ positions: 'phases', bases: { images: 4 } }), {
    seed: 7,
    anatomy: handAnatomy,
    image: [3, 24, 20],
  });
  expect(
    groups.map(({ positions }) => positions[0]?.join()),
    RENEW,
  ).toMatchInlineSnapshot(`
    [
      "13,9",
      "12,6",
      "6,0",
      "8,4",
    ]
  `);
});
