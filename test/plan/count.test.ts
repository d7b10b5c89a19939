import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countsOf, type WorkCount } from '../../core/plan/count.js';
import { stageGroups } from '../../core/plan/planner.js';
import type { AblationSpec, ImpulseSpec } from '../../core/spec/study-spec.js';
import { anatomyOf } from '../../core/anatomy/anatomy.js';
import { outlinesOf, smallGraph } from './outlines.js';
import { fills } from '../../core/spec/words/fills.js';
import { wordsOf } from '../../core/word-table.js';
import { ablationSpec, impulseSpec, nullsSpec } from '../builders/specs.js';

const small = { name: 'small', anatomy: anatomyOf(smallGraph()), image: [3, 8, 8], images: 500 };
const ofAblation = (more: Partial<AblationSpec>): WorkCount =>
  countsOf(small, {
    ablations: [ablationSpec({ models: ['small'], ...more })],
    impulses: [],
    analysis: { nulls: nullsSpec() },
  }).at(-1) as WorkCount;

const fraction = fc.double({ min: 0.01, max: 1, noNaN: true });
const ablation: fc.Arbitrary<AblationSpec> = fc
  .record({
    unit: fc.constantFrom<AblationSpec['unit']>('kernel', 'layer', 'block', 'stream'),
    layers: fc.constantFrom(['*'], ['conv1'], ['relu?', 'nothing'], ['nothing']),
    mode: fc.constantFrom<AblationSpec['mode']>('each', 'random', 'cumulative'),
    fill: fc.uniqueArray(fc.constantFrom<AblationSpec['fill'][number]>(...wordsOf(fills)), {
      minLength: 1,
    }),
    draws: fc.integer({ min: 3, max: 6 }),
    fractions: fc.uniqueArray(fraction, { minLength: 1, maxLength: 4 }),
    trials: fc.integer({ min: 1, max: 9 }),
    spread: fc.uniqueArray(fc.constantFrom<AblationSpec['spread'][number]>('one-layer', 'matched', 'all-depths'), {
      minLength: 1,
    }),
  })
  .map((more) => ablationSpec({ models: ['small'], ...more }));

const impulses: fc.Arbitrary<ImpulseSpec> = fc
  .record({
    at: fc.constantFrom<ImpulseSpec['at']>('input', ['conv1'], ['*'], ['nothing']),
    channels: fc.constantFrom<ImpulseSpec['channels']>('each', [0, 2]),
    positions: fc.constantFrom<ImpulseSpec['positions']>('center', 'phases', { phases: 3 }, [
      [0, 1],
      [2, 2],
      [3, 1],
    ]),
    bases: fc.constantFrom<ImpulseSpec['bases']>(['black'], ['black', 'mean-image'], { images: 7 }),
  })
  .map((more) => impulseSpec(more));

describe('what is counted is what is planned:', () => {
  test('conditions, cells and groups of impulses of random specs', () => {
    fc.assert(
      fc.property(ablation, impulses, fc.integer({ min: 0, max: 5 }), (spec, set, nulls) => {
        const asked = { ablations: [spec], impulses: [set], nulls: nullsSpec({ shuffled: nulls }) };
        const planned = new Map<string, number>();
        for (const { kind, name, count } of stageGroups(outlinesOf(asked)).flat()) {
          planned.set(`${kind} ${name}`, (planned.get(`${kind} ${name}`) ?? 0) + count);
        }
        const counts = countsOf(small, { ...asked, analysis: asked });
        expect(new Map(counts.map(({ kind, name, units }) => [`${kind} ${name}`, units]))).toEqual(planned);
      }),
      { numRuns: 300 },
    );
  });

  test('pairs and quadruples, of which only what none of them holds is counted too many', () => {
    for (const budget of [undefined, 1, 3, 20, 1000]) {
      for (const within of [['any'], ['layer'], ['across'], ['layer', 'across']] as const) {
        const spec = { mode: 'pairs', pairs: { within, budget } } as const;
        const [outline] = outlinesOf({ ablations: [ablationSpec({ models: ['small'], ...spec })] });
        const planned = outline?.ablations[0]?.list?.length as number;
        const { conditions } = ofAblation(spec);
        expect(conditions).toBeGreaterThanOrEqual(planned);
        expect(conditions).toBeLessThanOrEqual(planned + 10);
      }
    }
    for (const budget of [1, 3, 20, 1000]) {
      const spec = { mode: 'quadruples', quadruples: { budget } } as const;
      const [outline] = outlinesOf({ ablations: [ablationSpec({ models: ['small'], ...spec })] });
      expect(ofAblation(spec).conditions).toBeGreaterThanOrEqual(outline?.ablations[0]?.list?.length as number);
    }
    // 10 kernels: 45 pairs, 10 alone.
    expect(ofAblation({ mode: 'pairs', pairs: { within: ['any'], budget: undefined } }).conditions).toBe(55);
  });
});

test('no number is too large, or takes time', () => {
  expect(ofAblation({ mode: 'random', fractions: [0.5], trials: 1e12, spread: ['all-depths'] }).units).toBe(2e12);
  expect(ofAblation({ fill: ['resample'], draws: 1e15 }).conditions).toBe(1e16);
  const wide = { ...small.anatomy, layers: [{ ...small.anatomy.layers[0], kernels: 141_422 }] };
  const [, , pairs] = countsOf(
    { ...small, anatomy: wide as typeof small.anatomy },
    {
      ablations: [ablationSpec({ models: ['small'], mode: 'pairs', pairs: { within: ['any'], budget: undefined } })],
      impulses: [],
      analysis: { nulls: nullsSpec() },
    },
  );
  expect(pairs?.conditions).toBe((141_422 * 141_421) / 2 + 141_422);
});
