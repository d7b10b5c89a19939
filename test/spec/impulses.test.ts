import { describe, expect, test } from 'vitest';
import { defaults } from '../../core/spec/defaults.js';
import type { ImpulseSpec } from '../../core/spec/study-spec.js';
import { keys } from '../../core/spec/vocabulary.js';
import { parse, study, told } from './study-file.js';

const impulse = (keys: string): string => study(`impulses: { a: { ${keys} } }`);

describe('impulses mean what is written, and have their default for what is not:', () => {
  // On images at the input, in all channels, one seeded position a base.
  const plain: ImpulseSpec = {
    name: 'a',
    models: ['net'],
    at: 'input',
    channels: 'each',
    positions: 'phases',
    amplitudes: { unit: 'std', values: [0.1, -0.1, 1, -1] },
    bases: defaults.bases,
    record: ['*'],
    keep: 'signatures',
  };

  test.each<[string, Partial<ImpulseSpec>]>([
    ['', {}],
    ['at: input, channels: each, keep: signatures', {}],
    ['models: "n*", record: [x, "y*"], keep: responses', { record: ['x', 'y*'], keep: 'responses' }],
    ['base: { images: 5 }', { bases: { images: 5 } }],
    ['base: black', { bases: ['black'], positions: 'center', keep: 'responses' }],
    [
      'base: [black, mean-image], positions: phases, keep: signatures',
      { bases: ['black', 'mean-image'], positions: 'phases' },
    ],
    ['at: conv1', { at: ['conv1'], amplitudes: { unit: 'input', values: [1, -1] } }],
    ['at: [conv1, "b*"], amplitudes: 2', { at: ['conv1', 'b*'], amplitudes: { unit: 'input', values: [2] } }],
    ['amplitudes: [0.5, -0.5]', { amplitudes: { unit: 'input', values: [0.5, -0.5] } }],
    ['amplitudes: { std: 2 }', { amplitudes: { unit: 'std', values: [2] } }],
    ['channels: 2', { channels: [2] }],
    ['channels: [0, 2]', { channels: [0, 2] }],
    ['positions: center', { positions: 'center' }],
    ['positions: { phases: 4 }', { positions: { phases: 4 } }],
    // One is the word, so that both are one study.
    ['positions: { phases: 1 }', {}],
    [
      'positions: [[0, 1], [1, 0]]',
      {
        positions: [
          [0, 1],
          [1, 0],
        ],
      },
    ],
  ])('{ %s }', (keys, more) => {
    expect(told(impulse(keys))).toEqual([]);
    expect(parse(impulse(keys)).spec?.impulses).toStrictEqual([{ ...plain, ...more }]);
  });
});

