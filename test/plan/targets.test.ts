import { describe, expect, test } from 'vitest';
import { mergeCuts, selectLayers, selectSites, targetSizes, targetsOf } from '../../core/plan/target.js';
import type { Unit } from '../../core/spec/words/units.js';
import { handAnatomy } from './hand-anatomy.js';

/** A target in a line: group, channel, and what is cut where. */
const shown = (unit: Unit, ...globs: readonly string[]): string[] =>
  targetsOf(handAnatomy, unit, globs).map(({ group, channel, cuts }) =>
    [group, channel ?? '–', ...cuts.map(({ site, channels }) => `${site}[${channels.join()}]`)].join(' '),
  );

describe('targets', () => {
  test('are the kernels of the layers', () => {
    expect(shown('kernel', '*')).toHaveLength(16);
    expect(shown('kernel', 'first')).toEqual([0, 1, 2, 3].map((channel) => `first ${channel} first.relu[${channel}]`));
  });

  test('are layers, with all their kernels', () => {
    expect(shown('layer', '*')).toEqual([
      'first – first.relu[0,1,2,3]',
      'second – second.relu[0,1,2,3,4,5,6,7,8,9,10,11]',
    ]);
  });

  test('are blocks, with all channels of their site', () => {
    expect(shown('block', '*')).toEqual(['block – add[0,1,2]']);
    expect(shown('block', 'first')).toEqual([]);
  });

  test('are the channels of streams that somebody writes, each cut where it is written, by depth and number', () => {
    expect(shown('stream', '*')).toEqual(['stream 0 first.relu[1] second.relu[9,10]', 'stream 2 add[2]']);
    expect(shown('stream', 'other')).toEqual([]);
  });

  test('are counted without being made', () => {
    for (const [unit, sizes] of [
      ['kernel', [4, 12]],
      ['layer', [1, 1]],
      ['block', [1]],
      ['stream', [2]],
    ] as const) {
      expect(targetSizes(handAnatomy, unit, ['*'])).toEqual(sizes);
      expect(targetSizes(handAnatomy, unit, ['nothing'])).toEqual([]);
    }
  });
});

describe('a selection', () => {
  test('takes what any glob stands for, by name, site or alias, in topological order', () => {
    const layers = (...globs: readonly string[]) => selectLayers(handAnatomy, globs).map(({ name }) => name);
    expect(layers('second', 'first')).toEqual(['first', 'second']);
    expect(layers('stem')).toEqual(['first']);
    expect(layers('second.relu')).toEqual(['second']);
    expect(layers('nothing', 'f*')).toEqual(['first']);
    expect(layers()).toEqual([]);
    const sites = (...globs: readonly string[]) => selectSites(handAnatomy, globs).map(({ name }) => name);
    expect(sites('stem', 'second*')).toEqual(['first.relu', 'second.relu']);
    expect(sites('add')).toEqual(['add']);
  });

  test('of a layer whose site is not known goes by its name', () => {
    const anatomy = { ...handAnatomy, sites: [] };
    expect(selectLayers(anatomy, ['first']).map(({ name }) => name)).toEqual(['first']);
    expect(selectLayers(anatomy, ['stem'])).toEqual([]);
  });
});

test('cuts are merged to one a site, in topological order, channels by number and once', () => {
  const cuts = [
    { site: 'second.relu', channels: [10, 2] },
    { site: 'first.relu', channels: [3] },
    { site: 'second.relu', channels: [9, 10, 1] },
  ];
  expect(mergeCuts(handAnatomy, cuts)).toEqual([
    { site: 'first.relu', channels: [3] },
    { site: 'second.relu', channels: [1, 2, 9, 10] },
  ]);
  expect(mergeCuts(handAnatomy, [])).toEqual([]);
});
