import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { anatomyOf } from '../../core/anatomy/anatomy.js';
import { importNetwork } from '../../core/import/import-network.js';
import { checkAgainstNetworks, type ImageFacts, type SpecSubjects } from '../../core/spec/check.js';
import { parse } from './study-file.js';

const models = fileURLToPath(new URL('../../../shared/data/models/', import.meta.url));
const present = existsSync(models);
if (!present) console.warn(`skipped: the trained networks are not at ${models}`);

const facts: ImageFacts = { shape: [3, 32, 32], images: 250, labelsMax: 9, labelsMin: 0, classes: null };
const files = {
  resnet: 'cifar10_resnet20.onnx',
  plain: 'cifar10_mstutorial.onnx',
  lenet: 'mnist_lenet.onnx',
  background: 'imagenet_mobilenet_v1_0.25_128.onnx',
};

function spec(more: string, model = 'resnet: { file: r.onnx, data: test }'): string {
  return `version: 1
study: checked
data: { test: { format: cifar10, files: a.bin } }
models:
  ${model}
${more}`;
}

describe.skipIf(!present)('a spec is checked against trained networks:', () => {
  let subjects: SpecSubjects;
  beforeAll(async () => {
    const read = async (name: keyof typeof files) => {
      const bytes = await readFile(models + files[name]);
      return [name, await importNetwork(name, 'onnx', new Map([['model.onnx', bytes]]))] as const;
    };
    const graphs = new Map(await Promise.all((Object.keys(files) as (keyof typeof files)[]).map(read)));
    const anatomies = new Map([...graphs].map(([name, graph]) => [name, anatomyOf(graph)]));
    subjects = { graphs, anatomies, images: new Map([['test', facts]]) };
  });

  const check = (text: string, images: Partial<ImageFacts> = {}, reference: Partial<ImageFacts> = {}): string[] => {
    const { spec: read, positions, issues } = parse(text);
    expect(issues).toEqual([]);
    if (!read) return [];
    const known = {
      ...subjects,
      images: new Map([
        ['test', { ...facts, ...images }],
        ['train', { ...facts, ...reference }],
      ]),
    };
    return checkAgainstNetworks(read, positions, known).map(
      ({ line, column, message, hint }) => `${line}:${column} ${message}${hint === undefined ? '' : ` (${hint})`}`,
    );
  };

  test('one output with a softmax over it', () => {
    const lenet = subjects.graphs.get('lenet');
    if (!lenet) throw new Error('no lenet');
    const shapes = new Map(lenet.shapes).set(lenet.outputs.at(-1) ?? '', [-1, 1]);
    subjects = { ...subjects, graphs: new Map(subjects.graphs).set('single', { ...lenet, shapes }) };
    const image = { shape: [1, 28, 28], labelsMax: 0 };
    const single = (kind: string): string =>
      spec('', `single: { file: s.onnx, data: test, output: { kind: ${kind} } }`);
    expect(check(single('logits'), image)).toEqual([
      expect.stringMatching(/^5:\d+ single has one output, and a softmax over one class is always 1.*kind: values/),
    ]);
    expect(check(single('values'), image)).toEqual([]);
  });

  describe('classes by name', () => {
    const ten = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];
    const nine = ten.filter((name) => name !== 'bird');
    const two = spec('', 'resnet: { file: r.onnx, data: test, reference: train }').replace(
      'data: {',
      'data: { train: { format: folder, files: b },',
    );
    const plain = spec('');
    const background = spec('', 'background: { file: r.onnx, data: test, output: { class-offset: 1 } }');
    const thousand = Array.from({ length: 1000 }, (_, i) => `class ${i}`);

    test.each<[string, string, readonly string[], readonly string[] | null, RegExp | undefined]>([
      ['as many as outputs', plain, ten, null, undefined],
      [
        'one folder less than outputs',
        plain,
        nine,
        null,
        /^3:\d+ test has 9 classes \(airplane, .*, truck\), but resnet has 10 outputs \(a missing class shifts .*give classes/,
      ],
      [
        'one folder more',
        plain,
        [...ten, 'zebra'],
        null,
        /test has 11 classes .* resnet has 10 outputs \(do the images belong/,
      ],
      [
        'nine of ten in test',
        two,
        nine,
        ten,
        /^3:\d+ the classes of test and of train differ: test lacks bird, which train has \(.*same classes/,
      ],
      ['nine of ten in train', two, ten, nine, /differ: train lacks bird, which test has/],
      [
        'another spelling',
        two,
        [...nine, 'brid'].toSorted(),
        ten,
        /test lacks bird, .*train lacks brid, which test has \(did you mean "brid"\?/,
      ],
      [
        'another order',
        two,
        ten.toReversed(),
        ten,
        /number their classes differently: class 0 is truck in the one, airplane in the other/,
      ],
      ['equal', two, ten, ten, undefined],
      ['names in the one only', two, ten, null, undefined],
      ['nine in both', two, nine, nine, /test has 9 classes/],
    ])('%s', (_, text, tested, reference, problem) => {
      const found = check(text, { classes: tested, labelsMax: tested.length - 1 }, { classes: reference });
      if (problem === undefined) expect(found).toEqual([]);
      else expect(found).toEqual([expect.stringMatching(problem)]);
    });

    test('with a class offset, one name less than outputs', () => {
      const image = { shape: [3, 128, 128] };
      expect(check(background, { ...image, classes: thousand })).toEqual([]);
      expect(check(background, { ...image, classes: [...thousand, 'x'] })).toEqual([
        expect.stringMatching(
          /test has 1001 classes .*1001 outputs, of which class-offset leaves out 1 \(is class-offset right/,
        ),
      ]);
    });
  });

  test('labels that count from 1', () => {
    expect(check(spec(''), { labelsMin: 1, labelsMax: 10 })).toEqual([
      expect.stringMatching(/labels up to 10, but resnet has 10 outputs.*count from 1: store them from 0 on/),
    ]);
  });

  test('a top that takes all, and a damage without a scale', () => {
    const all = `ablations:
  a: { layers: [conv1], stop: { top: 16, epsilon: 0.05 } }
  b: { layers: [conv1], stop: { top: 15, epsilon: 0.05 } }`;
    expect(check(spec(all))).toEqual(['7:38 the top 16 of the 16 kernels selected in resnet are all (lower top)']);
    const values = 'resnet: { file: r.onnx, data: test, output: { kind: values } }';
    const stops = `ablations:
  a: { stop: { precision: 0.05 } }
  b: { stop: { precision: 0.05, clip: 1 } }`;
    expect(check(spec(stops, values))).toEqual([
      '7:8 the outputs of resnet are values, whose damage has no scale of its own (give clip: above it, how far an output is off counts no further)',
    ]);
  });

  test('a right one', () => {
    const more = `ablations:
  a: { unit: kernel, layers: ["layer1.*", conv1], mode: random, fractions: [0.05] }
  b: { unit: block }
  c: { unit: stream, mode: random, fractions: 0.5 }
impulses:
  i: { positions: [[31, 31]], channels: [2], record: ["layer3.*"] }`;
    expect(check(spec(more))).toEqual([]);
  });

  test('a layer that does not exist, with the nearest that does', () => {
    expect(check(spec('ablations: { a: { layers: [conv1, layer1.0.conv3] } }'))).toEqual([
      expect.stringMatching(/^6:35 resnet has no layer "layer1\.0\.conv3" \(did you mean "layer1\.0\.conv[12]"\?\)$/),
    ]);
  });

  test('a glob that selects nothing', () => {
    expect(check(spec('ablations: { a: { layers: "layer9.*" } }'))).toEqual([
      expect.stringMatching(/^6:27 "layer9\.\*" selects no layer of resnet/),
    ]);
  });

  test('pairs of which the selection has none', () => {
    const more =
      'ablations:\n  a: { mode: pairs, layers: conv1, within: across }\n  b: { mode: pairs, unit: layer, layers: conv1 }';
    expect(check(spec(more))).toEqual([
      expect.stringMatching(/^7:44 the kernels selected in resnet have no pair across layers \(select more/),
      expect.stringMatching(/^8:\d+ the layers selected in resnet have no pair at all/),
    ]);
  });

  test('quadruples of a single layer', () => {
    expect(check(spec('ablations:\n  a: { mode: quadruples, layers: conv1 }\n  b: { mode: quadruples }'))).toEqual([
      expect.stringMatching(
        /^7:14 quadruples are of two layers with two kernels each, of which the selection in resnet has too few \(select more/,
      ),
    ]);
  });

  test('blocks and streams of a network that has none', () => {
    const more = 'ablations:\n  a: { unit: block }\n  b: { unit: stream }';
    expect(check(spec(more, 'plain: { file: p.onnx, data: test }'))).toEqual([
      expect.stringMatching(/^7:14 plain has no residual blocks \(leave this model out/),
      expect.stringMatching(/^8:14 plain has no residual streams/),
    ]);
  });

  test('a fraction that rounds to nothing', () => {
    const more = 'ablations: { a: { layers: conv1, mode: random, fractions: [0.02, 0.1] } }';
    expect(check(spec(more))).toEqual([
      '6:60 0.02 of the 16 kernels selected in resnet rounds to nothing (the least fraction that removes one is 0.0313)',
    ]);
  });

  test('sites, channels and positions that are not there', () => {
    const more = 'impulses: { i: { record: [layer4.0.conv1], channels: [0, 3], positions: [[32, 0]] } }';
    expect(check(spec(more))).toEqual([
      expect.stringMatching(/^6:27 resnet has no site "layer4\.0\.conv1" \(did you mean/),
      expect.stringMatching(/^6:58 there is no channel 3: the input of resnet has 3, 0 to 2/),
      expect.stringMatching(/^6:74 \[32, 0\] lies outside the input of resnet, which is 32×32/),
    ]);
  });

  test('a record that lies before the impulse', () => {
    const more = 'impulses: { i: { at: layer3.2.conv2, amplitudes: [1, -1], record: [conv1] } }';
    expect(check(spec(more)).join()).toMatch(/^6:67 no recorded site of resnet lies behind/);
  });

  test('images of another size, and means of another number of channels', () => {
    expect(check(spec(''), { shape: [1, 28, 28] })).toEqual([
      expect.stringMatching(/^5:33 resnet on test: the images are \[1, 28, 28\].*\[N, 3, 32, 32\]/),
    ]);
    const grey = 'lenet: { file: l.onnx, data: test, input: { mean: [0, 0, 0] } }';
    expect(check(spec('', grey), { shape: [1, 28, 28] })).toEqual([
      expect.stringMatching(/^5:53 lenet on test: mean has 3 numbers, but the images have 1 channel; give 1$/),
    ]);
  });

  test('labels outside the classes, also through the class offset', () => {
    expect(check(spec(''), { labelsMax: 10 })).toEqual([
      expect.stringMatching(/^5:33 test has labels up to 10, but resnet has 10 outputs, 0 to 9/),
    ]);
    const shifted = 'resnet: { file: r.onnx, data: test, output: { class-offset: 1 } }';
    expect(check(spec('', shifted))).toEqual([
      expect.stringMatching(/^5:63 test has labels up to 9 and class-offset 1, but resnet has 10 outputs/),
    ]);
    const background = 'background: { file: b.onnx, data: test, output: { class-offset: 1 } }';
    expect(check(spec('', background), { shape: [3, 128, 128], labelsMax: 999 })).toEqual([]);
  });

  test('an output that does not exist', () => {
    expect(check(spec('', 'resnet: { file: r.onnx, data: test, output: { name: logit } }'))).toEqual([
      expect.stringMatching(/^5:55 resnet has no output "logit"/),
    ]);
  });

  test('more bases than reference images, and a rarefaction beyond the network', () => {
    const more = 'impulses: { i: { base: { images: 300 } } }\nanalysis: { rarefy: { sites: 40 } }';
    expect(check(spec(more))).toEqual([
      '6:34 300 images, but the reference set test of resnet has 250',
      expect.stringMatching(/^7:13 40 sites of at least 8 kernels are asked for, but resnet has \d+/),
    ]);
  });

  test('a default rarefaction beyond the network is no mistake', () => {
    expect(check(spec('', 'plain: { file: p.onnx, data: test }'))).toEqual([]);
  });
});
