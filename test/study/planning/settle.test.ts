import { describe, expect, test } from 'vitest';
import { meanBounds } from '../../../core/analysis/confidence-sequence.js';
import { controlVariate } from '../../../core/analysis/control-variate.js';
import { verdictOf } from '../../../core/study/planning/settle.js';
import type { AblationPreview } from '../../../core/study/reading/ablation-preview.js';
import type { ConditionResult } from '../../../core/study/reading/model-results.js';

const [conditions, images, seen] = [30, 100, 40];
const stop = { top: 4, epsilon: 0.05, confidence: 0.9, clip: 1, by: 'preview' } as const;

/** Predicted to do the less the later; all that was run did nothing. */
const kl = Array.from({ length: conditions }, (_, i) => new Float32Array(images).fill((conditions - i) / 200));
const nothing = Array.from({ length: conditions }, (): ConditionResult => ({
  predicted: new Uint16Array(seen),
  loss: new Float32Array(seen),
  kl: new Float32Array(seen),
  effect: 1,
  state: 'ok',
}));

/** Twelve conditions, measured in the order of some ranks. */
const tried = (rankOf: (i: number) => number): AblationPreview['tried'] =>
  Array.from({ length: 12 }, (_, i) => ({
    predicted: new Float32Array(8).fill((12 - i) / 100),
    measured: new Float32Array(8).fill((12 - rankOf(i)) / 50),
  }));

const upperEnds = (preview: AblationPreview): readonly number[] =>
  verdictOf(stop, nothing, images, preview).standings.map(({ high }) => high);

describe('who is a favourite', () => {
  const trusted = upperEnds({ kl, tried: tried((i) => i) });
  const distrusted = upperEnds({ kl, tried: tried((i) => 11 - i) });
  const endAt = (index: number, above: number): number => {
    const values = new Float64Array(seen);
    const variate = controlVariate(values, kl[index]!, 1);
    return meanBounds({ values, population: images, bound: 1, variate }, { above, below: 0.001 }).high;
  };
  // 97 hundredths of 0.1, nine tenths of them for upper ends.
  const share = 0.1 * 0.97 * 0.9;

  test('are two and a half times as many as are wanted, by prediction, where those tried were ranked as predicted', () => {
    for (const [index, high] of trusted.entries())
      expect(high).toBeCloseTo(endAt(index, index < 10 ? (0.2 * share) / 3 : 0.8 * share), 5);
  });

  test('is nobody where they were not, or were not all run', () => {
    for (const [index, high] of distrusted.entries()) expect(high).toBeCloseTo(endAt(index, share / 4), 5);
    expect(upperEnds({ kl, tried: [] })).toEqual(distrusted);
    // Neighbours exchanged are still ranked as predicted; halves exchanged are not.
    expect(upperEnds({ kl, tried: tried((i) => i ^ 1) })).toEqual(trusted);
    expect(upperEnds({ kl, tried: tried((i) => (i + 6) % 12) })).toEqual(distrusted);
  });
});
