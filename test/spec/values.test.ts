import { describe, expect, test } from 'vitest';
import { keys } from '../../core/spec/vocabulary.js';
import { parse, study, told } from './study-file.js';

describe('a number', () => {
  const fraction = (written: string): string[] => told(study('', { model: `, expect: { accuracy: ${written} }` }));
  const seed = (written: string): string[] => told(study(`seed: ${written}`));
  const wanted = 'expected a fraction above 0 and at most 1, got';

  test.each(['0', '7', '0x10', '9007199254740991', '1e3'])('may be written as %s', (written) => {
    expect(seed(written)).toEqual([]);
    expect(parse(study(`seed: ${written}`)).spec?.seed).toBe(Number(written));
  });

  test.each<[string, string]>([
    ['-1', '«-1» expected a whole number from 0, got the number -1'],
    ['1.5', '«1.5» expected a whole number from 0, got the number 1.5'],
    ['9007199254740992', '«9007199254740992» expected a whole number from 0, got the number 9007199254740992'],
    ['.nan', '«.nan» expected a whole number from 0, got the number .nan'],
    ['.inf', '«.inf» expected a whole number from 0, got the number .inf'],
    ['true', '«true» expected a whole number from 0, got true'],
    ['[1]', '«[1]» expected a whole number from 0, got a list'],
    ['{}', '«seed» expected a whole number from 0, got a mapping'],
    ['', '«seed» expected a whole number from 0, got nothing'],
    ['1_000', '«1_000» expected a whole number from 0, got the text "1_000"'],
    ['"7"', '«"7"» expected a whole number from 0, got the text "7" (write 7 without quotes)'],
    ['"-7"', '«"-7"» expected a whole number from 0, got the text "-7"'],
    ['" "', '«" "» expected a whole number from 0, got the text " "'],
    ['"Infinity"', '«"Infinity"» expected a whole number from 0, got the text "Infinity"'],
    ['50', ''],
  ])('is not written as %s where a whole one is wanted', (written, said) => {
    expect(seed(written)).toEqual(said === '' ? [] : [said]);
  });

  test.each<[string, string, string]>([
    ['91', 'the number 91', '91 % is 0.91'],
    ['100', 'the number 100', '100 % is 1'],
    ['14.000000000000002', 'the number 14.000000000000002', '14.000000000000002 % is 0.14'],
    ['91 %', 'the text "91 %"', 'write 0.91'],
    ['91%', 'the text "91%"', 'write 0.91'],
    ['91  %', 'the text "91  %"', 'write 0.91'],
    ['7.25 %', 'the text "7.25 %"', 'write 0.0725'],
    ['14.000000000000002 %', 'the text "14.000000000000002 %"', 'write 0.14'],
    ['"0.91"', 'the text "0.91"', 'write 0.91 without quotes'],
  ])('that is a percentage, or quoted, is told what it may mean as a fraction: %s', (written, got, hint) => {
    expect(fraction(written)).toEqual([`«${written}» ${wanted} ${got} (${hint})`]);
  });

  test.each<[string, string]>([
    ['100.5', 'the number 100.5'],
    ['0', 'the number 0'],
    ['-3', 'the number -3'],
    ['0 %', 'the text "0 %"'],
    ['101 %', 'the text "101 %"'],
    ['x 91 %', 'the text "x 91 %"'],
    ['91 % x', 'the text "91 % x"'],
    ['9.1.1 %', 'the text "9.1.1 %"'],
    ['9. %', 'the text "9. %"'],
    ['"91"', 'the text "91"'],
  ])('that means none is told nothing more: %s', (written, got) => {
    expect(fraction(written)).toEqual([`«${written}» ${wanted} ${got}`]);
  });

  test('that is no share is never a percentage', () => {
    expect(told(study('', { model: ', input: { divide: -50 }' }))).toEqual([
      '«-50» expected a number above 0, got the number -50',
    ]);
    expect(told(study('ablations: { a: { stop: { precision: 0.1, confidence: 95 } } }'))).toEqual([
      '«95» expected a fraction between 0 and 1, got the number 95 (95 % is 0.95)',
    ]);
    expect(told(study('', { data: 'images: 2.5' }))).toEqual([
      '«2.5» expected a whole number of at least 1, got the number 2.5',
    ]);
    expect(told(study().replace('version: 1', 'version: 100'))).toEqual([
      '«100» expected version 1, got the number 100',
    ]);
  });

  test('of things is whole, and one that a float can hold', () => {
    const images = (written: string): string[] => told(study('', { data: `images: ${written}` }));
    expect(images('1')).toEqual([]);
    expect(images('9007199254740991')).toEqual([]);
    expect(images('9007199254740992')).toEqual([
      '«9007199254740992» expected a whole number of at least 1, got the number 9007199254740992',
    ]);
    expect(images('"3"')).toEqual([
      '«"3"» expected a whole number of at least 1, got the text "3" (write 3 without quotes)',
    ]);
    expect(told(study('run: { workers: 9007199254740992 }'))).toEqual([
      '«9007199254740992» 9007199254740992 processes are above the limit of 1024 (docs/limits.md)',
    ]);
  });
});