describe('a mistake in impulses is told:', () => {
  const twice = (what: string): string => `${what} stands in the list twice`;
  test.each<[string, string[]]>([
    ['at: 3', ['«3» expected a text, got the number 3 (write it as "3")']],
    ['at: []', ['«[]» the list is empty']],
    ['models: x', ['«x» no model "x" is declared under models (declared: net)']],
    ['channels: red', ['«red» expected each, or channel numbers from 0, got the text "red"']],
    ['channels: [red]', ['«red» expected a whole number of at least 0, got the text "red"']],
    ['channels: [0, -1]', ['«-1» expected a whole number of at least 0, got the number -1']],
    ['channels: [0, 0]', [`«0» ${twice('0')}`]],
    [
      'positions: middle',
      ['«middle» expected one of center, phases, got the text "middle" (choose from: center, phases)'],
    ],
    ['positions: []', ['«[]» the list is empty']],
    ['positions: { phases: 0 }', ['«0» expected a whole number of at least 1, got the number 0']],
    [
      'positions: { phase: 2 }',
      [
        '«positions» "phases" is missing (how many positions a base)',
        '«phase» unknown key "phase" (did you mean "phases"?)',
      ],
    ],
    ['positions: [3, 4]', ['«[3, 4]» expected pairs [row, column] (write [[row, column], …], also for a single one)']],
    ['positions: [[1, 2], [3]]', ['«[3]» expected a pair [row, column], got a list']],
    ['positions: [[], [1, 2]]', ['«[]» expected a pair [row, column], got a list']],
    ['positions: [[1, 2], [3, 4, 5]]', ['«[3, 4, 5]» expected a pair [row, column], got a list']],
    ['positions: [[1, 2], 3]', ['«3» expected a pair [row, column], got the number 3']],
    ['positions: [[1, 2], [2, 1], [1, 2]]', [`«[1, 2]» the position [1, 2] stands in the list twice`]],
    [
      'positions: [[1, x], [-1, 2], [0, 2.5]]',
      [
        '«x» expected a whole number of at least 0, got the text "x"',
        '«-1» expected a whole number of at least 0, got the number -1',
        '«2.5» expected a whole number of at least 0, got the number 2.5',
      ],
    ],
    ['amplitudes: [1, 0]', ['«0» expected a number other than 0, got the number 0']],
    ['amplitudes: { std: 0 }', ['«0» expected a number other than 0, got the number 0']],
    [
      'amplitudes: { sd: 1 }',
      [
        '«amplitudes» "std" is missing (write { std: [0.1, -0.1] }, or plain numbers without { })',
        '«sd» unknown key "sd" (did you mean "std"?)',
      ],
    ],
    [
      'at: conv1, amplitudes: { std: 1 }',
      [
        '«amplitudes» standard deviations are those of the input; impulses at inner sites take plain numbers (write [1, -1])',
      ],
    ],
    [
      'base: white',
      [
        '«white» expected one of normalised-zero, black, mean-image, got the text "white" (choose from: normalised-zero, black, mean-image)',
      ],
    ],
    ['base: []', ['«[]» the list is empty']],
    ['base: { images: 0 }', ['«0» expected a whole number of at least 1, got the number 0']],
    [
      'base: { image: 1 }',
      [
        '«base» "images" is missing (how many reference images)',
        '«image» unknown key "image" (did you mean "images"?)',
      ],
    ],
    [
      'bases: black, amplitude: 3',
      [
        '«bases» unknown key "bases" (did you mean "base"?)',
        '«amplitude» unknown key "amplitude" (did you mean "amplitudes"?)',
      ],
    ],
    [
      'record: 3, keep: all',
      [
        '«3» expected a text, got the number 3 (write it as "3")',
        '«all» expected one of responses, signatures, got the text "all" (choose from: responses, signatures)',
      ],
    ],
  ])('{ %s }', (keys, said) => {
    expect(told(impulse(keys))).toEqual(said);
    expect(parse(impulse(keys)).spec).toBeUndefined();
  });

  test('what cannot be read of them has its default, or nothing', () => {
    const draft = (keys: string): ImpulseSpec | undefined => parse(impulse(keys)).draft?.impulses[0];
    for (const wrong of ['[[1, x]]', '[[x, 1]]', '[[x, y], [1, 2]]', '[[1, 2], [3, x]]'])
      expect(draft(`positions: ${wrong}`)?.positions).toBe('phases');
    expect(draft('amplitudes: {}')?.amplitudes).toEqual({ unit: 'std', values: [] });
    expect(draft('base: {}')?.bases).toEqual({ images: 1 });
  });

  test('they are no mapping', () => {
    expect(told(study('impulses: { a: 3 }'))).toEqual([
      `«3» expected a mapping with ${keys.impulse.join(', ')}, got the number 3`,
    ]);
  });
});

