import { describe, expect, test } from 'vitest';
import { keptValues, outputBytes, outputForm } from '../../core/plan/kept-outputs.js';
import { keepsOutputsOf, unitKey, type ModelOutline } from '../../core/plan/outline.js';
import { scoringAblation } from '../../core/plan/scoring-ablation.js';
import { firstMissing, stageGroups } from '../../core/plan/planner.js';
import { lengthOf } from '../../core/plan/stage.js';
import type { AblationSpec } from '../../core/spec/study-spec.js';
import { modes } from '../../core/spec/words/modes.js';
import { wordsOf } from '../../core/word-table.js';
import { ablationSpec } from '../builders/specs.js';
import { contextOf, outlinesOf } from './outlines.js';

const ablation = (name: string, more: Partial<AblationSpec> = {}): AblationSpec =>
  ablationSpec({ name, models: ['small'], layers: ['conv1'], ...more });
const outlined = (...ablations: readonly AblationSpec[]): ModelOutline => outlinesOf({ ablations })[0] as ModelOutline;

const keysOf = (outline: ModelOutline): readonly string[] => [
  ...new Set(
    stageGroups([outline])
      .flat()
      .flatMap((group) => Array.from({ length: group.count }, (_, i) => unitKey(outline, 7, group, i))),
  ),
];
const missing = async (outline: ModelOutline, cells: readonly string[], outputs: readonly string[]) => {
  const { stage, tally } = await firstMissing([outline], contextOf(new Set(cells), new Set(), new Set(outputs)), {});
  const groups = (stage?.groups ?? []).map(({ kind, name, chunk, missing: left }) => [
    kind,
    name,
    chunk,
    lengthOf(left),
  ]);
  return { groups, tally };
};

describe('planning a study that keeps outputs', () => {
  test('asks for a unit while its cell or its outputs are missing, the intact network’s too', async () => {
    const outline = outlined(ablation('kept', { keep: 'logits' }));
    const keys = keysOf(outline);
    const [profile] = keys;
    expect((await missing(outline, keys, keys)).groups).toEqual([]);
    expect((await missing(outline, keys, [])).groups).toEqual([
      ['baseline', '', 0, 1],
      ['baseline', '', 1, 1],
    ]);
    const basics = keys.slice(0, 3);
    // Behind the cells stands what gradients say of them.
    const last = keys.slice(-3, -1);
    expect(
      (
        await missing(
          outline,
          keys,
          keys.filter((key) => !last.includes(key)),
        )
      ).groups,
    ).toEqual([['cells', 'kept', 1, 2]]);
    expect(
      (
        await missing(
          outline,
          keys.filter((key) => !last.includes(key)),
          keys,
        )
      ).groups,
    ).toEqual([['cells', 'kept', 1, 2]]);
    const without = (few: readonly string[]): string[] => keys.filter((key) => !few.includes(key));
    const neither = await missing(outline, without(last), without(keys.slice(-4, -1)));
    expect(neither.groups).toEqual([['cells', 'kept', 1, 3]]);
    expect(neither.tally).toEqual({ total: keys.length, stored: keys.length - 3, failed: 0 });
    expect((await missing(outline, [profile as string, ...keys.slice(3)], keys)).groups.length).toBe(2);
    expect(basics.length).toBe(3);
  });

  test('asks of others for no outputs, so that nothing of them is looked for', async () => {
    const outline = outlined(ablation('plain'), ablation('random', { mode: 'random', fractions: [0.5], trials: 2 }));
    const context = contextOf(new Set(keysOf(outline)));
    const refusing = { ...context.committed, outputs: () => Promise.reject(new Error('asked for outputs')) };
    expect((await firstMissing([outline], { ...context, committed: refusing }, {})).stage).toBeUndefined();
  });

  test.each([
    ['first', [ablation('plain'), ablation('kept', { keep: 'logits' })]],
    ['last', [ablation('kept', { keep: 'logits' }), ablation('plain')]],
  ] as const)('gives a unit of both to the one that keeps its outputs, where the other stands %s', async (_, both) => {
    const outline = outlined(...both);
    const keys = keysOf(outline);
    const basics = keys.slice(0, 3);
    const all = (keys.length - 4) / 2;
    const { groups, tally } = await missing(outline, basics, basics);
    const cells = [
      ['cells', 'kept', 0, all],
      ['cells', 'kept', 1, all],
    ];
    expect(groups).toEqual([...cells, ['gradients', '', -1, 1]]);
    expect(tally.total).toBe(keys.length);
    expect((await missing(outline, keys, basics)).groups).toEqual(cells);
  });

  test('keeps none of what orders an ablation', () => {
    const spec = ablation('ordered', { mode: 'cumulative', order: 'kl', fractions: [0.5], trials: 1, keep: 'logits' });
    const outline = outlined(spec);
    expect(keepsOutputsOf(outline, { kind: 'cells', name: scoringAblation(spec).name })).toBe(false);
    expect(keepsOutputsOf(outline, { kind: 'cells', name: 'ordered' })).toBe(true);
    expect(keepsOutputsOf(outline, { kind: 'baseline', name: '' })).toBe(true);
    for (const kind of ['profile', 'responses'] as const)
      expect(keepsOutputsOf(outline, { kind, name: '' })).toBe(false);
  });

  test('follows the mode where the spec says nothing, and the spec where it does', () => {
    for (const mode of wordsOf(modes)) {
      const own = { mode, pairs: { within: ['any'], budget: undefined } } as const;
      const keeps = (more: Partial<AblationSpec>): boolean =>
        keepsOutputsOf(outlined(ablation('a', { ...own, ...more })), { kind: 'cells', name: 'a' });
      expect(keeps({}), mode).toBe(modes[mode].keeps === 'logits');
      expect(keeps({ keep: 'logits' }), mode).toBe(true);
      expect(keeps({ keep: 'cells' }), mode).toBe(false);
    }
    expect(modes.pairs.keeps).toBe('logits');
    expect(modes.each.keeps).toBe('cells');
  });

  test('keeps up to 100 outputs themselves, and 16 numbers of more', () => {
    expect([1, 100, 101, 1000].map((classes) => keptValues(outputForm(classes), classes))).toEqual([1, 100, 16, 16]);
    expect(keptValues('whole', 1000)).toBe(1000);
    expect(outputBytes('whole', 10, 250)).toBe(10_032);
    expect(outputBytes('sketch', 1000, 250)).toBe(16_032);
  });
});
