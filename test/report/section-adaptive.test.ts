import { describe, expect, test } from 'vitest';
import type { Html } from '../../core/report/html.js';
import { adaptive } from '../../core/report/sections/adaptive.js';
import { stopRow } from './hand-rows.js';
import { contextWith, tablesIn, textOf, whole } from './reading.js';

const paragraphs = (block: Html): string[] =>
  [...block.text.matchAll(/<(p|h3)[ >][\s\S]*?<\/\1>/g)].map(([text]) => textOf(text));

describe('adaptive ablations', () => {
  const row = (channels: string, own: Parameters<typeof stopRow>[0] = {}) =>
    stopRow({ channels, place: 'rest', images: 50, of: 500, kl: 0.1, kl_low: 0.05, kl_high: 0.2, clipped: 5, ...own });
  const stops = [
    row('a', { place: 'top', images: 400, kl: 0.5, kl_low: 0.4, kl_high: 0.6, clipped: 40 }),
    row('b', { place: 'top', images: 500, kl: 0.7, kl_low: 0.6, kl_high: 0.8 }),
    row('c'),
    row('d', { ablation: 'precise', rule: 'precision', place: 'undecided', images: 0, kl: null, clipped: 0 }),
  ];
  const section = () => adaptive(contextWith({ stops }));

  test('say how many images they took, and what is undecided', () => {
    expect(paragraphs(whole(section()))[0]).toBe(
      'All conditions together rest on 950 images where every condition on every image would have been 2000: 2.11 times as many. What ablations have in common was run once. 1 condition could not be run on what was asked for, and is undecided: neither stopped early nor ranked. Intervals hold however often one has looked, and are of KL clipped at what the spec says; beyond that an image counts no further.',
    );
    const two = adaptive(contextWith({ stops: [...stops, row('e', { place: 'undecided' })] }));
    expect(textOf(whole(two))).toContain('2 conditions could not be run on what was asked for, and are undecided:');
    expect(textOf(whole(adaptive(contextWith({ stops: stops.slice(0, 3) }))))).toContain('Every condition is settled.');
  });
  test('have a row each, and the top ones a table, the most damage first', () => {
    const [all, top, ...more] = tablesIn(whole(section()));
    expect(all).toEqual([
      [
        'network and ablation',
        'stops by',
        'conditions',
        'images seen',
        'of',
        'spared',
        'undecided',
        'images that were clipped',
      ],
      ['resnet20 · top-kernels', 'top', '3', '950', '1500', '36.7 %', '0', '5.3 %'],
      ['resnet20 · precise', 'precision', '1', '0', '500', '100 %', '1', '0.0 %'],
    ]);
    expect(top).toEqual([
      ['removed', 'clipped KL (nat)', 'images', 'clipped'],
      ['b', '0.700 [0.600, 0.800]', '500 of 500', '5'],
      ['a', '0.500 [0.400, 0.600]', '400 of 500', '40'],
    ]);
    expect(more).toEqual([]);
    expect(paragraphs(whole(section())).slice(1)).toEqual([
      'resnet20 · top-kernels: the top 2',
      'The set is settled within the spec’s ε; the order within it is that of the estimates, and settles nothing.',
    ]);
    expect(whole(section()).text).toContain('aria-label="Top of resnet20 · top-kernels"');
    expect(whole(section()).text).toContain('aria-label="Adaptive ablations"');
  });
});
