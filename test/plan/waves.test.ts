import { describe, expect, test } from 'vitest';
import { anatomyOf } from '../../core/anatomy/anatomy.js';
import {
  chunkOf,
  conditionList,
  impulseGroup,
  outlineOf,
  piecesOf,
  unitKey,
  unorderedConditions,
  type ModelOutline,
  type OutlineContext,
} from '../../core/plan/outline.js';
import { scoringAblation } from '../../core/plan/scoring-ablation.js';
import { missingOf, stageGroups, unitIndices, waveBatchSeconds, type Committed } from '../../core/plan/planner.js';
import type { ChunkRef, ResolvedStudy } from '../../core/spec/resolved-study.js';
import type { AblationSpec } from '../../core/spec/study-spec.js';
import { contextOf, modelOf, outlinesOf, smallGraph } from './outlines.js';
import { nullsSpec, ablationSpec, impulseSpec } from '../builders/specs.js';

const stop = { precision: 0.1, confidence: 0.9, clip: 1, by: 'images' } as const;
const adaptive = (more: Partial<AblationSpec> = {}) =>
  ablationSpec({ name: 'adaptive', models: ['small'], layers: ['conv1'], stop, ...more });
const refs = (prefix: string, ...images: readonly number[]): ChunkRef[] =>
  images.map((count, i) => ({ digest: `${prefix}${i}`, images: count }));

/** A study of 800 images: four chunks, and waves of 25, of 300 in two pieces, and of the rest in two. */
function outlined(
  ablations: readonly AblationSpec[],
  context: Partial<OutlineContext> = {},
  waves: readonly ChunkRef[][] | null = [refs('a', 25), refs('b', 250, 50), refs('c', 250, 225)],
): ModelOutline {
  const study: ResolvedStudy = {
    version: 1,
    semantics: 1,
    study: 'study',
    seed: 7,
    data: [
      {
        name: 'test',
        shape: [3, 8, 8],
        classes: null,
        chunks: refs('chunk', 250, 250, 250, 50),
        ...(waves ? { waves } : {}),
      },
      { name: 'train', shape: [3, 8, 8], classes: null, chunks: refs('reference', 250) },
    ],
    models: [modelOf('small')],
    ablations,
    impulses: [],
    analysis: {
      confidence: 0.95,
      fdr: 0.05,
      bootstrap: 10,
      far: 0.5,
      nulls: nullsSpec({ shuffled: 3 }),
      rarefy: { kernels: 2, sites: 2 },
    },
  };
  const mode = { engine: 'reference', precision: 'float32', device: 'cpu' } as const;
  return outlineOf(modelOf('small'), {
    study,
    mode,
    anatomy: anatomyOf(smallGraph()),
    image: [3, 8, 8],
    scores: {},
    ...context,
  });
}

describe('waves', () => {
  test('are numbered piece by piece behind the chunks', () => {
    const outline = outlined([adaptive()]);
    expect([0, 1, 2, 3].map((wave) => piecesOf(outline, wave))).toEqual([[4], [5, 6], [7, 8], []]);
    expect([0, 3, 4, 5, 6, 8].map((index) => chunkOf(outline, index).digest)).toEqual([
      'chunk0',
      'chunk3',
      'a0',
      'b0',
      'b1',
      'c1',
    ]);
    expect(outline.pieces.map(({ digest }) => digest)).toEqual(['a0', 'b0', 'b1', 'c0', 'c1']);
    expect(outlined([], {}, null)).toMatchObject({ waves: [], pieces: [] });
  });

  test('are asked for one by one, as far as is decided, or all', () => {
    const reachOf = (context: Partial<OutlineContext>, ablation = adaptive()) =>
      outlined([ablation], context).ablations[0]?.reach;
    expect(reachOf({})).toEqual([1, 1, 1, 1]);
    expect(reachOf({ reach: {} })).toEqual([1, 1, 1, 1]);
    expect(reachOf({ reach: { 'small/adaptive': [3, 1, 2, 0] } })).toEqual([3, 1, 2, 0]);
    expect(reachOf({ reach: 'all' })).toEqual([3, 3, 3, 3]);
    expect(outlined([adaptive()], {}, []).ablations[0]?.reach).toEqual([0, 0, 0, 0]);
    const { stop: _, ...whole } = adaptive();
    expect(reachOf({ reach: 'all' }, whole)).toBeUndefined();
  });

  test('are groups of those conditions that are asked for on them, on each of their pieces', () => {
    const outline = outlined([adaptive()], { reach: { 'small/adaptive': [2, 1, 2, 1] } });
    const [, plain, , waves] = stageGroups([outline]);
    expect(plain).toEqual([]);
    const common = { kind: 'cells', model: 'small', name: 'adaptive' };
    const asked = [
      [0, 1],
      [2, 3],
    ];
    expect(waves).toEqual([
      { ...common, chunk: 4, count: 4, images: 25, asked: [[0, 4]] },
      { ...common, chunk: 5, count: 2, images: 250, asked },
      { ...common, chunk: 6, count: 2, images: 50, asked },
    ]);
    expect(waves?.map(unitIndices)).toEqual([
      [0, 1, 2, 3],
      [0, 2],
      [0, 2],
    ]);
    expect(unitIndices({ kind: 'cells', model: 'small', name: 'a', chunk: 0, count: 3, images: 1 })).toEqual([0, 1, 2]);
  });

  test('are divided into 16 batches at least, of half a second at least', () => {
    expect(waveBatchSeconds(1600, 20)).toBe(20);
    expect(waveBatchSeconds(160, 20)).toBe(10);
    expect(waveBatchSeconds(1, 20)).toBe(0.5);
    expect(waveBatchSeconds(1, 0.25)).toBe(0.25);
  });
});

