import { describe, expect, test } from 'vitest';
import { limits } from '../../core/limits.js';
import { mistakes, parse, shown, study } from './study-file.js';

/** Mistakes of a spec with lines behind the least one, the first of which is line 7: `line:column «text» message (hint)`. */
const told = (text: string): string[] =>
  parse(text).issues.map((issue) => `${issue.line}:${issue.column} ${shown(issue)}`);

describe('what is no YAML is told where it stops to be:', () => {
  test.each<[string, string[]]>([
    [
      'ablations: { a: { layers: [x } }',
      ['7:30 «}» not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]'],
    ],
    [
      'ablations: { a: { layers: [x } }\nimpulses: ] }',
      [
        '7:30 «}» not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
        '8:1 «i» not valid YAML: Flow map in block collection must be sufficiently indented and end with a }',
      ],
    ],
    ['ablations:\n a: {}\n  b: {}', ['9:1 « » not valid YAML: All mapping items must start at the same column']],
    ["seed: '3", ["7:9 «» not valid YAML: Missing closing 'quote"]],
    [
      '---\nversion: 1\nruns: 1\n---\nversion: 2',
      ['7:1 «---» a second document begins here; a spec is one document (remove the line ---)'],
    ],
  ])('%j', (more, said) => {
    expect(told(study(more))).toEqual(said);
    expect(parse(study(more)).draft).toBeUndefined();
  });

  test('what stands before is judged, what follows is not', () => {
    expect(told(study('seed: -1\nablations: { a: [ }\nrun: { nonsense: 1 }')).map((one) => one.slice(0, 4))).toEqual([
      '7:7 ',
      '8:19',
    ]);
  });
});

describe('directives and tags are not read:', () => {
  const unneeded = 'a spec needs no tags and no directives';
  test.each<[string, string[]]>([
    [`%YAML 1.2\n---\n${study()}`, ['1:1 «%YAML» the directive %YAML is not read (a spec is YAML 1.2; remove it)']],
    [`%FOO\n---\n${study()}`, [`1:1 «%FOO» Unknown directive %FOO (${unneeded})`]],
    [
      study('ablations: !!python { a: {} }'),
      [`7:12 «!!python» Unresolved tag: tag:yaml.org,2002:python (${unneeded})`],
    ],
    [study('ablations: { a: { layers: !x y } }'), [`7:27 «!x» Unresolved tag: !x (${unneeded})`]],
  ])('%j', (text, said) => {
    expect(told(text)).toEqual(said);
    expect(parse(text)).toHaveProperty('draft');
  });

  test('tags that say what is so anyway do no harm', () => {
    expect(parse(study('seed: !!int "3"')).spec?.seed).toBe(3);
    expect(parse(study('ablations: { a: { layers: !!str 3 } }')).spec?.ablations[0]?.layers).toEqual(['3']);
  });
});

describe('numbers are those of YAML 1.2:', () => {
  test.each<[string, number]>([
    ['010', 10],
    ['0o10', 8],
    ['1e2', 100],
  ])('%s', (written, seed) => {
    expect(parse(study(`seed: ${written}`)).spec?.seed).toBe(seed);
  });
});

describe('keys', () => {
  test.each<[string, string]>([
    ['? [a]\n: 3', '7:3 «[a]» a key must be a name, not a list, a mapping or an alias'],
    ['? { a: 1 }\n: 3', '7:3 «{ a: 1 }» a key must be a name, not a list, a mapping or an alias'],
    ['seed: &x 3\n? *x\n: 4', '8:3 «*x» a key must be a name, not a list, a mapping or an alias'],
  ])('are names: %j', (more, said) => {
    expect(told(study(more))).toEqual([said]);
  });

  test.each(['3', 'null', '~', '-1.5e3'])('are read as they are written: %s', (key) => {
    expect(mistakes(study(`${key}: 3`))).toEqual([`7:1 unknown key "${key}"`]);
  });

  test('may stand without a value', () => {
    expect(mistakes(study('ablations: { a }'))).toEqual([
      expect.stringMatching(/^7:14 expected a mapping with models, .*, got nothing$/),
    ]);
    expect(mistakes(study('? seed'))).toEqual(['7:3 expected a whole number from 0, got nothing']);
  });

  test('may be empty, and are then no key of a spec', () => {
    expect(mistakes(study(': 3'))).toEqual(['7:1 unknown key ""']);
    expect(mistakes(study('"": 3'))).toEqual(['7:1 unknown key ""']);
  });

  test.each(['a', '"a"', "'a'"])('stand once, however they are written: %s', (key) => {
    expect(told(study(`ablations:\n  a: { unit: layer }\n  ${key}: { unit: blok }`))).toEqual([
      `9:3 «${key}» "a" is given twice (first at line 8; rename or remove one of them)`,
    ]);
  });
});

