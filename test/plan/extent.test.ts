import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countsOf } from '../../core/plan/count.js';
import { firstExtent, impulsesAt, lastExtent, nextExtent, type Extent } from '../../core/plan/extent.js';
import { impulseGroupsOf } from '../../core/plan/impulses.js';
import { extentsOf, outlineOf, type ModelOutline, type OutlineContext } from '../../core/plan/outline.js';
import { firstMissing, stageGroups, WAVES } from '../../core/plan/planner.js';
import type { ImpulseSpec } from '../../core/spec/study-spec.js';
import { anatomyOf } from '../../core/anatomy/anatomy.js';
import { analysisSpec, impulseSpec, nullsSpec } from '../builders/specs.js';
import { contextOf, modelOf, smallGraph } from './outlines.js';

const resolved = (
  images: number,
  most: number,
  positions: ImpulseSpec['positions'] = 'phases',
  places = 1,
): ImpulseSpec =>
  impulseSpec({ bases: { images }, positions, resolve: { r2: 0.1, budget: { images: most, positions: places } } });

/** All waves of impulses, from the first to that which spends the budget. */
function wavesOf(spec: ImpulseSpec): readonly Extent[] {
  const waves: Extent[] = [];
  for (let next = firstExtent(spec); next; next = nextExtent(spec, next)) waves.push(next);
  return waves;
}
const sizes = (spec: ImpulseSpec): readonly (readonly number[])[] =>
  wavesOf(spec).map(({ images, positions }) => [images, positions]);

describe('the waves of impulses with resolve', () => {
  test('double the images up to the budget, then the positions', () => {
    expect(sizes(resolved(16, 100))).toEqual([[16, 1], [32, 1], [64, 1], [100, 1]]); // prettier-ignore
    expect(sizes(resolved(64, 64))).toEqual([[64, 1]]);
    expect(sizes(resolved(64, 100, { phases: 2 }, 5))).toEqual([[64, 2], [100, 2], [100, 4], [100, 5]]); // prettier-ignore
    expect(sizes(impulseSpec({ bases: { images: 64 } }))).toEqual([]);
    // Where positions are written there are none to add, whatever a study of another store says.
    expect(sizes(resolved(4, 8, [[0, 0], [1, 1]], 5))).toEqual([[4, 1], [8, 1]]); // prettier-ignore
  });

  test('are those of a smaller budget, but for its last, and never more than the budget', () => {
    const asked = fc.record({
      images: fc.integer({ min: 4, max: 90 }),
      more: fc.integer({ min: 0, max: 500 }),
      larger: fc.integer({ min: 0, max: 500 }),
      positions: fc.integer({ min: 1, max: 9 }),
    });
    fc.assert(
      fc.property(asked, ({ images, more, larger, positions }) => {
        const spec = resolved(images, images + more, 'phases', positions);
        const waves = wavesOf(spec);
        const last = lastExtent(spec);
        expect(waves.at(-1)).toMatchObject({ images: last?.images, positions: last?.positions });
        const beyond = sizes(resolved(images, images + more + larger, 'phases', positions));
        const ofImages = waves.filter((wave) => wave.positions === 1).slice(0, -1);
        expect(beyond.slice(0, ofImages.length)).toEqual(ofImages.map((wave) => [wave.images, 1]));
      }),
    );
  });

  test('ask for the groups that so many images and positions have that are asked for outright', () => {
    const context = { seed: 7, anatomy: anatomyOf(smallGraph()), image: [3, 8, 8] };
    for (const [extent, phases] of [
      [{ images: 8, positions: 1, state: 'open' }, 'phases'],
      [{ images: 12, positions: 3, state: 'resolved' }, { phases: 3 }],
    ] as const) {
      const own = impulseGroupsOf(impulsesAt(resolved(4, 12, 'phases', 3), extent), context);
      expect(own).toEqual(
        impulseGroupsOf(impulseSpec({ bases: { images: extent.images }, positions: phases }), context),
      );
    }
  });

  test('stay within the budget, whatever a record of another store says', () => {
    const far = { images: 1e12, positions: 1e12, state: 'resolved' } as const;
    expect(impulsesAt(resolved(4, 12, 'phases', 3), far)).toMatchObject({
      bases: { images: 12 },
      positions: { phases: 3 },
    });
  });
});