describe('an outline', () => {
  test('holds what is asked of its network and nothing else', () => {
    const [outline] = outlinesOf({
      ablations: [ablationSpec({ name: 'own', models: ['small'] }), ablationSpec({ name: 'other', models: ['else'] })],
      impulses: [impulseSpec({ name: 'i' }), impulseSpec({ name: 'j', models: ['else'] })],
    }) as [ModelOutline];
    expect(outline.ablations.map(({ spec }) => spec.name)).toEqual(['own']);
    expect(outline.impulses.map(({ spec }) => spec.name)).toEqual(['i']);
    expect(conditionList(outline, 'own').length).toBe(10);
    expect(impulseGroup(outline, 'i', 1)).toMatchObject({ base: 'mean-image' });
  });

  test('names what is not asked of it, or not known yet', () => {
    const byNorm = { mode: 'cumulative', order: 'weight-norm', fractions: [0.5] } as const;
    const [outline] = outlinesOf({
      ablations: [
        ablationSpec({ name: 'by-damage', models: ['small'], ...byNorm, order: 'kl' }),
        ablationSpec({ name: 'by-norm', models: ['small'], ...byNorm }),
      ],
      impulses: [impulseSpec({ name: 'i' })],
    }) as [ModelOutline];
    expect(conditionList(outline, 'by-damage (order)').length).toBe(10);
    for (const name of ['by-damage', 'by-norm', 'by-norm (order)', 'x']) {
      expect(() => conditionList(outline, name)).toThrow(
        new RegExp(`no ablation ${name.replace(/[()]/g, '.')} .* small`),
      );
    }
    expect(() => impulseGroup(outline, 'i', 2)).toThrow(/no impulses i #2 are asked of small/);
    expect(() => impulseGroup(outline, 'x', 0)).toThrow(RangeError);
  });

  test('knows how many targets an order removes before it knows which', () => {
    const spec = ablationSpec({
      models: ['small'],
      mode: 'cumulative',
      order: 'kl',
      fractions: [0.3, 0.6],
      fill: ['mean'],
    });
    const [outline] = outlinesOf({ ablations: [spec] }) as [ModelOutline];
    const list = unorderedConditions(outline, spec, 7);
    expect([list.at(0), list.at(1)].map(({ targets, fill, fraction }) => [targets.length, fill, fraction])).toEqual([
      [3, 'mean', 0.3],
      [6, 'mean', 0.6],
    ]);
  });

  test('reads an order from leave-one-out with zeros over the same targets', () => {
    const spec = ablationSpec({ name: 'a', mode: 'cumulative', order: 'kl', fractions: [0.3], fill: ['mean'] });
    expect(scoringAblation(spec)).toEqual({
      ...spec,
      name: 'a (order)',
      mode: 'each',
      fill: ['zero'],
      order: 'random',
    });
  });
});

test('cells are looked for among the cells of their chunk, profiles and responses among results', async () => {
  const outlines = outlinesOf({ ablations: [ablationSpec({ models: ['small'] })], impulses: [impulseSpec()] });
  const [outline] = outlines as [ModelOutline];
  const asked: string[] = [];
  const committed: Committed = {
    cells: async (of, chunk) => {
      asked.push(`cells ${chunk}`);
      return new Set([unitKey(of, 7, { kind: 'cells', model: 'small', name: 'a', chunk: 1 }, 3)]);
    },
    outputs: async (_of, { digest }) => {
      asked.push(`outputs ${digest}`);
      return new Set();
    },
    results: async (of) => {
      asked.push('results');
      return new Set([unitKey(of, 7, { kind: 'responses', model: 'small', name: 'plain', chunk: -1 }, 0)]);
    },
  };
  const [basics = [], plain = []] = stageGroups(outlines);
  expect([...basics, ...plain].map(({ kind, chunk }) => `${kind} ${chunk}`)).toEqual([
    'profile -1',
    'baseline 0',
    'baseline 1',
    'cells 0',
    'cells 1',
    'responses -1',
    'gradients -1',
  ]);
  const { groups, tally } = await missingOf([...basics, ...plain], [outline], { ...contextOf(), committed });
  expect(asked).toEqual([
    'results',
    'cells chunk 0',
    'cells chunk 1',
    'cells chunk 0',
    'cells chunk 1',
    'results',
    'results',
  ]);
  expect(tally).toEqual({ total: 26, stored: 2, failed: 0 });
  expect(groups.slice(4).map(({ missing }) => missing)).toEqual([
    [
      [0, 3],
      [4, 10],
    ],
    [[1, 2]],
    [[0, 1]],
  ]);
});
