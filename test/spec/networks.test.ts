import { describe, expect, test } from 'vitest';
import type { ModelSpec } from '../../core/spec/study-spec.js';
import { keys } from '../../core/spec/vocabulary.js';
import { parse, study, told } from './study-file.js';

const network = (keys: string, more = ''): string => study(more).replace(/net: \{.*\}/, `net: { ${keys} }`);
const right = 'file: n.onnx, data: test';

describe('a network means what is written, and has its default for what is not:', () => {
  const plain: ModelSpec = {
    name: 'net',
    file: '/studies/n.onnx',
    data: 'test',
    reference: 'test',
    input: { divide: 1, mean: [0], std: [1], order: 'rgb' },
    output: { kind: 'logits', name: undefined, classOffset: 0 },
    after: 'activation',
    expect: undefined,
  };

  test.each<[string, Partial<ModelSpec>]>([
    [right, {}],
    ['file: a/model.json, data: test', { file: '/studies/a/model.json' }],
    ['file: N.KERAS, data: test', { file: '/studies/N.KERAS' }],
    [`${right}, after: conv`, { after: 'conv' }],
    [`${right}, input: {}, output: {}`, {}],
    [
      `${right}, input: { divide: 255, mean: [0.5, 0.5, 0.5], std: 2, order: bgr }`,
      { input: { divide: 255, mean: [0.5, 0.5, 0.5], std: [2], order: 'bgr' } },
    ],
    [`${right}, input: { mean: 0, std: [1, 1, 1] }`, { input: { divide: 1, mean: [0], std: [1, 1, 1], order: 'rgb' } }],
    [
      `${right}, input: { mean: [0, 1], std: [1, 2] }`,
      { input: { divide: 1, mean: [0, 1], std: [1, 2], order: 'rgb' } },
    ],
    [
      `${right}, output: { kind: values, name: y, class-offset: 1 }`,
      { output: { kind: 'values', name: 'y', classOffset: 1 } },
    ],
    [`${right}, expect: { accuracy: 0.9 }`, { expect: { accuracy: 0.9, within: 0.02 } }],
    [`${right}, expect: { accuracy: 1, within: 1 }`, { expect: { accuracy: 1, within: 1 } }],
  ])('{ %s }', (keys, more) => {
    expect(told(network(keys))).toEqual([]);
    expect(parse(network(keys)).spec?.models).toStrictEqual([{ ...plain, ...more }]);
  });

  test('or the default of all networks, whole', () => {
    const common =
      'defaults: { data: test, reference: test, input: { divide: 255 }, output: { kind: values }, after: conv }';
    expect(told(network('file: n.onnx', common))).toEqual([]);
    expect(parse(network('file: n.onnx', common)).spec?.models).toStrictEqual([
      {
        ...plain,
        input: { divide: 255, mean: [0], std: [1], order: 'rgb' },
        output: { kind: 'values', name: undefined, classOffset: 0 },
        after: 'conv',
      },
    ]);
    expect(parse(network('file: n.onnx, input: { order: bgr }', common)).spec?.models[0]?.input).toStrictEqual({
      divide: 1,
      mean: [0],
      std: [1],
      order: 'bgr',
    });
  });

  test('with the images of its own as reference, unless another set is named', () => {
    const two = (keys: string): string =>
      network(keys).replace('data:\n', 'data:\n  a: { format: cifar10, files: a }\n');
    expect(parse(two('file: n.onnx, data: a')).spec?.models[0]).toMatchObject({ data: 'a', reference: 'a' });
    expect(parse(two('file: n.onnx, data: a, reference: test')).spec?.models[0]).toMatchObject({
      data: 'a',
      reference: 'test',
    });
  });
});