describe('tabs', () => {
  const forbidden = 'a tab is used as indentation, which YAML forbids (indent with spaces)';

  test('are told each, and columns are those of the file', () => {
    expect(told(study('ablations:\n\ta: { unit: kernels }\n\tb:\n\t\tunit: stack'))).toEqual([
      `8:1 «\t» ${forbidden}`,
      expect.stringMatching(/^8:13 «kernels» expected one of/),
      `9:1 «\t» ${forbidden}`,
      `10:1 «\t\t» ${forbidden}`,
      expect.stringMatching(/^10:9 «stack» expected one of/),
    ]);
  });

  test('are so many spaces that the rest is valid', () => {
    for (const width of [1, 2, 3, 4, 8]) {
      const beside = `ablations:\n${' '.repeat(width)}a: {}\n\tb: { unit: kernels }`;
      expect(told(study(beside))).toEqual([
        `9:1 «\t» ${forbidden}`,
        expect.stringMatching(/^9:13 «kernels» expected one of/),
      ]);
    }
    expect(told(study('ablations:\n a:\n\t unit: kernels'))).toEqual([
      `9:1 «\t » ${forbidden}`,
      expect.stringMatching(/^9:9 «kernels» expected one of/),
    ]);
  });

  test('within a line are none of it', () => {
    expect(told(study('ablations:\n  a:\n  \tunit: kernels\t# one'))).toEqual([
      `9:3 «\t» ${forbidden}`,
      expect.stringMatching(/^9:10 «kernels» expected one of/),
    ]);
  });

  test('where the rest is valid by none are where the parser lost its way', () => {
    const text = study('seed: -1\nablations:\n\ta: [x\n\trun: { nonsense: 1 }');
    expect(told(text)).toEqual([expect.stringMatching(/^7:7 «-1» expected/), `9:1 «\t» ${forbidden}`]);
    expect(parse(text).draft).toBeUndefined();
  });
});

describe('places', () => {
  test('of values over several lines reach to the end of the first', () => {
    expect(told(study('seed: [\n  3,\n  4\n]'))).toEqual(['7:7 «[» expected a whole number from 0, got a list']);
    expect(parse(study('seed: [\n  3,\n  4\n]')).issues[0]?.length).toBe(Infinity);
    expect(told(study('ablations:\n  a:\n    unit: "ker\n     nel"'))).toEqual([
      expect.stringMatching(/^9:11 «"ker» expected one of .*got the text "ker nel"/),
    ]);
  });

  test('of values that are not there are those of their keys', () => {
    expect(told(study('ablations:\n  a:\n    layers:\n    fill: [~]'))).toEqual([
      '9:5 «layers» expected a text, got nothing',
      expect.stringMatching(/^10:11 «\[~\]» expected one of .* got nothing$/),
    ]);
  });

  test('are the same with other ends of lines, and behind a mark of byte order', () => {
    expect(mistakes(study('seed: x').replaceAll('\n', '\r\n'))).toEqual(mistakes(study('seed: x')));
    expect(mistakes(`\ufeff${study('seed: x')}`)).toEqual(mistakes(study('seed: x')));
  });
});

describe('a spec is not', () => {
  const nested = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;
  const depth = limits.specNesting.value;
  const tooDeep = `lists and mappings stand in one another more than ${depth} levels deep (docs/limits.md)`;

  test('deeper than it may be', () => {
    expect(mistakes(study(`ablations: ${nested(depth - 1)}`))).toEqual(['7:12 expected ablations by name, got a list']);
    expect(mistakes(study(`ablations: ${nested(depth)}`))).toEqual([`7:${11 + depth} ${tooDeep}`]);
  });

  test('told so more than once, and not of what stands before', () => {
    const deep = nested(depth);
    expect(mistakes(study(`seed: -1\nablations: ${deep}\nimpulses: ${deep}`))).toEqual([
      '7:7 expected a whole number from 0, got the number -1',
      `8:${11 + depth} ${tooDeep}`,
    ]);
  });

  test('deep by what stands beside one another', () => {
    const beside = Array.from({ length: 2 * depth }, () => '[[x]]').join(', ');
    expect(mistakes(study(`ablations: [${beside}]`))).toEqual(['7:12 expected ablations by name, got a list']);
  });

  test('larger than it may be, with what its aliases repeat', () => {
    // One list, a thousand lists of 1,999 values each with itself, one of two, and so many more.
    const repeated = `&a [${Array.from({ length: 1998 }, () => 'x').join(', ')}]`;
    const values = (more: number): string =>
      `[${[repeated, '[z]', ...Array.from({ length: 999 }, () => '*a'), ...Array.from({ length: more }, () => 'y')].join(', ')}]`;
    expect(limits.specNodes.value).toBe(1 + 1000 * 1999 + 2 + 997);
    expect(mistakes(values(997))).toEqual([expect.stringMatching(/^1:1 expected a mapping with .* got a list$/)]);
    expect(told(values(998))).toEqual([
      expect.stringMatching(
        /^1:1 «.*» with what its aliases repeat the spec has more than 2000000 values \(docs\/limits\.md\) \(repeat less by aliases\)$/,
      ),
    ]);
    const inMapping = (more: number): string => `a: ${values(more)}`;
    expect(mistakes(inMapping(996)).join()).toMatch(/unknown key "a"/);
    expect(mistakes(inMapping(997))).toEqual([expect.stringMatching(/^1:1 with what its aliases repeat/)]);
  });
});
