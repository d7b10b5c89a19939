import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import type { Json } from '../../core/canonical.js';
import { studyJsonSchema } from '../../core/spec/json-schema.js';
import {
  above0,
  fraction,
  oneOf,
  section,
  share,
  some,
  text,
  whole,
  word,
  wordList,
} from '../../core/spec/schema-keyword.js';
import { specTemplate } from '../../core/spec/template.js';
import { parse, study } from './study-file.js';

const design = readFileSync(new URL('fixtures/design.yaml', import.meta.url), 'utf8');

/** By the schema: each is compiled once, though every test asks for it. */
const compiled = new Map<string, ValidateFunction>();

function validator(): ValidateFunction {
  const schema = studyJsonSchema();
  const text = JSON.stringify(schema);
  const known = compiled.get(text);
  if (known) return known;
  const made = new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true }).compile(schema);
  compiled.set(text, made);
  return made;
}

/** What the schema says against a spec. */
function refused(text: string): ValidateFunction['errors'] {
  const validate = validator();
  return validate(parseYaml(text, { merge: true })) ? null : validate.errors;
}

describe('schema and reader both accept', () => {
  test.each([
    ['the design’s spec', design],
    ['what percuss init writes, filled in', specTemplate.replace('???', '0.91')],
    ['the least spec', study()],
    ['empty sections', study('ablations:\nimpulses:\nanalysis:\nrun:\ndefaults:\n')],
    [
      'single values without brackets',
      study('ablations: { a: { fill: mean, mode: random, fractions: 0.1, spread: matched } }'),
    ],
    ['draws of donors', study('ablations: { a: { fill: [zero, resample], draws: 5 } }')],
    ['an order', study('ablations: { a: { mode: cumulative, order: weight-norm, fractions: [0.1, 1] } }')],
    ['pairs', study('ablations: { a: { mode: pairs, within: [layer, across], budget: 100 } }')],
    ['quadruples', study('ablations: { a: { mode: quadruples, unit: kernel, budget: 100000 } }')],
    ['compensation', study('ablations: { a: { mode: compensation, unit: block, fill: mean } }')],
    ['a stop by precision', study('ablations: { a: { fill: [zero, mean], stop: { precision: 0.1, clip: 2 } } }')],
    ['screened pairs', study('ablations: { a: { mode: pairs, screen: { keep: 12, random: 6 } } }')],
    ['outputs kept', study('ablations: { a: { keep: logits }, b: { mode: pairs, keep: cells } }')],
    ['cells kept with a stop', study('ablations: { a: { keep: cells, stop: { precision: 0.1 } } }')],
    ['a stop by top', study('ablations: { a: { mode: each, stop: { top: 3, epsilon: 0.1, confidence: 0.9 } } }')],
    ['all pairs of blocks', study('ablations: { a: { mode: pairs, unit: block, within: across } }')],
    ['layers in all', study('ablations: { a: { mode: random, unit: layer, spread: [all-depths] } }')],
    [
      'impulses at inner sites',
      study('impulses: { a: { at: ["conv*"], amplitudes: [1, -1], channels: [0, 2], positions: [[0, 1]] } }'),
    ],
    ['impulses at inner sites, by default', study('impulses: { a: { at: conv1 } }')],
    ['deviations at the input', study('impulses: { a: { amplitudes: { std: 1 }, base: black, keep: signatures } }')],
    ['limits', study('run: { limit: { hours: 0.5, bytes: 1000, cells: 10 }, workers: 2, batchSeconds: 5 }')],
    ['trainings', study().replace('file: net.onnx', 'trainings: [a.onnx, b.onnx]')],
    ['idx', study('', { data: 'labels: y' }).replace('cifar10', 'idx')],
    ['a folder with classes', study('', { data: 'classes: [a, b, c]' }).replace('cifar10', 'folder')],
    ['a file of classes', study('', { data: 'classes: names.txt' }).replace('cifar10', 'folder')],
    ['a folder', study('', { data: 'resize: 256, crop: 224' }).replace('cifar10', 'folder')],
    [
      'outputs and inputs',
      study('', { model: ', input: { mean: 0.5, order: bgr }, output: { kind: values, name: y, class-offset: 1 }' }),
    ],
  ])('%s', (_, text) => {
    expect(parse(text).issues).toEqual([]);
    expect(refused(text)).toBeNull();
  });
});