describe('an outline of impulses with resolve', () => {
  const spec = resolved(4, 16);
  const outlined = (extents?: OutlineContext['extents'], impulses: readonly ImpulseSpec[] = [spec]): ModelOutline => {
    const chunk = { digest: 'chunk', images: 250 };
    const data = { shape: [3, 8, 8], classes: null, chunks: [chunk] };
    const study = {
      version: 1,
      semantics: 1,
      study: 'study',
      seed: 7,
      data: [
        { name: 'test', ...data },
        { name: 'train', ...data },
      ],
      models: [modelOf('small')],
      ablations: [],
      impulses,
      analysis: analysisSpec({ nulls: nullsSpec({ shuffled: 3 }) }),
    } as const;
    const mode = { engine: 'reference', precision: 'float32', device: 'cpu' } as const;
    const context = { study, mode, anatomy: anatomyOf(smallGraph()), image: [3, 8, 8], scores: {} };
    return outlineOf(modelOf('small'), extents === undefined ? context : { ...context, extents });
  };
  const asked = ({ impulses }: ModelOutline): readonly number[][] =>
    impulses.map(({ groups, nulls }) => [groups.length, nulls.length]);
  const at = (images: number, state: Extent['state']) => ({ 'small/plain': { images, positions: 1, state } });

  test('asks for the first wave, then for what is decided, and for nulls once it is settled', () => {
    expect(asked(outlined())).toEqual([[4, 0]]);
    expect(asked(outlined({}))).toEqual([[4, 0]]);
    expect(asked(outlined(at(8, 'open')))).toEqual([[8, 0]]);
    expect(asked(outlined(at(8, 'resolved')))).toEqual([[8, 3]]);
    expect(asked(outlined(at(16, 'budget')))).toEqual([[16, 3]]);
    expect(asked(outlined('least'))).toEqual([[4, 3]]);
    expect(asked(outlined('most'))).toEqual([[16, 3]]);
    // Those that are not resolved have theirs from the start.
    expect(asked(outlined({}, [impulseSpec({ bases: { images: 5 } })]))).toEqual([[5, 3]]);
  });

  test('has them in the stage of the waves, which says how far they went', async () => {
    const outline = outlined(at(8, 'resolved'));
    const groups = stageGroups([outline]);
    expect(groups[1]).toEqual([]);
    expect(groups[WAVES]?.map(({ kind, count }) => [kind, count])).toEqual([['responses', 8], ['nulls', 3]]); // prettier-ignore
    expect(extentsOf([outline])).toEqual(at(8, 'resolved'));
    const { stage } = await firstMissing([outline], contextOf(), {});
    expect(stage?.extents).toEqual(at(8, 'resolved'));
    const plain = await firstMissing([outlined({}, [impulseSpec({ bases: { images: 5 } })])], contextOf(), {});
    expect(plain.stage && 'extents' in plain.stage).toBe(false);
  });

  test('is counted with all of its budget', () => {
    const counted = (own: ImpulseSpec) =>
      countsOf(
        { name: 'small', anatomy: anatomyOf(smallGraph()), image: [3, 8, 8], images: 250 },
        { ablations: [], impulses: [own], analysis: { nulls: nullsSpec({ shuffled: 3 }) } },
      );
    expect(counted(spec)).toEqual(counted(impulseSpec({ bases: { images: 16 }, positions: 'phases' })));
    expect(counted(resolved(4, 16, 'phases', 3))).toEqual(
      counted(impulseSpec({ bases: { images: 16 }, positions: { phases: 3 } })),
    );
  });
});
