import { describe, expect, test } from 'vitest';
import type { AblationSpec } from '../../core/spec/study-spec.js';
import { keys, vocabulary } from '../../core/spec/vocabulary.js';
import { ablationSpec } from '../builders/specs.js';
import { parse, study, told } from './study-file.js';

const ablation = (keys: string): string => study(`ablations: { a: { ${keys} } }`);

/** What an ablation with these keys means; of one with mistakes, nothing. */
function meant(keys: string): AblationSpec | undefined {
  return parse(ablation(keys)).spec?.ablations[0];
}

describe('an ablation means what is written, and has its default for what is not:', () => {
  const plain = ablationSpec({ models: ['net'] });
  const nine = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

  test.each<[string, Partial<AblationSpec>]>([
    ['', {}],
    ['mode: each', {}],
    ['mode: random', { mode: 'random', fractions: [0.02, 0.05, 0.1, 0.2, 0.4], trials: 20, spread: ['all-depths'] }],
    ['mode: cumulative', { mode: 'cumulative', fractions: nine, trials: 20 }],
    ['mode: cumulative, order: kl', { mode: 'cumulative', fractions: nine, trials: 1, order: 'kl' }],
    ['mode: cumulative, trials: 3', { mode: 'cumulative', fractions: nine, trials: 3 }],
    ['mode: cumulative, order: random, trials: 3', { mode: 'cumulative', fractions: nine, trials: 3 }],
    ['mode: pairs', { mode: 'pairs', pairs: { within: ['any'], budget: undefined } }],
    [
      'mode: pairs, within: [layer, across], budget: 2',
      { mode: 'pairs', pairs: { within: ['layer', 'across'], budget: 2 } },
    ],
    [
      'mode: pairs, unit: block, within: across',
      { mode: 'pairs', unit: 'block', pairs: { within: ['across'], budget: undefined } },
    ],
    ['keep: cells', {}],
    ['keep: logits', { keep: 'logits' }],
    [
      'mode: pairs, budget: 50, screen: { keep: 12, random: 6 }',
      { mode: 'pairs', pairs: { within: ['any'], budget: 50, screen: { keep: 12, random: 6 } } },
    ],
    ['mode: pairs, keep: cells', { mode: 'pairs', pairs: { within: ['any'], budget: undefined }, keep: 'cells' }],
    ['mode: pairs, keep: logits', { mode: 'pairs', pairs: { within: ['any'], budget: undefined } }],
    ['mode: quadruples', { mode: 'quadruples', quadruples: { budget: 200 } }],
    ['mode: compensation, unit: block, fill: mean', { mode: 'compensation', unit: 'block', fill: ['mean'] }],
    ['mode: quadruples, unit: kernel, budget: 100000', { mode: 'quadruples', quadruples: { budget: 100_000 } }],
    [
      'models: n*, unit: layer, layers: [x, "y*"], mode: random, fractions: [0.5, 1], trials: 2, spread: all-depths',
      {
        unit: 'layer',
        layers: ['x', 'y*'],
        mode: 'random',
        fractions: [0.5, 1],
        trials: 2,
        spread: ['all-depths'],
      },
    ],
    [
      'mode: random, spread: [one-layer, matched], fractions: 0.5, trials: 1',
      { mode: 'random', fractions: [0.5], spread: ['one-layer', 'matched'] },
    ],
    ['fill: [zero, resample], draws: 5', { fill: ['zero', 'resample'], draws: 5 }],
    ['fill: resample, draws: 3', { fill: ['resample'] }],
    ['stop: { precision: 0.1 }', { stop: { precision: 0.1, confidence: 0.95, clip: 1, by: 'images' } }],
    [
      'stop: { top: 1, epsilon: 0.99, confidence: 0.9 }',
      { stop: { top: 1, epsilon: 0.99, confidence: 0.9, clip: 1, by: 'images' } },
    ],
    ['stop: { precision: 0.5, clip: 1.1 }', { stop: { precision: 0.5, confidence: 0.95, clip: 1.1, by: 'images' } }],
    [
      'fill: [zero, resample], stop: { precision: 0.1 }',
      { fill: ['zero', 'resample'], stop: { precision: 0.1, confidence: 0.95, clip: 1, by: 'images' } },
    ],
    [
      'fill: mean, stop: { top: 3, epsilon: 0.1 }',
      { fill: ['mean'], stop: { top: 3, epsilon: 0.1, confidence: 0.95, clip: 1, by: 'images' } },
    ],
  ])('{ %s }', (keys, more) => {
    expect(told(ablation(keys))).toEqual([]);
    expect(meant(keys)).toStrictEqual({ ...plain, ...more });
  });
});

