import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import type { Issue, PercussError } from '../../../core/errors.js';
import { readStudy } from '../../../core/study/preparing/prepare-study.js';
import { hasSharedData, sharedData } from '../../builders/shared-data.js';

const images = `${sharedData}/images/cifar10/cifar10_test_0000-0499.bin`;
const network = `${sharedData}/models/cifar10_mstutorial.onnx`;

interface Parts {
  readonly data?: string;
  readonly model?: string;
  readonly more?: string;
}

/** A spec that is right, with one part changed. The network has 4 convolutions and 10 classes, the set 500 images. */
const spec = ({ data = '', model = '', more = '' }: Parts): string => `version: 1
study: mistaken
data:
  test:
    format: cifar10
    files: ${images}
    images: 50
${data}
models:
  net:
    file: ${network}
    data: test
${model}
${more}`;

const ablation = (lines: string): Parts => ({ more: `ablations:\n  a:\n${indented(lines, 4)}` });
const impulse = (lines: string): Parts => ({ more: `impulses:\n  i:\n${indented(lines, 4)}` });
const model = (lines: string): Parts => ({ model: indented(lines, 4) });
const data = (lines: string): Parts => ({ data: indented(lines, 4) });
const indented = (lines: string, by: number): string => lines.replace(/^/gm, ' '.repeat(by));

