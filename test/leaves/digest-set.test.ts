import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sha256 } from '../../core/digest.js';
import { canonicalJson } from '../../core/canonical.js';
import { DigestSet, digestOfKeys } from '../../core/digest-set.js';

test('a set of digests is the set of its strings, and numbers them in the order in which they came', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(400), { maxLength: 1_000 }), (numbers) => {
      const digests = numbers.map((number) => sha256(String(number)));
      const plain = [...new Set(digests)];
      const packed = new DigestSet(digests);
      expect([...packed]).toEqual(plain);
      expect(packed.size).toBe(plain.length);
      expect([...packed.sorted()]).toEqual([...plain].sort());
      expect(digestOfKeys(packed)).toBe(sha256(canonicalJson([...plain].sort())));
      for (const [i, digest] of plain.entries()) {
        expect(packed.numberOf(digest)).toBe(i);
        expect(packed.add(digest)).toBe(i);
      }
      expect(packed.has(sha256('none of them'))).toBe(false);
      const bytes = Buffer.from(`00${plain[0] ?? sha256('x')}`, 'hex');
      expect(packed.hasBytes(bytes, 1)).toBe(plain.length > 0);
    }),
    { numRuns: 50 },
  );
});

test('digests that begin alike are told apart', () => {
  const alike = Array.from({ length: 300 }, (_, i) => '00'.repeat(30) + i.toString(16).padStart(4, '0'));
  const packed = new DigestSet(alike);
  expect([...packed]).toEqual(alike);
  expect(packed.has('00'.repeat(30) + 'ffff')).toBe(false);
});

test('what is no digest is not in it, and is refused', () => {
  const packed = new DigestSet();
  expect(packed.has('')).toBe(false);
  expect(() => packed.add('abc')).toThrow(RangeError);
  expect(() => packed.add('xy'.repeat(32))).toThrow(RangeError);
});
