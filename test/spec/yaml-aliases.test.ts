import { describe, expect, test } from 'vitest';
import { mistakes, parse, shown, study } from './study-file.js';

/** Mistakes of a spec with lines behind the least one, the first of which is line 7: `line:column «text» message (hint)`. */
const told = (text: string): string[] =>
  parse(text).issues.map((issue) => `${issue.line}:${issue.column} ${shown(issue)}`);

describe('aliases', () => {
  test('without an anchor before them are told the nearest', () => {
    expect(told(study('ablations:\n  a: *kern\n  kern: &kern {}\n  b: *kerm\n  c: *zzzzzzzz'))).toEqual([
      '8:6 «*kern» no anchor &kern stands before this alias',
      '10:6 «*kerm» no anchor &kerm stands before this alias (did you mean *kern?)',
      '11:6 «*zzzzzzzz» no anchor &zzzzzzzz stands before this alias',
    ]);
  });

  test('within what they repeat have no end', () => {
    expect(told(study('ablations: &b { a: { layers: *b } }'))).toEqual([
      '7:30 «*b» the alias *b stands within what it repeats: that has no end',
    ]);
    expect(told(study('ablations:\n  a: &a { layers: [x, *a] }'))).toEqual([
      '8:23 «*a» the alias *a stands within what it repeats: that has no end',
    ]);
  });

  test('of nothing mean nothing', () => {
    expect(told(study('defaults: &n\nablations: { a: { layers: *n } }'))).toEqual([
      '7:1 «defaults» expected a text, got nothing (used through the alias at line 8)',
    ]);
  });

  test('through aliases are told where the last of them stands', () => {
    const text = study('seed: &s 7\nablations:\n  a: &a\n    layers: *s\n  b: *a');
    expect(told(text)).toEqual([
      '7:10 «7» expected a text, got the number 7 (write it as "7"; used through the alias at line 10)',
    ]);
  });

  test('in one line with what they repeat say nothing of it', () => {
    expect(told(study('ablations: { a: &a { fil: 3 }, b: { layers: x, <<: *a } }'))).toEqual([
      '7:22 «fil» unknown key "fil" (did you mean "fill"?)',
    ]);
  });
});

describe('merge keys', () => {
  const notMapping = 'the merge key << takes a mapping, or a list of mappings';

  test('take mappings', () => {
    expect(parse(study('<<: { seed: 3 }\n<<: [{ run: { workers: 3 } }, { seed: 4 }]')).spec).toMatchObject({
      seed: 3,
      run: { workers: 3 },
    });
    expect(told(study('<<: [{ seed: 3 }, 4, { run: 3 }]'))).toEqual([
      `7:19 «4» ${notMapping}`,
      expect.stringMatching(/^7:29 «3» expected a mapping with engine/),
    ]);
    expect(told(study('<<:'))).toEqual([`7:1 «<<» ${notMapping}`]);
    expect(told(study('seed: &s 7\n<<: *s'))).toEqual([`8:5 «*s» ${notMapping}`]);
  });

  test('that are quoted are no merge keys', () => {
    expect(mistakes(study('"<<": { seed: 3 }'))).toEqual(['7:1 unknown key "<<"']);
  });

  test('bring keys that are told where they stand, and where they came in', () => {
    const text = study('ablations:\n  a: &a { layers: x, fil: y }\n  b: { <<: *a, unit: kern }');
    expect(told(text)).toEqual([
      '8:22 «fil» unknown key "fil" (did you mean "fill"?)',
      expect.stringMatching(/^9:22 «kern» expected one of .* \(did you mean "kernel"\?\)$/),
    ]);
    const below = study('ablations:\n  a: &a { fractions: [0.1] }\n  b:\n    mode: random\n    <<: *a\n    trials: 2');
    expect(told(below)).toEqual([expect.stringMatching(/^8:11 «fractions» fractions is of no use with mode each/)]);
    const aliased = study('seed: &s 7\nablations:\n  a: &a\n    fill: mean\n  b:\n    <<: { layers: *s }');
    expect(told(aliased)).toEqual([
      '7:10 «7» expected a text, got the number 7 (write it as "7"; used through the alias at line 12)',
    ]);
  });

  test('over several lines, in lists or by aliases of aliases, are told where they came in', () => {
    const below = study('run:\n  <<:\n    workers: 0');
    expect(told(below)).toEqual([
      '9:14 «0» expected a whole number of at least 1, got the number 0 (used through the alias at line 8)',
    ]);
    const a = 'ablations:\n  a: &a { mode: random }\n';
    const inList = study(`${a}  b:\n    <<:\n      - *a\n    spread: matched\n    order: kl`);
    expect(told(inList)).toEqual([expect.stringMatching(/^13:5 «order» order is of no use with mode random/)]);
    const spread =
      'seed: 1\nablations:\n  s: { mode: random, spread: &s one-layer }\n  a: &a\n    mode: random\n    spread: *s\n';
    expect(told(study(`${spread}  b:\n    <<:\n      - *a\n    unit: block`))).toEqual([
      expect.stringMatching(/^9:33 «one-layer» spread one-layer draws .*; used through the alias at line 12\)$/),
    ]);
    const plain = 'ablations:\n  a: &a\n    mode: random\n    spread: one-layer\n';
    expect(told(study(`${plain}  b:\n    <<:\n      - *a\n    unit: block`))).toEqual([
      expect.stringMatching(/^10:13 «one-layer» spread one-layer draws .*; used through the alias at line 13\)$/),
    ]);
  });

  test('bring mappings, mistakes in which are told where they came in', () => {
    const text = study(
      'ablations:\n  a: &a { mode: each, stop: &stop { precision: 0.1 } }\n  b:\n    mode: random\n    <<: *a',
    );
    expect(told(text)).toEqual([
      expect.stringMatching(/^8:23 «stop» stop is of no use with mode random.*; used through the alias at line 11\)$/),
    ]);
  });
});
