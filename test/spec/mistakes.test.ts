import { describe, expect, test } from 'vitest';
import { formatIssues } from '../../core/spec/issue.js';
import { mistakes, parse, study } from './study-file.js';

/** A spec with one mistake; the text that the mistake's place must point to; what is said; what is hinted. */
const cases: [name: string, text: string, at: string, message: RegExp, hint?: RegExp][] = [
  ['an unknown key', study('ablations: { a: { fil: zero } }'), 'fil', /unknown key "fil"/, /"fill"/],
  [
    'a wrong type',
    study('ablations: { a: { mode: random, trials: [1] } }'),
    '[1]',
    /whole number of at least 1, got a list/,
  ],
  [
    'a number where a name belongs',
    study('ablations: { a: { layers: 3 } }'),
    '3 }',
    /expected a text, got the number 3/,
    /"3"/,
  ],
  ['a quoted number', study('seed: "7"'), '"7"', /whole number from 0, got the text "7"/, /7 without quotes/],
  [
    'a fraction above 1',
    study('ablations: { a: { mode: random, fractions: [0.1, 1.5] } }'),
    '1.5',
    /above 0 and at most 1, got the number 1\.5/,
  ],
  [
    'a fraction of 0',
    study('ablations: { a: { mode: random, fractions: 0 } }'),
    '0 }',
    /above 0 and at most 1, got the number 0/,
  ],
  [
    'a percentage',
    study('', { model: ', expect: { accuracy: 91 }' }),
    '91',
    /at most 1, got the number 91/,
    /91 % is 0\.91/,
  ],
  [
    'a word that is none of the choices',
    study('ablations: { a: { unit: kernels } }'),
    'kernels',
    /one of kernel, layer, block, stream/,
    /"kernel"/,
  ],
  [
    'a name that is given twice',
    study('ablations:\n  a: { unit: layer }\n  a: { unit: block }'),
    'a: { unit: block',
    /"a" is given twice/,
    /first at line 8/,
  ],
  ['a name with a space', study('ablations: { "my cut": {} }'), '"my cut"', /cannot serve as a name/],
  ['a tab as indentation', study('ablations:\n\ta: {}'), '\t', /a tab is used as indentation/, /spaces/],
  ['another version', study().replace('version: 1', 'version: 2'), '2\n', /expected version 1, got the number 2/],
  ['no version', study().replace('version: 1\n', ''), 'study:', /"version" is missing/, /version: 1/],
  [
    'a folder where a network’s file belongs',
    study().replace(/(file: )[^\s,}]+/, '$1nets/lenet_tfjs/'),
    'nets/lenet_tfjs/',
    /not a format that is read/,
    /of a folder, name the file in it: nets\/lenet_tfjs\/model\.json/,
  ],
  [
    'a file that does not exist',
    study().replace('net.onnx', 'absent.onnx'),
    'absent.onnx',
    /no file absent\.onnx/,
    /\/studies\/absent\.onnx/,
  ],
  [
    'a file of another format',
    study().replace('net.onnx', 'net.pt'),
    'net.pt',
    /expected an \.onnx file/,
    /torch\.onnx\.export/,
  ],
  [
    'credentials in an address',
    study().replace('net.onnx', 's3://a:b@c/d.onnx'),
    's3:',
    /credentials never stand in a spec/,
  ],
  ['a download', study().replace('net.onnx', 'https://x.org/d.onnx'), 'https:', /https:\/\/ is not read/, /s3:/],
  ['a model without an image set', study().replace(', data: test', ''), 'net:', /"data" is missing/, /declared: test/],
  [
    'an image set that is not declared',
    study().replace('data: test', 'data: tests'),
    'tests',
    /no image set "tests"/,
    /"test"/,
  ],
  [
    'a model that is not declared',
    study('ablations: { a: { models: [nett] } }'),
    'nett',
    /no model "nett" is declared/,
    /"net"/,
  ],
  ['an ablation of no model', study('ablations: { a: { models: [] } }'), '[]', /names no model/],
  ['an empty selection', study('ablations: { a: { layers: [] } }'), '[] }', /the list is empty/],
  [
    'the same value twice',
    study('ablations: { a: { fill: [zero, zero] } }'),
    'zero] }',
    /"zero" stands in the list twice/,
  ],
  [
    'fractions with mode each',
    study('ablations: { a: { fractions: [0.1] } }'),
    'fractions',
    /of no use with mode each/,
    /mode: random or cumulative/,
  ],
  [
    'a spread with mode cumulative',
    study('ablations: { a: { mode: cumulative, spread: matched } }'),
    'spread',
    /of no use with mode cumulative/,
  ],
  [
    'a budget with mode random',
    study('ablations: { a: { mode: random, budget: 10 } }'),
    'budget',
    /of no use with mode random/,
    /mode: pairs or quadruples/,
  ],
  [
    'fractions with mode pairs',
    study('ablations: { a: { mode: pairs, fractions: [0.1] } }'),
    'fractions',
    /of no use with mode pairs, which removes two kernels at a time/,
  ],
  [
    'quadruples of layers',
    study('ablations: { a: { mode: quadruples, unit: layer } }'),
    'layer }',
    /mode quadruples removes two kernels at a time, not layers/,
    /write unit: kernel, or another mode/,
  ],
  [
    'a scope of quadruples, which hold both',
    study('ablations: { a: { mode: quadruples, within: layer } }'),
    'within',
    /of no use with mode quadruples/,
    /mode: pairs/,
  ],
  [
    'more quadruples than are held',
    study('ablations: { a: { mode: quadruples, budget: 200000 } }'),
    '200000',
    /200000 quadruples are above the limit of 100000/,
  ],
  [
    'pairs of any layers and of one',
    study('ablations: { a: { mode: pairs, within: [any, layer] } }'),
    '[any',
    /already holds/,
    /share the budget/,
  ],
  [
    'a budget that cannot be shared',
    study('ablations: { a: { mode: pairs, within: [layer, across], budget: 1 } }'),
    '1 }',
    /leaves none for each of layer and across/,
  ],
  [
    'pairs within a layer, of layers',
    study('ablations: { a: { mode: pairs, unit: layer, within: layer } }'),
    'layer } }',
    /where unit layer has no two/,
    /within: across/,
  ],
  [
    'a scope that is none',
    study('ablations: { a: { mode: pairs, within: layers } }'),
    'layers',
    /one of any, layer, across/,
    /"layer"/,
  ],
  [
    'outputs kept with a stop',
    study('ablations: { a: { keep: logits, stop: { precision: 0.1 } } }'),
    'logits',
    /keep: outputs are compared over all images, where stop looks at some of them/,
    /remove keep, or stop/,
  ],
  ['kept maps of an ablation', study('ablations: { a: { keep: responses } }'), 'responses', /one of cells, logits/],
  [
    'a stop by two rules',
    study('ablations: { a: { stop: { top: 3, epsilon: 0.01, precision: 0.1 } } }'),
    'precision',
    /precision and top are two rules/,
    /remove one/,
  ],
  [
    'a stop by none',
    study('ablations: { a: { stop: { confidence: 0.9 } } }'),
    'stop',
    /neither how precise nor how many/,
  ],
  [
    'a top without epsilon',
    study('ablations: { a: { stop: { top: 3 } } }'),
    'stop',
    /"epsilon" is missing/,
    /epsilon: 0/,
  ],
  ['an epsilon of 0', study('ablations: { a: { stop: { top: 3, epsilon: 0 } } }'), '0 }', /a number above 0/],
  [
    'an epsilon without a top',
    study('ablations: { a: { stop: { epsilon: 0.1 } } }'),
    'stop',
    /"top" is missing/,
    /top: 20/,
  ],
  [
    'a confidence of 1',
    study('ablations: { a: { stop: { precision: 0.1, confidence: 1 } } }'),
    '1 }',
    /fraction between 0 and 1/,
  ],
  [
    'a precision that any interval has',
    study('ablations: { a: { stop: { precision: 0.5 } } }'),
    '0.5',
    /met before any image is seen: damage is clipped at 1/,
    /less than 0\.5/,
  ],
  [
    'an epsilon above the clip',
    study('ablations: { a: { stop: { top: 3, epsilon: 0.3, clip: 0.2 } } }'),
    '0.3',
    /clipped at 0\.2/,
    /less than 0\.2/,
  ],
  [
    'a stop of random sets',
    study('ablations: { a: { mode: random, stop: { precision: 0.1 } } }'),
    'stop',
    /no use with mode random, which compares its conditions on the same images/,
    /mode: each/,
  ],
  [
    'a top among two fills',
    study('ablations: { a: { fill: [zero, mean], stop: { top: 3, epsilon: 0.1 } } }'),
    '[zero, mean]',
    /rank each target more than once/,
    /one fill/,
  ],
  [
    'a top among draws',
    study('ablations: { a: { fill: resample, stop: { top: 3, epsilon: 0.1 } } }'),
    'resample',
    /resample has several draws/,
  ],
  [
    'trials of a fixed order',
    study('ablations: { a: { mode: cumulative, order: kl, trials: 3 } }'),
    'trials',
    /order kl, which is the same/,
  ],
  [
    'fewer than three draws',
    study('ablations: { a: { fill: resample, draws: 2 } }'),
    '2 }',
    /at least 3, got the number 2/,
  ],
  ['draws of nothing', study('ablations: { a: { draws: 5 } }'), 'draws', /only resample draws donors/],
  [
    'one layer among layers',
    study('ablations: { a: { unit: layer, mode: random, spread: one-layer } }'),
    'one-layer',
    /nothing to draw/,
    /all-depths/,
  ],
  ['idx without labels', study().replace('cifar10', 'idx'), 'test: {', /"labels" is missing/],
  [
    'labels that the format holds itself',
    study('', { data: 'labels: [y]' }),
    'labels',
    /of no use with format cifar10/,
  ],
  ['a crop outside a folder', study('', { data: 'crop: 24' }), 'crop', /of no use with format cifar10/],
  [
    'resize with the network',
    study('', { model: ', input: { resize: 256 }' }),
    'resize',
    /unknown key "resize"/,
    /belong to the image set/,
  ],
  ['a deviation of 0', study('', { model: ', input: { std: [1, 0, 1] }' }), '0, 1]', /a number above 0/],
  [
    'unequal means and deviations',
    study('', { model: ', input: { mean: [0, 0], std: [1, 1, 1] }' }),
    '[1, 1, 1]',
    /3 numbers, but mean has 2/,
  ],
  [
    'a position that is no pair',
    study('impulses: { a: { positions: [3, 4] } }'),
    '[3, 4]',
    /expected pairs/,
    /\[\[row, column\]/,
  ],
  [
    'deviations at inner sites',
    study('impulses: { a: { at: conv1, amplitudes: { std: [1, -1] } } }'),
    'amplitudes',
    /those of the input/,
  ],
  [
    'more bases than reference images',
    study('impulses: { a: { base: { images: 501 } } }'),
    '501',
    /reference set test of net has 500/,
  ],
  ['an amplitude of 0', study('impulses: { a: { amplitudes: [0] } }'), '0]', /a number other than 0/],
  [
    'a list where names belong',
    study('ablations:\n  - unit: kernel'),
    '- unit',
    /ablations by name, got a list/,
    /NAME: \{/,
  ],
  ['a second document', study('---\nversion: 1'), '---', /a second document begins here/],
  ['a list that never ends', study('ablations: { a: { layers: [x } }'), '} }', /not valid YAML/],
  ['an alias without an anchor', study('ablations: { a: *b }'), '*b', /no anchor &b/],
  ['an alias within itself', study('ablations: &b { a: { layers: *b } }'), '*b', /stands within what it repeats/],
  ['a tag', study('ablations: !!python { a: {} }'), '!!python', /tag/],
];

/** Line and column of the last place in a text where a piece of it begins. */
function placeOf(text: string, piece: string): string {
  const offset = text.lastIndexOf(piece);
  const before = text.slice(0, offset).split('\n');
  return `${before.length}:${(before.at(-1) as string).length + 1}`;
}

describe('a mistake is located and explained:', () => {
  test.each(cases)('%s', (_, text, at, message, hint) => {
    const { issues, spec } = parse(text);
    expect(spec).toBeUndefined();
    expect(issues.map((issue) => `${issue.line}:${issue.column}`)).toEqual([placeOf(text, at)]);
    expect(issues[0]?.message).toMatch(message);
    expect(issues[0]?.snippet).toBe(text.split('\n')[(issues[0]?.line ?? 0) - 1]);
    if (hint) expect(issues[0]?.hint).toMatch(hint);
  });

  test('the empty file', () => {
    expect(mistakes('# nothing\n')).toEqual(['1:1 the file is empty']);
  });
});

test('several mistakes are reported at once, in the order of the file', () => {
  expect(
    mistakes(`version: 1
study: small
data:
  test: { format: cifar, files: absent.bin }
defaults: { data: tests, inputs: {} }
models:
  net: { file: net.onnx, expect: { accuracy: 2, whithin: 0.1 } }
ablations:
  a: { mode: rand, fractions: [0.1, 1.5] }
  b: { models: mlp, fill: [zeros, mean] }
runs: {}`),
  ).toEqual([
    '4:19 expected one of cifar10, idx, npy, folder, got the text "cifar"',
    '4:33 there is no file absent.bin',
    '5:19 no image set "tests" is declared under data',
    '5:26 unknown key "inputs"',
    '7:46 expected a fraction above 0 and at most 1, got the number 2',
    '7:49 unknown key "whithin"',
    '9:14 expected one of each, pairs, quadruples, random, cumulative, got the text "rand"',
    '9:37 expected a fraction above 0 and at most 1, got the number 1.5',
    '10:16 no model "mlp" is declared under models',
    '10:28 expected one of zero, mean, mean-position, resample, got the text "zeros"',
    '11:1 unknown key "runs"',
  ]);
});

test('tabs do not hide the other mistakes', () => {
  expect(mistakes(study('ablations:\n\ta: { unit: kernels }'))).toEqual([
    '8:1 a tab is used as indentation, which YAML forbids',
    '8:13 expected one of kernel, layer, block, stream, got the text "kernels"',
  ]);
});

test('where the parser lost its way, only what stands before is judged', () => {
  expect(mistakes(study('seed: -1\nablations: { a: [ }\nrun: { nonsense: 1 }'))[0]).toMatch(/^7:7 /);
  expect(mistakes(study('seed: -1\nablations: { a: [ }\nrun: { nonsense: 1 }')).join()).not.toMatch(/nonsense|missing/);
});

test('people are shown place, source line, caret and hint', () => {
  expect(formatIssues(parse(study('ablations: { a: { fil: zero } }')).issues)).toBe(
    `/studies/study.yaml:7:19: ablations.a.fil: unknown key "fil"
  7 | ablations: { a: { fil: zero } }
    |                   ^^^
    = did you mean "fill"?`,
  );
});