describe('schema and reader both refuse', () => {
  test.each([
    ['an unknown section', study('runs: {}')],
    ['an unknown key', study('ablations: { a: { fil: zero } }')],
    ['an unknown word', study('ablations: { a: { unit: kernels } }')],
    ['a wrong type', study('ablations: { a: { layers: 3 } }')],
    ['an empty list', study('ablations: { a: { layers: [] } }')],
    ['a value twice', study('ablations: { a: { fill: [zero, zero] } }')],
    ['a fraction above 1', study('ablations: { a: { mode: random, fractions: [1.5] } }')],
    ['fractions with mode each', study('ablations: { a: { fractions: [0.1] } }')],
    ['trials with mode each', study('ablations: { a: { mode: each, trials: 3 } }')],
    ['a spread with mode cumulative', study('ablations: { a: { mode: cumulative, spread: matched } }')],
    ['an order with mode random', study('ablations: { a: { mode: random, order: kl } }')],
    ['trials of a fixed order', study('ablations: { a: { mode: cumulative, order: kl, trials: 3 } }')],
    ['draws of nothing', study('ablations: { a: { draws: 5 } }')],
    ['two draws', study('ablations: { a: { fill: resample, draws: 2 } }')],
    ['one layer among layers', study('ablations: { a: { mode: random, unit: layer, spread: one-layer } }')],
    ['a budget with mode each', study('ablations: { a: { budget: 10 } }')],
    ['a scope with mode random', study('ablations: { a: { mode: random, within: layer } }')],
    ['a spread with mode pairs', study('ablations: { a: { mode: pairs, spread: matched } }')],
    ['outputs kept with a stop', study('ablations: { a: { keep: logits, stop: { precision: 0.1 } } }')],
    ['kept maps of an ablation', study('ablations: { a: { keep: responses } }')],
    ['a stop by two rules', study('ablations: { a: { stop: { top: 3, epsilon: 0.1, precision: 0.1 } } }')],
    ['a stop by none', study('ablations: { a: { stop: { clip: 1 } } }')],
    ['a top without epsilon', study('ablations: { a: { stop: { top: 3 } } }')],
    ['a stop of random sets', study('ablations: { a: { mode: random, stop: { precision: 0.1 } } }')],
    ['a screen that is not judged', study('ablations: { a: { mode: pairs, screen: { keep: 12 } } }')],
    ['a screen of one target', study('ablations: { a: { mode: each, screen: { keep: 12, random: 6 } } }')],
    ['a budget of nothing', study('ablations: { a: { mode: pairs, budget: 0 } }')],
    ['more quadruples than are held', study('ablations: { a: { mode: quadruples, budget: 100001 } }')],
    ['compensation of kernels', study('ablations: { a: { mode: compensation, unit: kernel } }')],
    ['compensation of what is not said to be blocks', study('ablations: { a: { mode: compensation } }')],
    ['quadruples of blocks', study('ablations: { a: { mode: quadruples, unit: block } }')],
    ['a scope of quadruples', study('ablations: { a: { mode: quadruples, within: layer } }')],
    ['any pairs and some', study('ablations: { a: { mode: pairs, within: [any, layer] } }')],
    ['pairs within layers, of layers', study('ablations: { a: { mode: pairs, unit: layer, within: layer } }')],
    ['another version', study().replace('version: 1', 'version: 2')],
    ['no version', study().replace('version: 1\n', '')],
    ['no models', 'version: 1\nstudy: s\ndata: { a: { format: cifar10, files: x } }'],
    ['no name', study().replace('study: small\n', '')],
    ['a bad name', study('ablations: { "my cut": {} }')],
    ['a bad study', study().replace('small', '-small')],
    ['a negative seed', study('seed: -1')],
    ['idx without labels', study().replace('cifar10', 'idx')],
    ['labels of cifar10', study('', { data: 'labels: y' })],
    ['a crop of cifar10', study('', { data: 'crop: 24' })],
    ['a division by 0', study('', { model: ', input: { divide: 0 }' })],
    ['an expectation without accuracy', study('', { model: ', expect: { within: 0.1 }' })],
    ['an expectation for all', study('defaults: { expect: { accuracy: 0.9 } }')],
    ['no image set', 'version: 1\nstudy: s\ndata: {}\nmodels: { a: { file: a.onnx, data: b } }'],
    ['no network', study().replace(/models:\n.*/, 'models: {}')],
    ['a network without a file', study().replace('file: net.onnx, ', '')],
    ['one training', study().replace('file: net.onnx', 'trainings: [a.onnx]')],
    ['a training twice', study().replace('file: net.onnx', 'trainings: [a.onnx, a.onnx]')],
    ['a file and trainings', study('', { model: ', trainings: [a.onnx, b.onnx]' })],
    ['trainings for all', study('defaults: { trainings: [a.onnx, b.onnx] }')],
    ['no scope', study('ablations: { a: { mode: pairs, within: [] } }')],
    ['a scope that is no word', study('ablations: { a: { mode: pairs, within: [layers] } }')],
    ['a scope twice', study('ablations: { a: { mode: pairs, within: [layer, layer] } }')],
    ['a position twice', study('impulses: { a: { positions: [[1, 2], [1, 2]] } }')],
    ['seeded positions of none', study('impulses: { a: { positions: { phases: 0 } } }')],
    ['a resolve without a wish', study('impulses: { a: { resolve: { budget: { images: 99 } } } }')],
    ['a resolve of flat bases', study('impulses: { a: { base: black, resolve: { r2: 0.1 } } }')],
    ['a resolve at an inner site', study('impulses: { a: { at: x, resolve: { r2: 0.1 } } }')],
    ['a resolve from three images', study('impulses: { a: { base: { images: 3 }, resolve: { r2: 0.1 } } }')],
    ['a width of 0', study('impulses: { a: { resolve: { sr: 0 } } }')],
    ['no positions', study('impulses: { a: { positions: [] } }')],
    ['a position of three', study('impulses: { a: { positions: [[1, 2, 3]] } }')],
    ['deviations of nothing', study('impulses: { a: { amplitudes: {} } }')],
    ['images of no number', study('impulses: { a: { base: {} } }')],
    ['a flat position', study('impulses: { a: { positions: [3, 4] } }')],
    ['an amplitude of 0', study('impulses: { a: { amplitudes: 0 } }')],
    ['deviations at inner sites', study('impulses: { a: { at: conv1, amplitudes: { std: 1 } } }')],
    ['no base', study('impulses: { a: { base: { images: 0 } } }')],
    ['a channel that is no number', study('impulses: { a: { channels: [red] } }')],
    ['full confidence', study('analysis: { confidence: 1 }')],
    ['a small bootstrap', study('analysis: { bootstrap: 10 }')],
    ['memory in which nothing can start', study('run: { memory: 4096 }')],
    ['an unknown engine', study('run: { engine: torch }')],
    ['a limit that is none', study('run: { limit: 5 }')],
  ])('%s', (_, text) => {
    expect(parse(text).issues).not.toEqual([]);
    expect(refused(text)).not.toBeNull();
  });
});

