import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Graph } from '../../core/network/graph.js';
import { modelFilePath, modelPath } from '../../core/spec/model-path.js';
import { isModelName, isName } from '../../core/spec/value.js';
import { float32 } from '../../core/tensor.js';
import { architectureOf, speaksFor, trainingName, trainingPlace } from '../../core/training-name.js';
import { SmallNetwork } from '../import/fixtures/small-network.js';
import { checkedAgainst, checkedSpec, plainNetwork, residualNetwork } from './checked-networks.js';
import { parse, study, told } from './study-file.js';

const networks = (models: string, more = ''): string => study(more).replace(/net: \{.*\}/, models);
const three = 'a: { trainings: [a1.onnx, a2.onnx, a3.onnx], data: test }\n  b: { file: b.onnx, data: test }';

describe('the name of a training', () => {
  const given = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/);

  test('is that of a network, and of no other one that a spec can give: it gives architecture and place back', () => {
    fc.assert(
      fc.property(given, fc.integer({ min: 0, max: 98 }), (architecture, place) => {
        const name = trainingName(architecture, place);
        expect([isModelName(name), isName(name)]).toEqual([true, false]);
        expect([architectureOf(name), trainingPlace(name)]).toEqual([architecture, place]);
        expect([architectureOf(architecture), trainingPlace(architecture)]).toEqual([architecture, undefined]);
      }),
    );
  });

  test('sorts as it counts', () => {
    const names = Array.from({ length: 99 }, (_, place) => trainingName('a', place));
    expect(names.toSorted()).toEqual(names);
    expect(names.slice(8, 10)).toEqual(['a@09', 'a@10']);
  });

  test.each(['a@0', 'a@00', 'a@1', 'a@100', 'a@', '@01', 'a@01@02', 'a@01/b'])('is not %s', (name) => {
    expect(isModelName(name)).toBe(false);
  });

  test('leads to where the spec has its file', () => {
    expect([modelPath('a.b@03'), modelFilePath('a.b@03'), modelFilePath('a.b')]).toEqual([
      'models.a.b',
      'models.a.b.trainings[2]',
      'models.a.b.file',
    ]);
  });

  test('of the first among some speaks for all of these', () => {
    expect(['a@01', 'a@02', 'a@03', 'b'].filter((name) => speaksFor(name, ['b', 'a@02', 'a@03']))).toEqual([
      'a@02',
      'b',
    ]);
  });
});

describe('trainings of an architecture', () => {
  test('are networks of their own that share all but the file', () => {
    const { spec, issues } = parse(
      networks('a: { trainings: [a1.onnx, a2.onnx], data: test, after: norm, expect: { accuracy: 0.9 } }'),
    );
    expect(issues).toEqual([]);
    const [first, second] = spec?.models ?? [];
    expect(spec?.models.map(({ name, file }) => [name, file])).toEqual([
      ['a@01', '/studies/a1.onnx'],
      ['a@02', '/studies/a2.onnx'],
    ]);
    expect({ ...second, name: '', file: '' }).toEqual({ ...first, name: '', file: '' });
    expect(first).toMatchObject({ after: 'norm', expect: { accuracy: 0.9, within: 0.02 }, data: 'test' });
  });

  test.each([
    ['a', ['a@01', 'a@02', 'a@03']],
    ['a@02', ['a@02']],
    ['[b, a@03]', ['a@03', 'b']],
    ['"{a,b}"', ['a@01', 'a@02', 'a@03', 'b']],
    ['"?"', ['a@01', 'a@02', 'a@03', 'b']],
    ['"*@01"', ['a@01']],
    ['"*"', ['a@01', 'a@02', 'a@03', 'b']],
  ])('are selected by models: %s', (models, chosen) => {
    const { spec, issues } = parse(networks(three, `ablations: { x: { models: ${models} } }`));
    expect(issues).toEqual([]);
    expect(spec?.ablations[0]?.models).toEqual(chosen);
  });

  test('are unrelated networks by their architecture, too', () => {
    const more = 'impulses: { x: { base: { images: 4 } } }\nanalysis: { nulls: { unrelated: [a] } }';
    expect(parse(networks(three, more)).spec?.analysis.nulls.unrelated).toEqual(['a@01', 'a@02', 'a@03']);
  });

  test.each([
    ['a@4', '«a@4» no model "a@4" is declared under models (did you mean "a@01"?)'],
    ['a@13', '«a@13» no model "a@13" is declared under models (did you mean "a@03"?)'],
    ['aa', '«aa» no model "aa" is declared under models (did you mean "a"?)'],
  ])('are not %s, and the nearest is named', (models, message) => {
    expect(told(networks(three, `ablations: { x: { models: ${models} } }`))).toEqual([message]);
  });
});

