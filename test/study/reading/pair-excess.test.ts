import { describe, expect, test } from 'vitest';
import { jointDamage } from '../../../core/analysis/additive.js';
import { logSoftmax } from '../../../core/divergence.js';
import { conditionList, unitKey, type ModelOutline } from '../../../core/plan/outline.js';
import type { KeptOutputs } from '../../../core/probe/kept-outputs.js';
import { randomStream } from '../../../core/random.js';
import { outputScope } from '../../../core/study/reading/committed.js';
import { PairExcess } from '../../../core/study/reading/pair-excess.js';
import { openLedger } from '../../builders/ledger.js';
import { ablationSpec } from '../../builders/specs.js';
import { provenance } from '../../ledger/cells-of.js';
import { modelOf, outlinesOf } from '../../plan/outlines.js';

const images = 250;
const pairs = {
  mode: 'pairs',
  pairs: { within: ['any'], budget: undefined },
  layers: ['conv2'],
  models: ['small'],
} as const;
const outlined = (outputs: number, more: Parameters<typeof ablationSpec>[0] = {}): ModelOutline => {
  const [outline] = outlinesOf({
    models: [modelOf('small', 'a'.repeat(64))],
    chunks: ['b'.repeat(64), 'c'.repeat(64)],
    ablations: [ablationSpec({ name: 'two', ...pairs, ...more })],
  });
  return { ...(outline as ModelOutline), anatomy: { ...(outline as ModelOutline).anatomy, outputs } };
};

const keyOf = (outline: ModelOutline, chunk: number, index?: number): string =>
  index === undefined
    ? unitKey(outline, 7, { kind: 'baseline', model: 'small', name: '', chunk }, 0)
    : unitKey(outline, 7, { kind: 'cells', model: 'small', name: 'two', chunk }, index);

/** Numbers of one condition on one chunk, a function of their names. */
const numbers = (size: number, ...name: readonly (string | number)[]): Float32Array => {
  const random = randomStream(1, 'outputs', ...name);
  return Float32Array.from({ length: size }, () => random.normal());
};

/** Commits outputs of all conditions on both chunks, but those left out, several to an object. */
async function kept(
  outline: ModelOutline,
  values: number,
  change: (rows: KeptOutputs[], chunk: number) => KeptOutputs[] = (rows) => rows,
) {
  const opened = openLedger();
  const form = values === outline.anatomy.outputs ? 'whole' : 'sketch';
  for (const [chunk, ref] of outline.chunks.entries()) {
    const scope = outputScope(outline, ref);
    const intact = numbers(images * outline.anatomy.outputs, chunk, 'intact');
    await opened.ledger.commitOutputs(
      scope,
      [{ key: keyOf(outline, chunk), form: 'whole', values: intact }],
      provenance,
    );
    const rows = Array.from({ length: conditionList(outline, 'two').length }, (_, index): KeptOutputs => ({
      key: keyOf(outline, chunk, index),
      form,
      values: numbers(images * values, chunk, index),
    }));
    const changed = change(rows, chunk);
    for (let from = 0; from < changed.length; from += 4)
      await opened.ledger.commitOutputs(scope, changed.slice(from, from + 4), provenance);
  }
  return { ...opened, excess: await PairExcess.read(opened.ledger, outline, 7) };
}

/** Index of the joint conditions, with those of their singles, found by what they remove. */
const jointsOf = (outline: ModelOutline) => {
  const list = conditionList(outline, 'two');
  const all = Array.from({ length: list.length }, (_, index) => ({
    index,
    removed: list.at(index).targets.map(({ channel }) => channel),
  }));
  const single = (channel: number | undefined) =>
    all.find(({ removed }) => removed.length === 1 && removed[0] === channel)!.index;
  return all.flatMap(({ index, removed }) =>
    removed.length === 2 ? [{ index, a: single(removed[0]), b: single(removed[1]) }] : [],
  );
};

describe('the excess of pairs, read from kept outputs', () => {
  const outline = outlined(3);
  const log = (chunk: number, index: number | 'intact') =>
    logSoftmax(Float64Array.from(numbers(images * 3, chunk, index)), 3);

  test('is that of each pair from its own two, over all chunks in their order', async () => {
    const { excess } = await kept(outline, 3);
    const joints = jointsOf(outline);
    expect(joints.length).toBeGreaterThan(10);
    for (const { index, a, b } of joints) {
      const found = excess.of('two', index)!;
      expect(found).toHaveLength(500);
      for (const chunk of [0, 1]) {
        const outputs = { intact: log(chunk, 'intact'), a: log(chunk, a), b: log(chunk, b), joint: log(chunk, index) };
        const expected = jointDamage(outputs, 3, true).excess;
        expect(found.subarray(250 * chunk, 250 * chunk + 250)).toEqual(Float64Array.from(Float32Array.from(expected)));
      }
    }
    expect(excess.knows('two')).toBe(true);
    expect(excess.of('two', 0)).toBeUndefined();
    expect(excess.of('other', joints[0]!.index)).toBeUndefined();
  });

  const { index, a } = jointsOf(outline)[0]!;
  test.each([
    ['of a single', a],
    ['of the pair', index],
  ])('is not known where outputs %s are missing on one chunk, and known of other pairs', async (_, lost) => {
    const { excess } = await kept(outline, 3, (rows, chunk) =>
      chunk === 1 ? rows.filter((__, i) => i !== lost) : rows,
    );
    expect(excess.of('two', index)).toBeUndefined();
    const unconcerned = jointsOf(outline).find(
      (joint) => joint.a !== lost && joint.b !== lost && joint.index !== lost,
    )!;
    expect(excess.of('two', unconcerned.index)).toBeDefined();
  });

  test('is NaN on the image on which an output is not finite, and a number on all others', async () => {
    const { excess } = await kept(outline, 3, (rows, chunk) => {
      if (chunk === 1) rows[a]!.values[3 * 17 + 1] = Number.NEGATIVE_INFINITY;
      return rows;
    });
    const found = excess.of('two', index)!;
    expect([...found.keys()].filter((i) => Number.isNaN(found[i]))).toEqual([250 + 17]);
  });

  test('from sketches is half the difference of squared lengths', async () => {
    const many = outlined(101);
    const { excess } = await kept(many, 16);
    const joint = jointsOf(many)[3]!;
    const [one, two, both] = [joint.a, joint.b, joint.index].map((i) => numbers(images * 16, 1, i)) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    let expected = 0;
    for (let j = 16 * 9; j < 16 * 10; j++) expected += (both[j]! ** 2 - (one[j]! + two[j]!) ** 2) / 2;
    expect(excess.of('two', joint.index)![259]).toBeCloseTo(expected, 4);
  });

  test('is not looked for where no outputs are kept', async () => {
    const { ledger } = openLedger();
    const refusing = Object.assign(Object.create(ledger) as typeof ledger, {
      streamOutputs: () => {
        throw new Error('asked for outputs');
      },
    });
    const excess = await PairExcess.read(refusing, outlined(3, { keep: 'cells' }), 7);
    expect([excess.knows('two'), excess.of('two', index)]).toEqual([false, undefined]);
  });
});
