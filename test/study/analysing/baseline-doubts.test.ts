import { describe, expect, test } from 'vitest';
import { doubtsOf, type IntactAnswers } from '../../../core/study/analysing/baseline-doubts.js';

const labels = Array.from({ length: 500 }, (_, i) => i % 10);
/** Right on all but every `wrong`-th image. */
const mostly = (wrong: number, answer = (label: number): number => label): number[] =>
  labels.map((label, i) => (i % wrong === 0 ? (label + 5) % 10 : answer(label)));

const answers = (more: Partial<IntactAnswers>): IntactAnswers => ({
  model: 'net',
  images: 'test',
  reference: 'train',
  outputs: 10,
  classOffset: 0,
  labels,
  predicted: mostly(7),
  loss: labels.map((_, i) => (i % 7 === 0 ? 4 : 0.1)),
  unbounded: true,
  referenceShare: undefined,
  expected: undefined,
  ...more,
});

describe('an intact network', () => {
  test.each<[string, Partial<IntactAnswers>, readonly RegExp[]]>([
    ['that is right mostly', {}, []],
    ['that is right on as many reference images', { referenceShare: { correct: 225, images: 250 } }, []],
    [
      'that always says the same',
      { predicted: labels.map(() => 3) },
      [/^net is right on 10\.0 % of 500 images of test, which chance explains \(10\.0 %.*Check labels/],
    ],
    [
      'that says what is commonest',
      { labels: labels.map((label) => (label < 7 ? 0 : label)), predicted: labels.map(() => 0) },
      [/70\.0 % of 500 .* chance explains \(70\.0 %/],
    ],
    ['of which its author expects no more', { predicted: labels.map(() => 3), expected: 0.1 }, []],
    [
      'with background before its classes',
      { outputs: 11, predicted: mostly(7, (label) => label + 1) },
      [/shifted by 1 it would be right on 8\d\.\d %: output: \{ class-offset: 1 \}/],
    ],
    [
      'whose labels count from 1',
      { outputs: 11, labels: labels.map((label) => label + 1) },
      [/shifted by -1 .* labels that count from 0/],
    ],
    [
      'that has one answer for two classes each, by as much as one order can mend',
      { predicted: labels.map((label) => (label % 5) + 3) },
      [/with classes in another order it would be right on about 50\.0 %/],
    ],
    [
      'whose classes stand in another order',
      { predicted: mostly(7, (label) => (label * 3 + 1) % 10) },
      [/with classes in another order it would be right on about 8\d\.\d % \(label 0 is mostly answered 1\)/],
    ],
    [
      'far below its reference images',
      { predicted: mostly(2), referenceShare: { correct: 240, images: 250 } },
      [/50\.0 % of 500 images of test, far below the 96\.0 % of its reference images train/],
    ],
    [
      'far above its reference images',
      { referenceShare: { correct: 25, images: 250 } },
      [/but only on 10\.0 % of its reference images train/],
    ],
    [
      'that is right, and never sure',
      { loss: labels.map(() => 1.6) },
      [/logits never differ by more than 1: .*sigmoid/],
    ],
    ['of probabilities that is never sure', { loss: labels.map(() => 1.6), unbounded: false }, []],
  ])('%s', (_, more, expected) => {
    expect(doubtsOf(answers(more))).toEqual(expected.map((text) => expect.stringMatching(text)));
  });
});
