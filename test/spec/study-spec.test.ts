import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { specTemplate } from '../../core/spec/template.js';
import { parse, study } from './study-file.js';

const design = readFileSync(new URL('fixtures/design.yaml', import.meta.url), 'utf8');

test('the spec of the design means what the design says', () => {
  const { spec, issues } = parse(design);
  expect(issues).toEqual([]);
  const ablation = { draws: 3, layers: ['*'], models: ['resnet20', 'resnet56'], order: 'random' };
  const each = { ...ablation, mode: 'each', fractions: [], trials: 1, spread: [] };
  const input = { divide: 255, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], order: 'rgb' };
  const model = {
    data: 'test',
    reference: 'train',
    input,
    output: { kind: 'logits', classOffset: 0 },
    after: 'activation',
  };
  const impulse = { models: ['resnet20', 'resnet56'], at: 'input', channels: 'each', record: ['*'], keep: 'responses' };
  expect(JSON.parse(JSON.stringify(spec))).toEqual({
    version: 1,
    study: 'cifar-resnets',
    seed: 7,
    data: [
      {
        name: 'test',
        format: 'cifar10',
        files: ['/studies/images/cifar10_test_0000-0499.bin'],
        labels: [],
        images: 500,
        order: 'seeded',
      },
      {
        name: 'train',
        format: 'cifar10',
        files: ['/studies/images/cifar10_train_0000-1999.bin'],
        labels: [],
        images: 250,
        order: 'seeded',
      },
    ],
    models: [
      {
        ...model,
        name: 'resnet20',
        file: '/studies/models/cifar10_resnet20.onnx',
        expect: { accuracy: 0.91, within: 0.02 },
      },
      {
        ...model,
        name: 'resnet56',
        file: '/studies/models/cifar10_resnet56.onnx',
        expect: { accuracy: 0.94, within: 0.02 },
      },
    ],
    ablations: [
      { ...each, name: 'each-kernel', models: ['resnet20'], unit: 'kernel', fill: ['zero', 'mean'] },
      {
        ...ablation,
        name: 'across-depth',
        unit: 'kernel',
        mode: 'random',
        fill: ['zero'],
        fractions: [0.02, 0.05, 0.1, 0.2],
        trials: 20,
        spread: ['one-layer', 'matched', 'all-depths'],
      },
      { ...each, name: 'blocks', unit: 'block', fill: ['zero'] },
    ],
    impulses: [
      {
        ...impulse,
        name: 'plain',
        positions: 'center',
        amplitudes: { unit: 'input', values: [1, -1] },
        bases: ['normalised-zero', 'mean-image'],
      },
      {
        ...impulse,
        name: 'images',
        positions: 'phases',
        amplitudes: { unit: 'std', values: [0.1, -0.1, 1, -1] },
        bases: { images: 16 },
        keep: 'signatures',
      },
    ],
    analysis: {
      confidence: 0.95,
      fdr: 0.05,
      bootstrap: 1000,
      far: 0.5,
      nulls: { shuffled: 19, reinitialised: 0, unrelated: [] },
      rarefy: { kernels: 8, sites: 6 },
    },
    run: {
      engine: 'auto',
      device: 'auto',
      onFailure: 'continue',
      batchSeconds: 10,
      limit: { hours: 24, bytes: 20e9, cells: 250_000 },
    },
  });
});

test('a model’s key replaces the default’s whole; the reference set is the test set unless given', () => {
  const text = `version: 1
study: s
data: { test: { format: cifar10, files: a.bin } }
defaults: { data: test, input: { divide: 255, mean: 0.5, std: 0.5 } }
models:
  a: { file: a.onnx }
  b: { file: s3://bucket/b.onnx, input: { order: bgr } }`;
  expect(parse(text).spec?.models).toMatchObject([
    { reference: 'test', file: '/studies/a.onnx', input: { divide: 255, mean: [0.5], std: [0.5], order: 'rgb' } },
    { reference: 'test', file: 's3://bucket/b.onnx', input: { divide: 1, mean: [0], std: [1], order: 'bgr' } },
  ]);
});

test('models may be chosen by glob, and stand in the order of the file', () => {
  const text = study('ablations: { a: { models: [n*, other] } }').replace(
    'models:\n',
    'models:\n  other: { file: o.onnx, data: test }\n',
  );
  expect(parse(text).spec?.ablations[0]?.models).toEqual(['other', 'net']);
});

test('the place of every value is known, also of those left to their defaults', () => {
  const { positions } = parse(design);
  expect(positions.at('ablations.across-depth.fractions[2]').place).toMatchObject({ line: 17, column: 71, length: 3 });
  expect(positions.at('models.resnet56.input.mean[1]').place).toMatchObject({ line: 10 });
  expect(positions.at('ablations.blocks.fill[0]').place).toMatchObject({ line: 18, column: 3, length: 6 });
  expect(positions.given('analysis.rarefy')).toBe(false);
});

test('sections that hold nothing yet are allowed', () => {
  const { spec, issues } = parse(study('ablations:\nimpulses:\nanalysis:\nrun:\ndefaults:\n'));
  expect(issues).toEqual([]);
  expect(spec).toMatchObject({ ablations: [], impulses: [] });
});

describe('what percuss init writes', () => {
  const line = specTemplate.split('\n').findIndex((text) => text.includes('???')) + 1;

  test('asks for the expected accuracy: unfilled, its only mistake is that line', () => {
    const { spec, issues } = parse(specTemplate);
    expect(spec).toBeUndefined();
    expect(issues).toMatchObject([
      {
        path: 'models.mine.expect.accuracy',
        line,
        message: expect.stringContaining('??? is to be filled in'),
        hint: expect.stringMatching(/0\.91 for 91 %.*delete the line/),
      },
    ]);
  });

  test.each([
    ['filled in', specTemplate.replace('???', '0.91'), { accuracy: 0.91, within: 0.02 }],
    ['deleted', specTemplate.replace(/^.*\?\?\?.*\n/m, ''), undefined],
  ])('is a right spec once the line is %s', (_, text, expected) => {
    const { spec, issues } = parse(text);
    expect(issues).toEqual([]);
    expect(spec?.models[0]?.expect).toEqual(expected);
    expect(spec?.ablations.map(({ name }) => name)).toEqual(['each-kernel', 'across-depth']);
  });
});
