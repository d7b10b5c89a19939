import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { editDistance, globMatcher, nearestName } from '../../core/select.js';

describe('a glob', () => {
  test.each<[string, string[], string[]]>([
    ['*', ['layer1.0.conv1', ''], []],
    ['layer1.*.conv2', ['layer1.0.conv2', 'layer1.10.conv2'], ['layer1.0.conv1', 'layer1.conv2', 'xlayer1.0.conv2']],
    ['layer?.0', ['layer1.0', 'layer2.0'], ['layer10.0', 'layer.0']],
    ['layer{1,3}.*', ['layer1.0', 'layer3.2.conv1'], ['layer2.0', 'layer.0', 'layer1']],
    ['{conv*,fc?}', ['conv1', 'conv', 'fc1'], ['fc', 'xconv']],
    ['a.b', ['a.b'], ['axb', 'a.bc', 'xa.b']],
    ['a+(b)[c]|d$^\\', ['a+(b)[c]|d$^\\'], ['aab', 'd']],
    ['model/**/Conv', ['model/x/y/Conv'], ['model/Conv2']],
    ['a{', ['a{'], ['a']],
  ])('%s matches %j and not %j', (pattern, yes, no) => {
    const matches = globMatcher(pattern);
    expect(yes.filter((name) => !matches(name))).toEqual([]);
    expect(no.filter(matches)).toEqual([]);
  });

  test('without special characters matches itself only', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9./_:+-]{1,12}$/), fc.stringMatching(/^[a-z0-9./_:+-]{1,12}$/), (a, b) => {
        expect(globMatcher(a)(a)).toBe(true);
        expect(globMatcher(a)(b)).toBe(a === b);
      }),
    );
  });
});

describe('the edit distance', () => {
  // Wagner & Fischer's worked pairs, and the usual ones.
  test.each([
    ['kitten', 'sitting', 3],
    ['saturday', 'sunday', 3],
    ['intention', 'execution', 5],
    ['', 'abc', 3],
    ['same', 'same', 0],
  ])('of %s and %s is %i', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
  });

  test('is a metric', () => {
    const word = fc.stringMatching(/^[ab1.]{0,6}$/);
    fc.assert(
      fc.property(word, word, word, (a, b, c) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b) === 0).toBe(a === b);
        expect(editDistance(a, c)).toBeLessThanOrEqual(editDistance(a, b) + editDistance(b, c));
      }),
    );
  });
});

describe('the nearest name', () => {
  const names = ['conv1', 'layer1.0.conv1', 'layer1.0.conv2', 'layer2.0.conv1'];
  test.each([
    ['layer1.0.cnov2', 'layer1.0.conv2'],
    ['Layer2.0.Conv1', 'layer2.0.conv1'],
    ['conv', 'conv1'],
    ['elephant', undefined],
    ['', undefined],
  ])('to %s is %s', (typed, nearest) => {
    expect(nearestName(typed, names)).toBe(nearest);
  });
});

describe('whatever stands in a glob or a name', () => {
  /** What a glob means, by a regular expression, which may take for ever. */
  const meaning = (pattern: string): RegExp =>
    new RegExp(
      `^${pattern
        .replace(/[.+^$()|[\]\\]/g, '\\$&')
        .replace(/\*+/g, '.*')
        .replace(/\?/g, '.')
        .replace(/\{([^{}]*)\}/g, (_, inner: string) => `(?:${inner.split(',').join('|')})`)
        .replace(/[{}]/g, '\\$&')}$`,
    );
  const text = (letters: string, maxLength: number) => fc.string({ unit: fc.constantFrom(...letters), maxLength });

  test('a glob means what its regular expression does', () => {
    fc.assert(
      fc.property(text('ab.*?{,}', 9), text('ab.', 6), (pattern, name) => {
        expect(globMatcher(pattern)(name), `${pattern} on ${name}`).toBe(meaning(pattern).test(name));
      }),
      { numRuns: 20_000 },
    );
  });

  test('no glob takes more than pattern × name', () => {
    const began = performance.now();
    const name = 'a'.repeat(2000);
    expect(globMatcher(`${'*a'.repeat(200)}b`)(name)).toBe(false);
    expect(globMatcher(`${'{a,aa,*}'.repeat(200)}b`)(name)).toBe(false);
    expect(performance.now() - began).toBeLessThan(20_000);
  });

  test('a long text is near to no name', () => {
    expect(nearestName('a'.repeat(1_000_000), ['a'.repeat(1_000_001)])).toBeUndefined();
  });
});