test('the schema says which it is, and of every part what it means', () => {
  const schema = studyJsonSchema();
  expect(schema).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema', title: 'percuss study' });
  const silent: string[] = [];
  const look = (part: Json, path: string): void => {
    if (typeof part !== 'object' || part === null) return;
    for (const [keyword, value] of Object.entries(part as Readonly<Record<string, Json>>)) {
      if ((keyword === 'description' || keyword === 'title') && value === '') silent.push(`${path}.${keyword}`);
      look(value, `${path}.${keyword}`);
    }
  };
  look(schema, 'study');
  expect(silent).toEqual([]);
});

describe('parts of a schema', () => {
  test('say what they allow, and what holds without them', () => {
    expect(text('a name')).toStrictEqual({ type: 'string', minLength: 1, description: 'a name' });
    expect(text('a name', 'path')).toStrictEqual({
      type: 'string',
      minLength: 1,
      title: 'path',
      description: 'a name',
    });
    expect(whole(0, 'a number')).toStrictEqual({ type: 'integer', minimum: 0, description: 'a number' });
    expect(whole(1, 'a number', 3, 9)).toStrictEqual({
      type: 'integer',
      minimum: 1,
      maximum: 9,
      description: 'a number',
      default: 3,
    });
    expect(above0('a size')).toStrictEqual({ type: 'number', exclusiveMinimum: 0, description: 'a size' });
    expect(above0('a size', 2)).toMatchObject({ exclusiveMinimum: 0, default: 2 });
    expect(fraction('a part', 0.5)).toMatchObject({ exclusiveMinimum: 0, maximum: 1, default: 0.5 });
    expect(share('a part', 0.5)).toMatchObject({ exclusiveMinimum: 0, exclusiveMaximum: 1, default: 0.5 });
    expect(oneOf(['a', 'b'], 'a word')).toStrictEqual({ enum: ['a', 'b'], description: 'a word' });
    expect(oneOf(['a', 'b'], 'a word', 'a')).toStrictEqual({ enum: ['a', 'b'], description: 'a word', default: 'a' });
  });

  test('hold one word or several', () => {
    expect([word(['a']), word(['a', 'b'])]).toStrictEqual([{ const: 'a' }, { enum: ['a', 'b'] }]);
    expect([wordList(['a']), wordList(['a', 'b'])]).toStrictEqual([
      { const: ['a'] },
      { type: 'array', items: { enum: ['a', 'b'] } },
    ]);
  });

  test('hold one value or a list of them', () => {
    const item = { type: 'number' };
    expect(some(item)).toStrictEqual({ anyOf: [item, { type: 'array', items: item, minItems: 1, uniqueItems: true }] });
    expect(some({ ...item, description: 'x' }, { repeats: true })).toStrictEqual({
      description: 'x',
      anyOf: [
        { ...item, description: 'x' },
        { type: 'array', items: { ...item, description: 'x' }, minItems: 1 },
      ],
    });
  });

  test('hold keys, of which some are needed', () => {
    const a = { type: 'number' };
    expect(section(['a'], { a })).toStrictEqual({ type: 'object', additionalProperties: false, properties: { a } });
    expect(section(['a'], { a }, ['a'], { title: 'x' })).toMatchObject({ required: ['a'], title: 'x' });
  });
});