/** One mistake each: what is wrong, the text that its place points to, what is said with its hint. */
const table: readonly (readonly [what: string, parts: Parts, at: string, said: RegExp])[] = [
  // Keys.
  ['an unknown key of an ablation', ablation('fil: zero'), 'fil', /unknown key "fil".*did you mean "fill"/],
  ['an unknown key of an image set', data('imags: 5'), 'imags', /did you mean "images"/],
  ['an unknown key of a network', model('refrence: test'), 'refrence', /did you mean "reference"/],
  ['an unknown key of input', model('input:\n  means: 0.5'), 'means', /did you mean "mean"/],
  ['an unknown key of output', model('output:\n  class_offset: 1'), 'class_offset', /did you mean "class-offset"/],
  [
    'an unknown key of expect',
    model('expect:\n  accuracy: 0.6\n  tolerance: 0.1'),
    'tolerance',
    /known keys: accuracy, within/,
  ],
  ['an unknown key of impulses', impulse('amplitude: 1'), 'amplitude', /did you mean "amplitudes"/],
  ['an unknown key of analysis', { more: 'analysis:\n  null: 1' }, 'null', /did you mean "nulls"/],
  ['an unknown key of rarefy', { more: 'analysis:\n  rarefy:\n    kernel: 4' }, 'kernel', /did you mean "kernels"/],
  ['an unknown key of run', { more: 'run:\n  worker: 2' }, 'worker', /did you mean "workers"/],
  ['an unknown key of limit', { more: 'run:\n  limit:\n    hour: 2' }, 'hour', /did you mean "hours"/],
  ['an unknown section', { more: 'ablation:\n  a: {}' }, 'ablation', /did you mean "ablations"/],
  ['a key at a level above', { more: 'fill: zero' }, 'fill', /unknown key "fill"/],
  ['a key at a level below', ablation('engine: tfjs'), 'engine', /unknown key "engine"/],
  ['limit above run', { more: 'limit:\n  hours: 2' }, 'limit', /unknown key "limit"/],
  ['a key that objects have', { more: 'constructor: 2' }, 'constructor', /unknown key "constructor"/],
  [
    'a key that is a prototype',
    ablation('__proto__: 2'),
    '__proto__',
    /unknown key "__proto__".*known keys|did you mean/,
  ],
  // Words.
  ['a misspelt mode', ablation('mode: eech'), 'eech', /did you mean "each"/],
  ['a misspelt unit', ablation('unit: kernels'), 'kernels', /did you mean "kernel"/],
  ['a misspelt fill', ablation('fill: zeros'), 'zeros', /did you mean "zero"/],
  [
    'a misspelt spread',
    ablation('mode: random\nfractions: 0.5\nspread: all-depth'),
    'all-depth',
    /did you mean "all-depths"/,
  ],
  ['a misspelt order', ablation('mode: cumulative\norder: weight-norms'), 'weight-norms', /did you mean "weight-norm"/],
  ['a misspelt scope', ablation('mode: pairs\nbudget: 9\nwithin: accross'), 'accross', /did you mean "across"/],
  ['a misspelt kind', model('output:\n  kind: logit'), 'logit', /did you mean "logits"/],
  ['a misspelt after', model('after: activations'), 'activations', /did you mean "activation"/],
  ['a misspelt base', impulse('base: blck'), 'blck', /did you mean "black"/],
  ['a misspelt keep', impulse('keep: signature'), 'signature', /did you mean "signatures"/],
  ['misspelt positions', impulse('positions: centre'), 'centre', /did you mean "center"/],
  ['a misspelt input of impulses', impulse('at: inptu'), 'inptu', /did you mean "input"/],
  ['a misspelt each of channels', impulse('channels: all'), 'all', /expected each, or channel numbers/],
  ['a misspelt engine', { more: 'run:\n  engine: onnx' }, 'onnx', /did you mean "onnxruntime"/],
  ['a misspelt device', { more: 'run:\n  device: gpu' }, 'gpu', /cuda/],
  ['a misspelt onFailure', { more: 'run:\n  onFailure: continu' }, 'continu', /did you mean "continue"/],
  ['a word in capitals', ablation('mode: Each'), 'Each', /did you mean "each"/],
  [
    'an engine without the device',
    { more: 'run:\n  engine: tfjs\n  device: tensorrt' },
    'tensorrt',
    /tfjs does not compute on tensorrt.*its devices/,
  ],
  // Types.
  ['a percentage', ablation('mode: random\nfractions: 5%'), '5%', /got the text "5%".*0\.05/],
  ['a number as text', ablation('mode: random\nfractions: 0.5\ntrials: "3"'), '"3"', /write 3 without quotes/],
  ['a list where a number is', ablation('mode: random\nfractions: 0.5\ntrials: [3]'), '[', /got a list/],
  ['a mapping where a word is', ablation('mode:\n  each: 1'), 'mode', /got a mapping/],
  ['a number where a glob is', ablation('layers: 3'), '3', /expected a text, got the number 3/],
  ['nothing where a word is', ablation('mode: null'), 'mode', /got nothing/],
  ['nothing where a number is', ablation('mode: random\nfractions: 0.5\ntrials: null'), 'trials', /got nothing/],
  ['a boolean where a number is', { more: 'seed: true' }, 'true', /got true/],
  ['yes for a number', { more: 'analysis:\n  nulls: yes' }, 'yes', /got the text "yes"/],
  ['a date for a seed', { more: 'seed: 2026-11-30' }, '2026-11-30', /got the text "2026-11-30"/],
  ['a float for a seed', { more: 'seed: 1.5' }, '1.5', /a whole number from 0, got the number 1\.5/],
  ['a negative seed', { more: 'seed: -1' }, '-1', /a whole number from 0/],
  ['a seed beyond all integers', { more: 'seed: 9007199254740992' }, '9007199254740992', /a whole number from 0/],
  ['not a number', ablation('mode: random\nfractions: .nan'), '.nan', /got the number \.nan/],
  ['an infinite number', { more: 'run:\n  batchSeconds: .inf' }, '.inf', /above 0, got the number \.inf/],
  ['a list of networks', { more: 'impulses: [1]' }, '[', /expected impulses by name, got a list/],
  ['an ablation that is a word', { more: 'ablations:\n  a: each' }, 'each', /expected a mapping/],
  ['a pair that is flat', impulse('positions: [1, 2]'), '[', /expected pairs/],
  ['a pair of three', impulse('positions: [[1, 2, 3]]'), '[1', /expected a pair/],
  // Ranges.
  ['a fraction above 1', ablation('mode: random\nfractions: 1.5'), '1.5', /above 0 and at most 1/],
  ['a fraction in per cent', ablation('mode: random\nfractions: 20'), '20', /20 % is 0\.2/],
  ['an expectation above 1', model('expect:\n  accuracy: 65.6'), '65.6', /65\.6 % is 0\.656/],
  ['an amplitude of 0', impulse('amplitudes: [1, 0]'), '0', /other than 0/],
  ['no draws', ablation('fill: resample\ndraws: 2'), '2', /at least 3/],
  ['no trials', ablation('mode: random\nfractions: 0.5\ntrials: 0'), '0', /at least 1/],
  ['a small bootstrap', { more: 'analysis:\n  bootstrap: 10' }, '10', /at least 100/],
  ['a confidence in per cent', { more: 'analysis:\n  confidence: 95' }, '95', /between 0 and 1.*95 % is 0\.95/],
  ['a far above 1', { more: 'analysis:\n  far: 2' }, '2', /at most 1/],
  ['negative nulls', { more: 'analysis:\n  nulls:\n    shuffled: -1' }, '-1', /at least 0/],
  ['a batch of no time', { more: 'run:\n  batchSeconds: 0' }, '0', /above 0/],
  ['a negative limit', { more: 'run:\n  limit:\n    hours: -1' }, '-1', /above 0/],
  ['no memory', { more: 'run:\n  memory: 4000' }, '4000', /at least 100000000/],
  ['a deviation of 0', model('input:\n  std: 0'), '0', /above 0/],
  ['a division by 0', model('input:\n  divide: 0'), '0', /above 0/],
  ['a negative class offset', model('output:\n  class-offset: -1'), '-1', /at least 0/],
  ['a negative channel', impulse('channels: [-1]'), '-1', /at least 0/],
  // Empty, twice, at odds.
  ['an empty selection', ablation('layers: []'), '[', /the list is empty/],
  ['no positions', impulse('positions: []'), '[', /the list is empty/],
  ['a fill twice', ablation('fill: [mean, mean]'), 'mean]', /stands in the list twice/],
  ['a fraction twice, written otherwise', ablation('mode: random\nfractions: [0.5, 0.50]'), '0.50', /twice/],
  ['trials of mode each', ablation('trials: 3'), 'trials', /of no use with mode each/],
  ['within without pairs', ablation('within: layer'), 'within', /write mode: pairs/],
  [
    'stop of another mode',
    ablation('mode: random\nfractions: 0.5\nstop:\n  precision: 0.1'),
    'stop',
    /no use with mode random/,
  ],
  ['crop of cifar10', data('crop: 20'), 'crop', /of no use with format cifar10/],
  ['labels of cifar10', data(`labels: ${images}`), 'labels', /of no use with format cifar10/],
  ['a mean for two channels', model('input:\n  mean: [0.5, 0.5]'), '[0.5, 0.5]', /mean/],
  [
    'means and deviations that differ',
    model('input:\n  mean: [1, 1, 1]\n  std: [1, 1]'),
    '[1, 1]',
    /2 numbers, but mean has 3/,
  ],
  // Against files, images and networks.
  ['a layer that is not there', ablation('layers: Conv_3'), 'Conv_3', /did you mean "Conv_/],
  ['a glob that finds nothing', ablation('layers: ["*", "layer9*"]'), '"layer9*"', /selects no layer of net/],
  ['a block of a network without', ablation('unit: block'), 'block', /no residual blocks/],
  ['a fraction of nothing', ablation('mode: random\nfractions: 0.000001'), '0.000001', /rounds to nothing/],
  ['a site that is not there', impulse('record: conv99'), 'conv99', /no site "conv99"/],
  ['a channel beyond the last', impulse('channels: [3]'), '3', /has 3, 0 to 2/],
  ['a position outside', impulse('positions: [[32, 0]]'), '[32, 0]', /lies outside/],
  ['more bases than images', impulse('base:\n  images: 51'), '51', /has 50/],
  ['an output that is not there', model('output:\n  name: logitz'), 'logitz', /no output "logitz"/],
  ['a set that is not declared', model('reference: tset'), 'tset', /did you mean "test"/],
  ['a network that is not declared', ablation('models: nett'), 'nett', /did you mean "net"/],
  ['a class offset beyond the outputs', model('output:\n  class-offset: 1'), '1', /labels up to 9 and class-offset 1/],
  ['too much', ablation('mode: random\nfractions: 0.5\ntrials: 1000000000000'), '1000000000000', /1000000000000 cells/],
];

describe.skipIf(!hasSharedData)('validate finds one mistake, at its place, with what to do:', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'percuss-mistakes-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const issuesOf = async (text: string): Promise<readonly Issue[]> => {
    const file = path.join(folder, 'study.yaml');
    writeFileSync(file, text);
    const error = (await readStudy(file).then(
      () => new Error('the spec was found right'),
      (thrown: unknown) => thrown as PercussError,
    )) as PercussError;
    if (!error.issues) throw error;
    return error.issues;
  };
  /** The only mistake, said to stand where the last such text begins. */
  const expectMistake = async (text: string, at: string, said: RegExp): Promise<void> => {
    const issues = await issuesOf(text);
    const before = text.slice(0, text.lastIndexOf(at)).split('\n');
    const place = `${before.length}:${(before.at(-1) as string).length + 1}`;
    expect(issues.map(({ line, column, message }) => `${line}:${column} ${message}`)).toEqual([
      expect.stringMatching(`^${place} `),
    ]);
    expect(`${issues[0]?.message} = ${issues[0]?.hint ?? ''}`).toMatch(said);
  };

  test.each(table)('%s', async (_, parts, at, said) => {
    await expectMistake(spec(parts), at, said);
  });

  test.each(table)('%s, in a spec of one line', async (_, parts, at, said) => {
    const line = parseDocument(spec(parts)).toString({ collectionStyle: 'flow', lineWidth: 0 });
    await expectMistake(line.replace(/\s+/g, ' ').trim(), at.replace(/^\[(?=\S)/, '[ ').replace(/\]$/, ' ]'), said);
  });

  test('mistakes of shape hide neither names nor files, nor files one another', async () => {
    const text = spec({
      data: `  damaged:\n    format: idx\n    files: ${images}\n    labels: ${images}\n  many:\n    format: cifar10\n    files: ${images}\n    images: 501`,
      model: `  other:\n    file: ${images.replace('test_0000', 'tst_0000')}\n    data: test`,
      more: 'ablations:\n  a: { layers: [Conv_99], fill: zer, models: net }\n  b: { mode: randm, layers: nope }\n  c: { layers: nope, models: net }',
    });
    const issues = await issuesOf(text);
    expect(issues.map(({ code, path: at }) => `${code} ${at}`)).toEqual([
      'FILE_DAMAGED data.damaged.files[0]',
      'DATA_INVALID data.many.images',
      'SPEC_INVALID models.other.file',
      'SPEC_INVALID ablations.a.layers[0]',
      'SPEC_INVALID ablations.a.fill',
      'SPEC_INVALID ablations.b.mode',
      'SPEC_INVALID ablations.c.layers[0]',
    ]);
    expect(issues[2]?.hint).toMatch(/did you mean ".*cifar10_test_0000-0499\.bin"/);
    expect(issues.every(({ line, column }) => line > 8 && column > 1)).toBe(true);
  });
});
