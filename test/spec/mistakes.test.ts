import { expect, test } from 'vitest';
import { formatIssues } from '../../core/spec/issue.js';
import { vocabulary } from '../../core/spec/vocabulary.js';
import { mistakes, parse, study } from './study-file.js';

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
    `9:14 expected one of ${vocabulary.mode.join(', ')}, got the text "rand"`,
    '9:37 expected a fraction above 0 and at most 1, got the number 1.5',
    '10:16 no model "mlp" is declared under models',
    '10:28 expected one of zero, mean, mean-position, optimal, resample, substitute, substitute-earlier, got the text "zeros"',
    '11:1 unknown key "runs"',
  ]);
});

test('people are shown place, source line, caret and hint', () => {
  expect(formatIssues(parse(study('ablations: { a: { fil: zero } }')).issues)).toBe(
    `/studies/study.yaml:7:19: ablations.a.fil: unknown key "fil"
  7 | ablations: { a: { fil: zero } }
    |                   ^^^
    = did you mean "fill"?`,
  );
});
