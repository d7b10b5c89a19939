import { describe, expect, test } from 'vitest';
import { countsOf, profileBytes, responseBytes, type WorkCount } from '../../core/plan/count.js';
import type { AblationSpec, ImpulseSpec } from '../../core/spec/study-spec.js';
import { handAnatomy } from './hand-anatomy.js';
import { ablationSpec, impulseSpec, nullsSpec } from '../builders/specs.js';

const network = (images = 500) => ({ name: 'net', anatomy: handAnatomy, image: [3, 8, 8], images });

function counted(
  asked: { readonly ablations?: readonly Partial<AblationSpec>[]; readonly impulses?: readonly Partial<ImpulseSpec>[] },
  nulls = 0,
  model: Parameters<typeof countsOf>[0] = network(),
): readonly WorkCount[] {
  return countsOf(model, {
    ablations: (asked.ablations ?? []).map((more) => ablationSpec({ models: ['net'], ...more })),
    impulses: (asked.impulses ?? []).map((more) => impulseSpec({ models: ['net'], ...more })),
    analysis: { nulls: nullsSpec({ shuffled: nulls }) },
  });
}
const factorsOf = (count: WorkCount | undefined): string[] =>
  (count?.factors ?? []).map(({ key, what, count }) => `${key}: ${count} ${what}`);

/** Bytes of cells on 500 images in so many pieces: 10 a cell and image, 48 a cell. */
const cells = (pieces: number): number => 5000 + 48 * pieces;

test('a network has a profile, and a baseline of each chunk of 250 images', () => {
  const plain = { model: 'net', name: '', conditions: 1, impulses: 0, factors: [] };
  expect(counted({})).toEqual([
    { ...plain, kind: 'profile', units: 1, bytes: 32 * 19 + 3 * 8 * 8128 },
    { ...plain, kind: 'baseline', units: 2, bytes: cells(2) },
  ]);
  expect(profileBytes(handAnatomy)).toBe(32 * 19 + 3 * 8 * 8128);
  expect(counted({}, 0, network(501))[1]?.units).toBe(3);
  expect(counted({}, 0, { ...network(), chunks: 7 })[1]).toMatchObject({ units: 7, bytes: cells(7) });
});

test('only what is asked of a network counts', () => {
  const others = { ablations: [{ models: ['other'] }], impulses: [{ models: ['other'] }] };
  expect(counted(others)).toHaveLength(2);
});

describe('ablations', () => {
  const last = (more: Partial<AblationSpec>, model = network()) => counted({ ablations: [more] }, 0, model).at(-1);

  test('of each: as many conditions as targets and fills, a cell on each chunk', () => {
    const count = last({ name: 'each', fill: ['zero', 'mean'] });
    expect(count).toMatchObject({ kind: 'cells', model: 'net', name: 'each', conditions: 32, units: 64, impulses: 0 });
    expect(count?.bytes).toBe(32 * cells(2));
    expect(factorsOf(count)).toEqual(['layers: 16 kernels', 'fill: 2 fills']);
    expect(factorsOf(last({ unit: 'block' }))).toEqual(['layers: 1 blocks', 'fill: 1 fills']);
    expect(factorsOf(last({ fill: ['zero', 'resample'], draws: 4 }))).toEqual([
      'layers: 16 kernels',
      'draws: 5 fills and draws',
    ]);
  });

  test('of nothing are none', () => {
    expect(last({ layers: ['nothing'], mode: 'random', fractions: [1], trials: 9, spread: ['matched'] })).toMatchObject(
      {
        conditions: 0,
        units: 0,
        bytes: 0,
      },
    );
  });

  test('at random: fractions, trials and spreads', () => {
    const count = last({ mode: 'random', fractions: [0.1, 0.2, 0.3], trials: 7, spread: ['matched', 'one-layer'] });
    expect(count?.conditions).toBe(42);
    expect(factorsOf(count)).toEqual([
      'fractions: 3 fractions',
      'trials: 7 trials',
      'spread: 2 spreads',
      'fill: 1 fills',
    ]);
  });

  test('cumulative: by chance as often as there are trials, in an order that is measured once, behind its measure', () => {
    const by = (order: AblationSpec['order']) =>
      counted({ ablations: [{ mode: 'cumulative', fractions: [0.1, 0.2], trials: 5, order }] }).slice(2);
    expect(by('random').map(({ name, conditions }) => [name, conditions])).toEqual([['a', 10]]);
    expect(by('weight-norm').map(({ name, conditions }) => [name, conditions])).toEqual([['a', 2]]);
    expect(by('kl').map(({ name, conditions, units }) => [name, conditions, units])).toEqual([
      ['a (order)', 16, 32],
      ['a', 2, 4],
    ]);
    expect(factorsOf(by('random')[0])).toEqual(['fractions: 2 fractions', 'trials: 5 trials', 'fill: 1 fills']);
    expect(factorsOf(by('kl')[0])).toEqual(['layers: 16 kernels']);
  });

  test('of pairs: those within the budget, and the single targets that they may need', () => {
    const all = last({ mode: 'pairs', pairs: { within: ['any'], budget: undefined } });
    expect(all?.conditions).toBe(120 + 16);
    expect(last({ mode: 'pairs' })?.conditions).toBe(136);
    const few = last({ mode: 'pairs', pairs: { within: ['any'], budget: 3 } });
    expect(few?.conditions).toBe(3 + 6);
    expect(factorsOf(few)).toEqual(['budget: 9 pairs and single kernels', 'fill: 1 fills']);
  });

  test('of quadruples: four pairs each, and the single targets that they may need, at most all there are', () => {
    expect(last({ mode: 'quadruples', quadruples: { budget: 1 } })?.conditions).toBe(4 + 8);
    expect(last({ mode: 'quadruples', quadruples: { budget: 10 } })?.conditions).toBe(40 + 16);
    expect(last({ mode: 'quadruples' })?.conditions).toBe(120 + 16);
  });

  test('that stop by themselves have a cell on each piece of each wave', () => {
    const stop = { precision: 0.1, confidence: 0.9, clip: 1, by: 'images' as const };
    // Waves end at 24, 28, … 64, 72, … 128, 144, … 256, 288, … 480 and 500.
    expect(last({ stop })).toMatchObject({ conditions: 16, units: 16 * 35, bytes: 16 * cells(35) });
    // At 480, 512, 576, … 1024, 1152, … 1920 and 2000 besides.
    expect(last({ stop }, network(2000))?.units).toBe(16 * 51);
    expect(last({ stop }, { ...network(), pieces: 5 } as ReturnType<typeof network>)?.units).toBe(16 * 5);
  });

  test('that are predicted have an object on each chunk besides, and 32 of them a cell on the eight images of the trial', () => {
    const stop = { precision: 0.1, confidence: 0.9, clip: 1, by: 'preview' as const };
    const [predictions, trial, waves] = counted({ ablations: [{ stop, previewed: ['net'] }] }).slice(-3);
    expect(predictions).toMatchObject({ kind: 'predictions', units: 2, bytes: 4 * 16 * 500 });
    expect(trial).toMatchObject({ kind: 'cells', units: 16 });
    expect(waves).toMatchObject({ kind: 'cells', units: 16 * 35 });
  });
});

