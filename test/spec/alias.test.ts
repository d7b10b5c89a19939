import { describe, expect, test } from 'vitest';
import { mistakes, parse, study } from './study-file.js';

describe('aliases', () => {
  test('a mistake under an alias is shown where it is written, once, and where it was used', () => {
    const text = study(
      'ablations:\n  a: { mode: random, fractions: &f [0.1, 1.5] }\n  b: { mode: random, fractions: *f }',
    );
    expect(mistakes(text)).toEqual(['8:42 expected a fraction above 0 and at most 1, got the number 1.5']);
  });

  test('a mistake that only the use makes is shown at the use', () => {
    const text = study('ablations:\n  a: { mode: random, fractions: &f [0.1] }\n  b: { mode: each, fractions: *f }');
    expect(mistakes(text)).toEqual(['9:20 fractions is of no use with mode each, which removes one kernel at a time']);
  });

  test('a value of the wrong kind through an alias says where the alias stands', () => {
    const text = study('seed: &s 7\nablations:\n  b: { layers: *s }');
    const [issue] = parse(text).issues;
    expect(issue).toMatchObject({ line: 7, column: 10, path: 'ablations.b.layers' });
    expect(issue?.hint).toContain('used through the alias at line 9');
  });

  test('an alias means the nearest anchor before it', () => {
    const text = study(
      'ablations:\n  a: { fill: &f zero }\n  b: { fill: *f }\n  c: { fill: &f mean }\n  d: { fill: *f }',
    );
    expect(parse(text).spec?.ablations.map(({ fill }) => fill)).toEqual([['zero'], ['zero'], ['mean'], ['mean']]);
  });

  test('thousands of aliases of one anchor are no attack', () => {
    const uses = Array.from({ length: 1000 }, (_, i) => `  a${i}: { mode: random, fractions: *f }`).join('\n');
    const { spec, issues } = parse(study(`ablations:\n  a: { mode: random, fractions: &f [0.1, 0.2] }\n${uses}`));
    expect(issues).toEqual([]);
    expect(spec?.ablations.length).toBe(1001);
    expect(spec?.ablations.at(-1)?.fractions).toEqual([0.1, 0.2]);
  });

  test('aliases of aliases do not explode', () => {
    const levels = Array.from({ length: 60 }, (_, i) => `  l${i + 1}: &l${i + 1} { layers: [*l${i}, *l${i}] }`).join(
      '\n',
    );
    expect(mistakes(study(`ablations:\n  l0: &l0 { layers: x }\n${levels}`))).toEqual([
      '1:1 with what its aliases repeat the spec has more than 2000000 values (docs/limits.md)',
    ]);
  });
});

describe('merge keys', () => {
  const base = 'ablations:\n  a: &a { mode: random, trials: 3, fill: mean }\n';

  test('own keys go before merged ones, and earlier sources before later ones', () => {
    const more = '  b: { <<: *a, trials: 5 }\n  c: { trials: 7, <<: [{ fill: zero }, *a] }';
    const ablations = parse(study(base + more)).spec?.ablations ?? [];
    expect(ablations.map(({ mode, trials, fill }) => [mode, trials, ...fill])).toEqual([
      ['random', 3, 'mean'],
      ['random', 5, 'mean'],
      ['random', 7, 'zero'],
    ]);
  });

  test('a mistake that came through a merge key is shown where it is written', () => {
    const text = study('ablations:\n  a: &a { mode: random, trials: 0 }\n  b: { <<: *a, unit: layers }');
    expect(mistakes(text)).toEqual([
      '8:33 expected a whole number of at least 1, got the number 0',
      '9:22 expected one of kernel, layer, block, stream, got the text "layers"',
    ]);
  });

  test('a merged key that does not go with an own one points to both', () => {
    const [issue] = parse(study(`${base}  b: { <<: *a, mode: each, fill: zero }`)).issues;
    expect(issue).toMatchObject({ line: 8, column: 25, message: expect.stringMatching(/^trials is of no use/) });
    expect(issue?.hint).toContain('used through the alias at line 9');
  });

  test('what is merged must be a mapping', () => {
    expect(mistakes(study('seed: &s 7\nablations: { a: { <<: *s } }'))).toEqual([
      '8:23 the merge key << takes a mapping, or a list of mappings',
    ]);
  });
});