describe('resolve', () => {
  test.each<[string, ImpulseSpec['resolve']]>([
    ['resolve: { r2: 0.1 }', { r2: 0.1, budget: { images: 256, positions: 1, orFewer: true } }],
    [
      'base: { images: 10 }, resolve: { sr: 0.05, budget: {} }',
      { sr: 0.05, budget: { images: 40, positions: 1, orFewer: true } },
    ],
    ['resolve: { r2: 0.1, sr: 2, budget: { images: 64 } }', { r2: 0.1, sr: 2, budget: { images: 64, positions: 1 } }],
    [
      'positions: { phases: 2 }, resolve: { r2: 1, budget: { positions: 8 } }',
      { r2: 1, budget: { images: 256, positions: 8, orFewer: true } },
    ],
    [
      'positions: [[1, 1]], resolve: { r2: 1, budget: { images: 70 } }',
      { r2: 1, budget: { images: 70, positions: 1 } },
    ],
  ])('means what is written, and up to four times the first wave where nothing is: { %s }', (keys, resolve) => {
    expect(told(impulse(keys))).toEqual([]);
    expect(parse(impulse(keys)).spec?.impulses[0]?.resolve).toStrictEqual(resolve);
  });

  const none =
    'resolve adds base images until brackets are narrow, and these impulses give none: brackets are of responses at the input, on reference images, to amplitudes of both signs (write base: { images: 64 } and amplitudes of both signs, or remove resolve)';
  test.each<[string, string[]]>([
    ['resolve: 0.1', ['«0.1» expected a mapping with r2, sr, budget, got the number 0.1']],
    ['resolve: { r2: 0 }', ['«0» expected a number above 0, got the number 0']],
    [
      'resolve: { budget: { images: 100 } }',
      ['«resolve» resolve says of nothing how narrow its bracket is to be (write r2: 0.1, or sr: 0.05, or both)'],
    ],
    ['base: black, resolve: { r2: 0.1 }', [`«resolve» ${none}`]],
    ['at: conv1, resolve: { r2: 0.1 }', [`«resolve» ${none}`]],
    ['amplitudes: [1, 2], resolve: { r2: 0.1 }', [`«resolve» ${none}`]],
    ...[1, 2, 3].map((images): [string, string[]] => [
      `base: { images: ${images} }, resolve: { r2: 0.1 }`,
      [
        `«${images}» ${images} base images are too few for a first wave: a bracket takes 4 (write base: { images: 4 } or more)`,
      ],
    ]),
    [
      'base: { images: 40 }, resolve: { r2: 0.1, budget: { images: 39 } }',
      [
        '«39» a budget of 39 base images ends before the first wave, which has the 40 of base (write base: { images: 39 } or fewer, or a larger budget)',
      ],
    ],
    [
      'resolve: { r2: 0.1, budget: { images: 32 } }',
      [
        '«32» a budget of 32 base images ends before the first wave, which has the 64 of base (write base: { images: 32 } or fewer, or a larger budget)',
      ],
    ],
    [
      'positions: { phases: 4 }, resolve: { r2: 0.1, budget: { positions: 3 } }',
      [
        '«3» a budget of 3 positions on each base ends before the first wave, which has 4 (write positions: { phases: 3 } or fewer, or a larger budget)',
      ],
    ],
    [
      'positions: center, resolve: { r2: 0.1, budget: { positions: 2 } }',
      ['«2» positions are added where they are seeded, and here they are written (write positions: phases)'],
    ],
    ['resolve: { r2: 0.1, within: 3 }', ['«within» unknown key "within" (known keys: r2, sr, budget)']],
  ])('a mistake is told once, where it stands: { %s }', (keys, said) => {
    expect(told(impulse(keys))).toEqual(said);
    expect(parse(impulse(keys)).spec).toBeUndefined();
  });
});

describe('bases are images of the reference set, as far as the spec says how many it has:', () => {
  const two = (impulses: string): string => `version: 1
study: s
data:
  many: { format: cifar10, files: a.bin, images: 100 }
  few: { format: cifar10, files: b.bin, images: 10 }
  all: { format: cifar10, files: c.bin }
models:
  a: { file: a.onnx, data: many }
  b: { file: b.onnx, data: many, reference: few }
  c: { file: c.onnx, data: many, reference: all }
impulses:
  i: { ${impulses} }`;

  test('as many as there are, or more where nobody knows', () => {
    expect(told(two('models: b, base: { images: 10 }'))).toEqual([]);
    expect(told(two('models: a, base: { images: 100 }'))).toEqual([]);
    expect(told(two('models: c, base: { images: 1000 }'))).toEqual([]);
    expect(told(two('base: black'))).toEqual([]);
  });

  test('not more, of each network by its own set', () => {
    expect(told(two('base: { images: 11 }'))).toEqual(['«11» 11 images, but the reference set few of b has 10']);
    expect(told(two('base: { images: 101 }'))).toEqual([
      '«101» 101 images, but the reference set many of a has 100',
      '«101» 101 images, but the reference set few of b has 10',
    ]);
  });

  test('nor by the budget of resolve, which is by default as many as there are', () => {
    expect(told(two('models: a, resolve: { r2: 1, budget: { images: 100 } }'))).toEqual([]);
    expect(told(two('models: a, resolve: { r2: 1, budget: { images: 101 } }'))).toEqual([
      '«101» 101 images, but the reference set many of a has 100',
    ]);
    expect(told(two('models: b, base: { images: 5 }, resolve: { r2: 1, budget: { images: 11 } }'))).toEqual([
      '«11» 11 images, but the reference set few of b has 10',
    ]);
    expect(told(two('models: b, resolve: { r2: 1 }'))).toEqual([]);
    // Too many to begin with: told once.
    expect(told(two('models: b, base: { images: 11 }, resolve: { r2: 1, budget: { images: 11 } }'))).toHaveLength(1);
  });

  test('by default 64, or as many as there are, which is no mistake', () => {
    expect(told(two('models: b'))).toEqual([]);
    expect(parse(two('models: b')).spec?.impulses[0]?.bases).toEqual({ images: 64, orFewer: true });
  });
});
