import { expect, test } from 'vitest';
import { vainNulls } from '../../core/spec/check-nulls.js';
import type { StudySpec } from '../../core/spec/study-spec.js';
import { checkedSpec } from './checked-networks.js';
import { parse } from './study-file.js';

/** What is said of nulls, of a spec that has no mistake. */
function said(parts: string, nulls: string): readonly string[] {
  const text = checkedSpec('res: { file: r.onnx, data: test }', `${parts}\nanalysis: { nulls: { ${nulls} } }`);
  const { spec, positions, issues } = parse(text);
  expect(issues).toEqual([]);
  return vainNulls(spec as StudySpec, positions);
}

const each = 'ablations: { a: { layers: stem } }';
const vain = (line: number, kind: string): string =>
  `line ${line}, analysis.nulls.${kind}: no network is given impulses on images with both signs, so none of these nulls is run; add impulses at the input with base: { images: … } and amplitudes of both signs, or remove ${kind}`;

test('nulls that no impulse reaches are told where they are written, each kind for itself', () => {
  expect(said(each, 'shuffled: 3, reinitialised: 5')).toEqual([vain(7, 'shuffled'), vain(7, 'reinitialised')]);
  for (const impulse of ['base: black', 'base: { images: 1 }', 'base: { images: 3 }, amplitudes: { std: [1, 2] }'])
    expect(said(`impulses: { i: { ${impulse} } }`, 'shuffled: 3')).toEqual([vain(7, 'shuffled')]);
});

test('nothing is said of none, of those that are run, or of the default', () => {
  expect(said(each, 'shuffled: 0')).toEqual([]);
  expect(said('impulses: { i: { base: { images: 3 } } }', 'shuffled: 3')).toEqual([]);
  const { spec, positions } = parse(checkedSpec('res: { file: r.onnx, data: test }', each));
  expect(vainNulls(spec as StudySpec, positions)).toEqual([]);
});