describe('a mistake in trainings is told:', () => {
  const one = 'one network is written { file: … }';
  test.each<[string, string[]]>([
    ['trainings: [x.onnx]', [`«[x.onnx]» expected files of at least two trainings, got a list of one (${one})`]],
    ['trainings: []', [`«[]» expected files of at least two trainings, got an empty list (${one})`]],
    ['trainings: x.onnx', [`«x.onnx» expected files of at least two trainings, got the text "x.onnx" (${one})`]],
    ['trainings: [x.onnx, ./x.onnx]', ['«./x.onnx» this file stands in the list twice']],
    ['trainings: [x.onnx, 3]', ['«3» expected a text, got the number 3 (write it as "3")']],
    [
      'trainings: [x.onnx, y.onnx], file: x.onnx',
      ['«file» "file" is one network and "trainings" are several (keep one of the two)'],
    ],
    [
      `trainings: [${Array.from({ length: 100 }, (_, i) => `x${i}.onnx`).join()}]`,
      [expect.stringContaining('100 trainings are above the limit of 99 (docs/limits.md)')],
    ],
  ])('{ %s }', (keys, messages) => {
    expect(told(networks(`a: { ${keys}, data: test }`))).toEqual(messages);
  });

  test('a file that is missing, each of them at its place', () => {
    expect(
      told(networks('a: { trainings: [absent1.onnx, y.onnx, absent2.onnx], data: test }')).map((text) =>
        text.replace(/ \(.*/, ''),
      ),
    ).toEqual(['«absent1.onnx» there is no file absent1.onnx', '«absent2.onnx» there is no file absent2.onnx']);
  });

  test('trainings of all networks', () => {
    expect(told(study('defaults: { trainings: [x.onnx, y.onnx] }'))).toEqual([
      '«trainings» unknown key "trainings" (trainings belong under models.NAME)',
    ]);
  });
});

/** The same network, otherwise trained. */
const trained = (graph: Graph, by: number): Graph => ({
  ...graph,
  constants: new Map(
    [...graph.constants].map(([id, { shape, data }]) => [
      id,
      float32(
        shape,
        Float32Array.from(data as Float32Array, (value) => value * by),
      ),
    ]),
  ),
});

function twoLayers({
  kernels = 4,
  second = 'conv2',
  act = 'Relu',
  classes = 10,
}: {
  readonly kernels?: number;
  readonly second?: string;
  readonly act?: 'Relu' | 'Tanh';
  readonly classes?: number;
}): Graph {
  const net = new SmallNetwork(3);
  const first = net.node(act, 'act1', [net.conv('conv1', net.input, kernels)]);
  return net.graph(net.head(net.relu('act2', net.conv(second, first, 4)), classes));
}

describe('held against networks,', () => {
  const spec = (more = ''): string =>
    checkedSpec('a: { trainings: [a1.onnx, a2.onnx, a3.onnx], data: test, reference: train }', more);
  const alike = (graph: Graph): Record<string, Graph> => ({
    'a@01': graph,
    'a@02': trained(graph, 2),
    'a@03': trained(graph, 3),
  });

  test('trainings that are built alike are right', () => {
    expect(checkedAgainst(spec(), alike(residualNetwork()))).toEqual([]);
    expect(checkedAgainst(spec(), alike(plainNetwork()))).toEqual([]);
  });

  const base = twoLayers({});
  test.each<[string, Graph, string]>([
    [
      'other kernels',
      twoLayers({ kernels: 5 }),
      'its site conv1 is 5 × 8 × 8, rectified, where a@01 has 4 × 8 × 8, rectified (trainings of one architecture have the same layers',
    ],
    [
      'another activation',
      twoLayers({ act: 'Tanh' }),
      'its site conv1 is 4 × 8 × 8, signed, where a@01 has 4 × 8 × 8, rectified (trainings',
    ],
    ['other classes', twoLayers({ classes: 9 }), 'it has 9 outputs, not 10 (trainings'],
    ['more layers', plainNetwork(), 'it has 7 sites, not 2 (trainings'],
    [
      'other names',
      twoLayers({ second: 'conv2_1' }),
      'its site 2 is conv2_1, where a@01 has conv2 (layers are found by their names',
    ],
  ])('%s are refused, where the file is named', (_, other, message) => {
    const found = checkedAgainst(spec(), { 'a@01': base, 'a@02': other, 'a@03': trained(base, 2) });
    expect(found.filter((text) => text.includes('is not built as'))).toEqual([
      expect.stringContaining(`«a2.onnx» a@02 is not built as a@01 is: ${message}`),
    ]);
  });

  test('the very weights of another training are refused', () => {
    expect(checkedAgainst(spec(), { ...alike(base), 'a@03': trained(base, 2) })).toEqual([
      '«a3.onnx» a@03 has the very weights of a@02 (name files of networks that were trained apart, each once)',
    ]);
  });

  test('what is wrong for all trainings is told once', () => {
    expect(
      checkedAgainst(spec('ablations: { x: { layers: conv9 } }\nimpulses: { y: { record: nowhere } }'), alike(base))
        .length,
    ).toBe(2);
    const wide = checkedAgainst(spec(), alike(twoLayers({ classes: 5 })));
    expect(wide).toEqual([expect.stringContaining('test has labels up to 9, but a@01 has 5 outputs')]);
  });

  test('an ablation of later trainings alone is held against the first of these', () => {
    expect(checkedAgainst(spec('ablations: { x: { models: [a@02, a@03], layers: conv9 } }'), alike(base))).toEqual([
      expect.stringContaining('a@02 has no layer "conv9"'),
    ]);
  });
});