describe('a text', () => {
  const layers = (written: string): string[] => told(study(`ablations: { a: { layers: ${written} } }`));

  test.each<[string, string]>([
    ['""', '«""» expected a text, got an empty one'],
    ['true', '«true» expected a text, got true (write it as "true")'],
    ['1e3', '«1e3» expected a text, got the number 1e3 (write it as "1e3")'],
    ['', '«layers» expected a text, got nothing'],
    ['{ a: 1 }', '«layers» expected a text, got a mapping'],
    ['[[x]]', '«[x]» expected a text, got a list'],
  ])('is not %s', (written, said) => {
    expect(layers(written)).toEqual([said]);
  });
});

describe('a word', () => {
  const unit = (written: string): string[] => told(study(`ablations: { a: { unit: ${written} } }`));
  const wanted = 'expected one of kernel, layer, block, stream, got';

  test('is told the choice, or the nearest of it', () => {
    expect(unit('layers')).toEqual([`«layers» ${wanted} the text "layers" (did you mean "layer"?)`]);
    expect(unit('kern')).toEqual([`«kern» ${wanted} the text "kern" (did you mean "kernel"?)`]);
    expect(unit('3')).toEqual([`«3» ${wanted} the number 3`]);
    expect(unit('[kernel]')).toEqual([`«[kernel]» ${wanted} a list`]);
  });

  test('of more than sixty letters is not repeated', () => {
    const choose = '(choose from: kernel, layer, block, stream)';
    const [sixty, more] = ['x'.repeat(60), 'x'.repeat(61)];
    expect(unit(sixty)).toEqual([`«${sixty}» ${wanted} the text "${sixty}" ${choose}`]);
    expect(unit(more)).toEqual([`«${more}» ${wanted} a long text ${choose}`]);
  });
});

describe('a list', () => {
  test('is told what is wrong with each of its values', () => {
    expect(told(study('ablations: { a: { fill: [zero, 3, zero, zeros] } }'))).toEqual([
      '«3» expected one of zero, mean, mean-position, optimal, resample, substitute, substitute-earlier, got the number 3',
      '«zero» "zero" stands in the list twice',
      '«zeros» expected one of zero, mean, mean-position, optimal, resample, substitute, substitute-earlier, got the text "zeros" (did you mean "zero"?)',
    ]);
  });

  test('may repeat numbers of channels', () => {
    expect(told(study('', { model: ', input: { mean: [0.5, 0.5, 0.5], std: [1, 1, 1] }' }))).toEqual([]);
    expect(told(study('ablations: { a: { mode: random, fractions: [0.5, 0.5] } }'))).toEqual([
      '«0.5» 0.5 stands in the list twice',
    ]);
  });

  test('of which nothing is left means its default', () => {
    expect(parse(study('ablations: { a: { fill: [mean, zeros] } }')).draft?.ablations[0]?.fill).toEqual(['zero']);
    expect(parse(study('ablations: { a: { fill: [mean, mean] } }')).draft?.ablations[0]?.fill).toEqual(['zero']);
    expect(parse(study('ablations: { a: { fill: zeros } }')).draft?.ablations[0]?.fill).toEqual(['zero']);
  });
});

describe('a name', () => {
  const named = (name: string): string[] => told(study(`ablations: { ${name}: {} }`));

  test.each(['a.b_c-D9', '9', 'x'.repeat(100)])('may be %s', (name) => {
    expect(named(name)).toEqual([]);
  });

  test.each(['a b', 'x'.repeat(101), '-a', '.a', '_a', 'é', 'a/b', 'a é'])('cannot be %s', (name) => {
    expect(named(name)).toEqual([
      `«${name}» "${name}" cannot serve as a name (names begin with a letter or digit and consist of at most 100 letters, digits, ".", "_" and "-")`,
    ]);
  });

  test('that cannot serve does not hide what stands under it', () => {
    expect(told(study('ablations: { a b: { fil: 3 } }'))).toEqual([
      expect.stringMatching(/^«a b» "a b" cannot serve as a name/),
      '«fil» unknown key "fil" (did you mean "fill"?)',
    ]);
  });
});

describe('an unknown key', () => {
  test('is told the nearest, or those that there are, of many the first', () => {
    expect(told(study('ablations: { a: { zzzzzzzz: 3 } }'))).toEqual([
      `«zzzzzzzz» unknown key "zzzzzzzz" (known keys: ${keys.ablation.slice(0, 12).join(', ')}, … (${keys.ablation.length}))`,
    ]);
    expect(told(study('run: { zzzzzzzz: 3 }'))).toEqual([
      `«zzzzzzzz» unknown key "zzzzzzzz" (known keys: ${keys.run.join(', ')})`,
    ]);
  });
});