describe('impulses', () => {
  const last = (more: Partial<ImpulseSpec>, nulls = 0) => counted({ impulses: [more] }, nulls).at(-1);

  test('at the input: every channel, position and amplitude, on every base', () => {
    const count = last({ name: 'i' });
    // 3 channels, each up and down, at 19 channels: two norms an impulse, 8 points (of 2 × 4, the coarsest map) a pair of them.
    const group = 4 * 19 * (6 * 2 + 3 * 8) + 3 * 20 * 6;
    expect(count).toMatchObject({ kind: 'responses', model: 'net', name: 'i', conditions: 2, units: 2, impulses: 6 });
    expect(count?.bytes).toBe(2 * group);
    expect(factorsOf(count)).toEqual([
      'at: 1 places',
      'base: 2 bases',
      'channels: 3 channels',
      'positions: 1 positions',
      'amplitudes: 2 amplitudes',
    ]);
    // With whole maps of 4 × 64, 3 × 24 and 12 × 8 numbers.
    expect(last({ keep: 'responses' })?.bytes).toBe(2 * (group + 4 * 6 * (256 + 72 + 96)));
  });

  test('at listed channels and positions', () => {
    const count = last({
      channels: [0, 2],
      positions: [
        [0, 1],
        [2, 2],
        [3, 1],
      ],
    });
    expect(count?.impulses).toBe(2 * 3 * 2);
    expect(factorsOf(count).slice(2)).toEqual([
      'channels: 2 channels',
      'positions: 3 positions',
      'amplitudes: 2 amplitudes',
    ]);
    expect(last({ positions: 'phases' })?.impulses).toBe(6);
  });

  test('at sites: in each of their channels, recorded behind them', () => {
    const count = last({ at: ['first.relu', 'add'], bases: { images: 3 } }, 2);
    expect(count).toMatchObject({ kind: 'responses', conditions: 2 * 3, impulses: 8 });
    expect(factorsOf(count)).toEqual([
      'at: 2 places',
      'base: 3 bases',
      'channels: 4 channels',
      'positions: 1 positions',
      'amplitudes: 2 amplitudes',
    ]);
    const behindFirst = 4 * 15 * (8 * 2 + 4 * 8) + 2 * 20 * 8;
    const behindAdd = 4 * 12 * (6 * 2 + 3 * 8) + 20 * 6;
    expect(count?.bytes).toBe(3 * (behindFirst + behindAdd));
    expect(last({ at: ['add'] }, 2)).toMatchObject({ conditions: 2, bytes: 2 * behindAdd });
  });

  test('of nulls: objects of 64 bases, of the first set at the input on two images with both signs', () => {
    const first = {
      name: 'first',
      bases: { images: 130 },
      amplitudes: { unit: 'std', values: [0.1, -0.1, 1, -1] },
    } as const;
    const asked = (...more: readonly Partial<ImpulseSpec>[]) =>
      counted({ impulses: more }, 2).filter(({ kind }) => kind === 'nulls');
    const [count, ...others] = asked(first, { ...first, name: 'second' });
    expect(others).toEqual([]);
    // 3 channels, up and down; 19 channels at 8 points each for each of 3 pairs on every base.
    const bytes = 2 * 130 * 3 * 8 * 19 * 4;
    expect(count).toMatchObject({ kind: 'nulls', name: 'first', conditions: 6, units: 6, impulses: 6, bytes });
    expect(factorsOf(count)).toEqual([
      'nulls: 2 nulls',
      'base: 3 objects of bases',
      'channels: 3 channels',
      'positions: 1 positions',
    ]);
    for (const own of [{ at: ['add'] }, { bases: { images: 1 } }, { bases: ['black'] }] as const)
      expect(asked({ ...first, ...own })).toEqual([]);
    expect(asked({ ...first, amplitudes: { unit: 'std', values: [0.1, 1, -2] } })).toEqual([]);
  });

  test('nowhere are none, and take nothing', () => {
    expect(last({ at: ['nothing'] })).toMatchObject({ conditions: 0, units: 0, impulses: 0, bytes: 0 });
    expect(responseBytes([], 6, 2, 'responses')).toBe(0);
  });
});