describe('models of an ablation', () => {
  const chosen = (models: string): readonly string[] | undefined =>
    parse(
      study(`ablations: { a: { models: ${models} } }`).replace(
        'models:\n',
        ['one', 'two', 'three'].reduce((text, name) => `${text}  ${name}: { file: o.onnx, data: test }\n`, 'models:\n'),
      ),
    ).draft?.ablations[0]?.models;

  test('are chosen by name or glob, and stand in the order of the file', () => {
    expect(chosen('[net, one]')).toEqual(['one', 'net']);
    expect(chosen('[net, "t*"]')).toEqual(['two', 'three', 'net']);
    expect(chosen('t?o')).toEqual(['two']);
    expect(chosen('"{one,net}"')).toEqual(['one', 'net']);
    expect(chosen('o')).toEqual([]);
  });

  test('that are not declared are told, each', () => {
    expect(told(ablation('models: [net, nett, "x*", zzzzzzzz]'))).toEqual([
      '«nett» no model "nett" is declared under models (did you mean "net"?)',
      '«"x*"» no model "x*" is declared under models (declared: net)',
      '«zzzzzzzz» no model "zzzzzzzz" is declared under models (declared: net)',
    ]);
    expect(told(ablation('models: nett'))).toEqual([
      '«nett» no model "nett" is declared under models (did you mean "net"?)',
    ]);
    expect(told(ablation('models: []'))).toEqual(['«[]» the list names no model']);
  });

  test('are not missed where the spec has none at all, which is told', () => {
    const none = study('ablations: { a: {}, b: { models: net } }').replace(/ {2}net: .*\n/, '');
    expect(told(none)).toEqual([expect.stringMatching(/^«models» models is empty /)]);
  });
});

/** What is said of keys that a mode gives no meaning: of which, what follows the mode, and the modes that do. */
const useless = (key: string, mode: string, modes: string): string =>
  `«${key}» ${key} is of no use with mode ${mode} (write mode: ${modes}, or remove ${key})`;