describe('a mistake in a network is told:', () => {
  const readable = 'an .onnx file, a TensorFlow.js model.json, a Keras .h5 file or a Keras .keras file';
  const notRead = (file: string, advice: string): string =>
    `«${file}» not a format that is read; expected ${readable} (${advice})`;
  test.each<[string, string[]]>([
    ['file: n.onnx', ['«net» "data" is missing (name an image set here or under defaults; declared: test)']],
    ['data: test', [`«net» "file" is missing (${readable})`]],
    ['file: n.onnx, data: tes', ['«tes» no image set "tes" is declared under data (did you mean "test"?)']],
    [
      'file: n.onnx, data: other-images',
      ['«other-images» no image set "other-images" is declared under data (declared: test)'],
    ],
    [`${right}, reference: tesst`, ['«tesst» no image set "tesst" is declared under data (did you mean "test"?)']],
    ['file: n.onnx, data: 3', ['«3» expected a text, got the number 3 (write it as "3")']],
    [
      `${right}, input: { divide: 0, mean: [0, x, 0], std: [1, -1], order: grb, crop: 1, resize: 2 }`,
      [
        '«0» expected a number above 0, got the number 0',
        '«x» expected a number, got the text "x"',
        '«-1» expected a number above 0, got the number -1',
        '«grb» expected one of rgb, bgr, got the text "grb" (did you mean "rgb"?)',
        '«crop» unknown key "crop" (resize and crop belong to the image set, under data)',
        '«resize» unknown key "resize" (resize and crop belong to the image set, under data)',
      ],
    ],
    [
      `${right}, input: { mean: [0, 0], std: [1, 1, 1] }`,
      ['«[1, 1, 1]» 3 numbers, but mean has 2 (give one, or one for each channel)'],
    ],
    [
      `${right}, input: 3, output: 4, expect: 5, after: 6`,
      [
        '«3» expected a mapping with divide, mean, std, order, got the number 3',
        '«4» expected a mapping with kind, name, class-offset, got the number 4',
        '«5» expected a mapping with accuracy, within, got the number 5',
        '«6» expected one of conv, norm, activation, got the number 6',
      ],
    ],
    [
      `${right}, output: { kind: logit, name: 3, class-offset: -1 }`,
      [
        '«logit» expected one of logits, probabilities, values, got the text "logit" (did you mean "logits"?)',
        '«3» expected a text, got the number 3 (write it as "3")',
        '«-1» expected a whole number of at least 0, got the number -1',
      ],
    ],
    [
      `${right}, expect: { within: 0 }`,
      [
        '«expect» "accuracy" is missing (the share of images that the intact network gets right)',
        '«0» expected a fraction above 0 and at most 1, got the number 0',
      ],
    ],
    [
      `${right}, expect: { accuracy: ??? }`,
      [
        '«???» ??? is to be filled in: the share of its images that the intact network gets right (write what its author measured (0.91 for 91 %); where that is not known, delete the line expect)',
      ],
    ],
    [`${right}, expect: { accuracy: [???] }`, ['«[???]» expected a fraction above 0 and at most 1, got a list']],
    [
      'file: n.pt, data: test',
      [
        notRead(
          'n.pt',
          'PyTorch: torch.onnx.export(model.eval(), images, "model.onnx"); Keras: model.save("model.h5")',
        ),
      ],
    ],
    ['file: nets/a/, data: test', [notRead('nets/a/', 'of a folder, name the file in it: nets/a/model.json')]],
    ['file: ../a.b/c, data: test', [notRead('../a.b/c', 'of a folder, name the file in it: ../a.b/c/model.json')]],
    [
      'file: absent.onnx, data: test',
      ['«absent.onnx» there is no file absent.onnx (paths are relative to the spec; looked for /studies/absent.onnx)'],
    ],
  ])('{ %s }', (keys, said) => {
    expect(told(network(keys))).toEqual(said);
    expect(parse(network(keys)).spec).toBeUndefined();
  });

  test.each<[string, string]>([
    ['n.onnx', '«n.onnx» expected a mapping, got the text "n.onnx" (write { file: … })'],
    ['3', `«3» expected a mapping with ${keys.model.join(', ')}, got the number 3`],
    ['[]', `«[]» expected a mapping with ${keys.model.join(', ')}, got a list`],
  ])('it is no mapping but %s', (entry, said) => {
    expect(told(study().replace(/net: \{.*\}/, `net: ${entry}`))).toEqual([said]);
  });

  test('it names no image set, of several, of many or of none', () => {
    const sets = (count: number): string =>
      study()
        .replace(
          / {2}test: .*\n/,
          Array.from({ length: count }, (_, i) => `  s${i}: { format: cifar10, files: a }\n`).join(''),
        )
        .replace(/net: \{.*\}/, 'net: { file: n.onnx, data: elsewhere-at-all }\n  other: { file: n.onnx }');
    const both = (listed: string, declared: string): string[] => [
      `«elsewhere-at-all» no image set "elsewhere-at-all" is declared under data (declared: ${listed})`,
      `«other» "data" is missing (name an image set here or under defaults; declared: ${declared})`,
    ];
    expect(told(sets(2))).toEqual(both('s0, s1', 's0, s1'));
    const names = Array.from({ length: 13 }, (_, i) => `s${i}`);
    const twelve = names.slice(0, 12).join(', ');
    expect(told(sets(12))).toEqual(both(twelve, twelve));
    expect(told(sets(13))).toEqual(both(`${twelve}, … (13)`, names.join(', ')));
    expect(told('version: 1\nstudy: s\nmodels: { net: { file: n.onnx } }')).toEqual([
      expect.stringMatching(/"data" is missing \(declare at least one image set/),
      '«net» "data" is missing (name an image set here or under defaults; declare an image set under data)',
    ]);
  });

  test('it is handed on without what is missing', () => {
    expect(parse(network('after: conv')).draft?.models).toMatchObject([
      { name: 'net', file: '', data: '', reference: '', after: 'conv' },
    ]);
  });

  test('it is none, and so of no use to what names it', () => {
    const text = study('ablations: { a: { models: net }, b: { models: nat } }').replace(/net: \{.*\}/, 'net: 3');
    expect(told(text)).toEqual([
      expect.stringMatching(/^«3» expected a mapping/),
      '«nat» no model "nat" is declared under models (did you mean "net"?)',
    ]);
  });
});

describe('a mistake in the defaults of all networks is told:', () => {
  const common = (keys: string): string[] => told(study(`defaults: { ${keys} }`));

  test('also where every network has its own', () => {
    expect(common('data: tst, reference: [1], input: 3, output: { kind: x }, after: x')).toEqual([
      '«tst» no image set "tst" is declared under data (did you mean "test"?)',
      '«[1]» expected a text, got a list',
      '«3» expected a mapping with divide, mean, std, order, got the number 3',
      '«x» expected one of logits, probabilities, values, got the text "x" (choose from: logits, probabilities, values)',
      '«x» expected one of conv, norm, activation, got the text "x" (choose from: conv, norm, activation)',
    ]);
  });

  test('keys that belong to a network', () => {
    expect(common('expect: { accuracy: 0.9 }, file: n.onnx')).toEqual([
      '«expect» unknown key "expect" (expect differs from model to model: it belongs under models.NAME)',
      '«file» unknown key "file" (file belongs under models.NAME)',
    ]);
  });

  test('they are no mapping', () => {
    expect(told(study('defaults: 3'))).toEqual([
      '«3» expected a mapping with data, reference, input, output, after, got the number 3',
    ]);
  });

  test('once, at the default, where networks have none of their own', () => {
    const text = network('file: n.onnx', 'defaults: { data: test, after: x, input: { divide: 0 } }');
    expect(told(text)).toEqual([
      expect.stringMatching(/^«x» expected one of conv, norm, activation/),
      '«0» expected a number above 0, got the number 0',
    ]);
  });
});