describe('a mistake in an ablation is told:', () => {
  const one = 'each, which removes one kernel at a time';
  const two = 'pairs, which removes two kernels at a time';
  test.each<[string, string[]]>([
    ['fil: zero', ['«fil» unknown key "fil" (did you mean "fill"?)']],
    [
      'fractions: 0.1, trials: 3, spread: matched, order: kl, within: layer, budget: 3',
      [
        useless('fractions', one, 'random or cumulative'),
        useless('trials', one, 'random or cumulative'),
        useless('spread', one, 'random'),
        useless('order', one, 'cumulative'),
        useless('within', 'each', 'pairs'),
        useless('budget', 'each', 'pairs or quadruples'),
      ],
    ],
    [
      'mode: pairs, fractions: 0.1, trials: 3, spread: matched, order: kl, stop: { precision: 0.1 }',
      [
        useless('fractions', two, 'random or cumulative'),
        useless('trials', two, 'random or cumulative'),
        useless('spread', two, 'random'),
        useless('order', two, 'cumulative'),
        useless('stop', 'pairs, which compares its conditions on the same images', 'each'),
      ],
    ],
    [
      'mode: pairs, unit: layer, order: kl',
      [useless('order', 'pairs, which removes two layers at a time', 'cumulative')],
    ],
    [
      'mode: random, order: kl, within: layer, budget: 3, stop: { precision: 0.1 }',
      [
        useless('order', 'random', 'cumulative'),
        useless('within', 'random', 'pairs'),
        useless('budget', 'random', 'pairs or quadruples'),
        useless('stop', 'random, which compares its conditions on the same images', 'each'),
      ],
    ],
    ['mode: cumulative, spread: matched', [useless('spread', 'cumulative', 'random')]],
    [
      'mode: cumulative, order: kl, trials: 3',
      ['«trials» trials is of no use with order kl, which is the same in every trial (remove trials)'],
    ],
    [
      'draws: 3',
      [
        '«draws» draws is of no use with these fills; only resample draws donors (add resample to fill, or remove draws)',
      ],
    ],
    [
      'unit: layer, fill: [zero, substitute]',
      [
        '«[zero, substitute]» fill substitute is of no use with unit layer: it tells a kernel from those that stay at its site (write unit: kernel or stream, or another fill)',
      ],
    ],
    [
      'mode: random, unit: stream, fill: substitute-earlier',
      [
        '«substitute-earlier» fill substitute-earlier is of no use with unit stream: it reads sites before the removed one as they are in the intact network (write unit: kernel, layer or block, or another fill)',
        '«substitute-earlier» fill substitute-earlier is of no use with mode random: it reads sites before the removed one as they are in the intact network (write mode: each, or another fill)',
      ],
    ],
    ['fill: resample, draws: 2', ['«2» expected a whole number of at least 3, got the number 2']],
    ['mode: random, trials: 0', ['«0» expected a whole number of at least 1, got the number 0']],
    [
      'mode: pairs, within: [any, layer]',
      [
        '«[any, layer]» within: any already holds the pairs of one layer and of two (write any alone, or [layer, across], which share the budget equally)',
      ],
    ],
    ['mode: pairs, within: [layer, across], budget: 1', ['«1» a budget of 1 leaves none for each of layer and across']],
    [
      'mode: quadruples, unit: layer',
      ['«layer» mode quadruples removes two kernels at a time, not layers (write unit: kernel, or another mode)'],
    ],
    [
      'mode: compensation',
      [
        '«compensation» mode compensation removes one block at a time, not kernels (write unit: block, or another mode)',
      ],
    ],
    ['mode: quadruples, within: layer', [useless('within', 'quadruples', 'pairs')]],
    [
      'mode: quadruples, fractions: 0.1',
      [useless('fractions', 'quadruples, which removes two kernels at a time', 'random or cumulative')],
    ],
    ['mode: quadruples, budget: 0', ['«0» expected a whole number of at least 1, got the number 0']],
    ['mode: quadruples, budget: 100001', ['«100001» 100001 quadruples are above the limit of 100000 (docs/limits.md)']],
    [
      'mode: quadruples, keep: cells',
      ['«cells» nothing can be said of quadruples from cells alone (write keep: logits, or remove keep)'],
    ],
    [
      'keep: logits, stop: { precision: 0.1 }',
      ['«logits» keep: outputs are compared over all images, where stop looks at some of them (remove keep, or stop)'],
    ],
    [
      'keep: responses',
      ['«responses» expected one of cells, logits, got the text "responses" (choose from: cells, logits)'],
    ],
    ['mode: pairs, screen: { keep: 4, random: 1 }', ['«1» expected a whole number of at least 2, got the number 1']],
    ['mode: pairs, budget: 0', ['«0» expected a whole number of at least 1, got the number 0']],
    [
      'mode: pairs, within: layers',
      ['«layers» expected one of any, layer, across, got the text "layers" (did you mean "layer"?)'],
    ],
    [
      'mode: pairs, unit: layer, within: [across, layer]',
      [
        '«[across, layer]» within layer asks for pairs of one layer, where unit layer has no two (write within: across, or unit: kernel)',
      ],
    ],
    [
      'unit: block, mode: random, spread: [all-depths, matched]',
      [
        '«[all-depths, matched]» spread matched draws within one layer, where unit block has nothing to draw (write spread: all-depths, or unit: kernel)',
      ],
    ],
    ['layers: []', ['«[]» the list is empty']],
    ['layers: 3', ['«3» expected a text, got the number 3 (write it as "3")']],
    ['fill: [zero, zero]', ['«zero» "zero" stands in the list twice']],
    ['mode: random, fractions: 0', ['«0» expected a fraction above 0 and at most 1, got the number 0']],
    [
      'unit: kernels',
      ['«kernels» expected one of kernel, layer, block, stream, got the text "kernels" (did you mean "kernel"?)'],
    ],
    [
      'order: kls',
      [
        useless('order', one, 'cumulative'),
        '«kls» expected one of random, weight-norm, activation-std, kl, linearised, got the text "kls" (did you mean "kl"?)',
      ],
    ],
    // Which keys would be of no use nobody knows.
    [
      'mode: rand, trials: 3, draws: 5, stop: { precision: 0.1 }, spread: matched',
      [`«rand» expected one of ${vocabulary.mode.join(', ')}, got the text "rand" (did you mean "random"?)`],
    ],
  ])('{ %s }', (keys, said) => {
    expect(told(ablation(keys))).toEqual(said);
    expect(meant(keys)).toBeUndefined();
  });

  test('it is no mapping', () => {
    expect(told(study('ablations: { a: 3 }'))).toEqual([
      `«3» expected a mapping with ${keys.ablation.join(', ')}, got the number 3`,
    ]);
  });
});

describe('a mistake in the stop of an ablation is told:', () => {
  test.each<[string, string[]]>([
    ['3', [`«3» expected a mapping with ${keys.stop.join(', ')}, got the number 3`]],
    [
      '{ confidence: 0.5, tops: 1 }',
      [
        '«stop» stop says neither how precise nor how many (write precision: 0.02, or top: 20 and epsilon: 0.05)',
        '«tops» unknown key "tops" (did you mean "top"?)',
      ],
    ],
    [
      '{ top: 3, epsilon: 0.1, precision: 0.1 }',
      ['«precision» precision and top are two rules; a condition can stop by one (remove one)'],
    ],
    ['{ top: 3 }', ['«stop» "epsilon" is missing (how far off the choice may be, as in epsilon: 0.05)']],
    ['{ epsilon: 0.1 }', ['«stop» "top" is missing (how many are wanted, as in top: 20)']],
    ['{ top: 0, epsilon: 0.1 }', ['«0» expected a whole number of at least 1, got the number 0']],
    ['{ top: 3, epsilon: 0 }', ['«0» expected a number above 0, got the number 0']],
    ['{ precision: -1 }', ['«-1» expected a number above 0, got the number -1']],
    [
      '{ precision: 0.5 }',
      ['«0.5» precision 0.5 is met before any image is seen: damage is clipped at 1 (write less than 0.5)'],
    ],
    [
      '{ top: 3, epsilon: 2, clip: 2 }',
      ['«2» epsilon 2 is met before any image is seen: damage is clipped at 2 (write less than 2)'],
    ],
    ['{ precision: 0.1, confidence: 0 }', ['«0» expected a fraction between 0 and 1, got the number 0']],
    ['{ precision: 0.1, confidence: 1 }', ['«1» expected a fraction between 0 and 1, got the number 1']],
    ['{ precision: 0.1, clip: 0 }', ['«0» expected a number above 0, got the number 0']],
  ])('%s', (stop, said) => {
    expect(told(ablation(`stop: ${stop}`))).toEqual(said);
  });

  test.each<[string, string]>([
    ['[zero, mean]', 'zero and mean rank each target more than once'],
    ['[zero, resample]', 'zero and resample rank each target more than once'],
    ['resample', 'resample has several draws'],
  ])('a top of conditions with fill: %s', (fill, why) => {
    expect(told(ablation(`fill: ${fill}, stop: { top: 3, epsilon: 0.1 }`))).toEqual([
      `«${fill}» stop.top ranks conditions, and ${why} (write one fill other than resample)`,
    ]);
  });
});
