import { describe, expect, test } from 'vitest';
import { limits } from '../../core/limits.js';
import { SmallNetwork } from '../import/fixtures/small-network.js';
import { checkedAgainst, checkedSpec, plainNetwork, residualNetwork } from './checked-networks.js';

const residual = { res: residualNetwork() };
const grey = (() => {
  const net = new SmallNetwork(1);
  return { grey: net.graph(net.head(net.relu('act', net.conv('conv', net.input, 4)), 10)) };
})();
const res = (keys = ''): string => checkedSpec(`res: { file: r.onnx, data: test${keys} }`);

describe('a spec is held against the networks and images that it names:', () => {
  test('a right one has nothing said of it', () => {
    const more = `ablations:
  a: { unit: kernel, layers: ["b?.conv1", stem], mode: random, fractions: [0.05] }
  b: { unit: block }
  c: { unit: stream, mode: random, fractions: 0.5 }
  d: { mode: pairs, within: [layer, across] }
  e: { stop: { top: 3, epsilon: 0.05 } }
impulses:
  i: { positions: [[7, 7]], channels: [2], record: ["b1.*"], base: { images: 250 } }
analysis: { rarefy: { kernels: 16, sites: 3 } }`;
    expect(checkedAgainst(checkedSpec('res: { file: r.onnx, data: test }', more), residual)).toEqual([]);
  });

  test('what could not be read is not judged', () => {
    const more = 'ablations: { a: { layers: nowhere } }\nimpulses: { i: { record: nowhere, channels: [9] } }';
    const text = checkedSpec('res: { file: r.onnx, data: test, output: { name: nothing } }', more);
    expect(checkedAgainst(text, {})).toEqual([]);
    expect(checkedAgainst(text, residual, {}, { anatomies: new Map() })).toEqual([
      '«nothing» res has no output "nothing" (its outputs: fc)',
    ]);
    expect(checkedAgainst(text, residual, {}, { graphs: new Map() })).toEqual([
      '«nowhere» res has no layer "nowhere" (its layers: stem, b0.conv1, b0.conv2, b1.conv1, b1.conv2)',
      '«nowhere» res has no site "nowhere" (its sites: stem, b0.conv1, b0.conv2, b1.conv1, b1.conv2)',
    ]);
  });

  test('an unrelated network that takes another input, or is given no impulses on images', () => {
    const nets = [
      'res: { file: r.onnx, data: test }',
      'plain: { file: p.onnx, data: test }',
      'again: { file: a.onnx, data: test, input: { divide: 255 } }',
      'grey: { file: g.onnx, data: small }',
    ];
    const said = (models: string, unrelated: string): string[] =>
      checkedAgainst(
        checkedSpec(
          nets.join('\n  '),
          `impulses: { i: { models: [${models}], base: { images: 3 } } }\nanalysis: { nulls: { unrelated: [${unrelated}] } }`,
        ).replace('data: {', 'data: { small: { format: folder, files: greys },'),
        { ...residual, ...grey, plain: plainNetwork(), again: residualNetwork() },
        { test: {}, train: {}, small: { shape: [1, 8, 8] } },
      ).map((line) => line.replace(/ \(an unrelated network .*/, ''));
    expect(said('res, plain', 'res, plain')).toEqual([]);
    expect(said('res', 'res')).toEqual([
      '«[res]» there is no network other than res to stand beside it (name another network of the study, or remove unrelated)',
    ]);
    expect(said('res', 'plain')).toEqual([
      '«[plain]» plain cannot stand beside res: it is given no impulses on images',
    ]);
    expect(said('res, again', 'again')).toEqual([
      '«[again]» again cannot stand beside res: its images are preprocessed in another way (input)',
    ]);
    expect(said('res, grey', 'grey')).toEqual([
      '«[grey]» grey cannot stand beside res: it takes 1 × 8 × 8, not 3 × 8 × 8',
    ]);
  });

  test('each network by what concerns it, in the order of the file', () => {
    const more = `ablations:
  a: { models: res, layers: nowhere }
  b: { models: plain, unit: block }
impulses:
  i: { models: res, record: nowhere }
  j: { models: plain, record: conf1 }`;
    const text = checkedSpec('plain: { file: p.onnx, data: test }\n  res: { file: r.onnx, data: test }', more);
    expect(checkedAgainst(text, { ...residual, plain: plainNetwork() })).toEqual([
      '«nowhere» res has no layer "nowhere" (its layers: stem, b0.conv1, b0.conv2, b1.conv1, b1.conv2)',
      '«block» plain has no residual blocks (leave this model out under models, or choose unit: kernel or layer)',
      '«nowhere» res has no site "nowhere" (its sites: stem, b0.conv1, b0.conv2, b1.conv1, b1.conv2)',
      '«conf1» plain has no site "conf1" (did you mean "conv1"?)',
    ]);
  });

  test('of thousands of mistakes as many as are told at all, and nearest names only for the first', () => {
    const globs = Array.from({ length: limits.specMistakes.value / 10 + 1 }, (_, i) => `stem${i}`);
    const names = Array.from({ length: 10 }, (_, i) => `n${i}`);
    const models = names.map((name) => `${name}: { file: n.onnx, data: test }`).join('\n  ');
    const text = checkedSpec(models, `ablations: { a: { layers: [${globs.join(', ')}] } }`);
    const told = checkedAgainst(text, Object.fromEntries(names.map((name) => [name, residual.res])));
    expect(told).toHaveLength(limits.specMistakes.value);
    expect(told).toContain('«stem99» n3 has no layer "stem99" (did you mean "stem"?)');
    expect(told).toContain(
      '«stem100» n3 has no layer "stem100" (its layers: stem, b0.conv1, b0.conv2, b1.conv1, b1.conv2)',
    );
  });
});

describe('outputs', () => {
  test('that the network does not have', () => {
    expect(checkedAgainst(res(', output: { name: fcc }'), residual)).toEqual([
      '«fcc» res has no output "fcc" (did you mean "fc"?)',
    ]);
    expect(checkedAgainst(res(', output: { name: fc }'), residual)).toEqual([]);
  });

  test('that are values, whose damage stops by no scale of its own', () => {
    const stopped = (kind: string, stop: string): string[] =>
      checkedAgainst(
        checkedSpec(`res: { file: r.onnx, data: test, output: { kind: ${kind} } }`, `ablations: { a: { ${stop} } }`),
        residual,
      );
    expect(stopped('values', 'stop: { precision: 0.05 }')).toEqual([
      '«stop» the outputs of res are values, whose damage has no scale of its own (give clip: above it, how far an output is off counts no further)',
    ]);
    expect(stopped('values', 'stop: { precision: 0.05, clip: 1 }')).toEqual([]);
    expect(stopped('values', '')).toEqual([]);
    expect(stopped('probabilities', 'stop: { precision: 0.05 }')).toEqual([]);
  });
});

describe('images', () => {
  test('of another size, once where they are their own reference', () => {
    expect(checkedAgainst(res(), residual, { test: { shape: [1, 28, 28] }, train: {} })).toEqual([
      "«test» res on test: the images are [1, 28, 28] (channels, height, width), which do not fit the network's input [N, 3, 8, 8]",
    ]);
    expect(checkedAgainst(res(', reference: train'), residual, { test: {}, train: { shape: [3, 9, 8] } })).toEqual([
      "«train» res on train: the images are [3, 9, 8] (channels, height, width), which do not fit the network's input [N, 3, 8, 8]",
    ]);
  });

  test('that no set was read of', () => {
    expect(checkedAgainst(res(', reference: train, input: { mean: [0, 0] }'), residual, {})).toEqual([]);
  });

  test.each([
    ['mean: [0, 0]', '«[0, 0]» res on test: mean has 2 numbers, but the images have 3 channels; give 1 or 3'],
    ['std: [1, 1]', '«[1, 1]» res on test: std has 2 numbers, but the images have 3 channels; give 1 or 3'],
    ['mean: [0, 0, 0], std: [1, 1, 1], order: bgr', undefined],
  ])('whose channels are not those of input: { %s }', (keys, said) => {
    expect(checkedAgainst(res(`, input: { ${keys} }`), residual)).toEqual(said === undefined ? [] : [said]);
  });

  test('that have no colours to put in order', () => {
    const text = checkedSpec('grey: { file: g.onnx, data: test, input: { divide: 255, order: bgr } }');
    expect(checkedAgainst(text, grey, { test: { shape: [1, 8, 8] }, train: {} })).toEqual([
      '«bgr» grey on test: order bgr needs 3 channels, but the images have 1',
    ]);
  });
});

describe('a rarefaction that the network is too small for', () => {
  const asked = (rarefy: string): string[] =>
    checkedAgainst(checkedSpec('res: { file: r.onnx, data: test }', `analysis: { rarefy: { ${rarefy} } }`), residual);

  test('is a mistake where its author asked for it', () => {
    expect(asked('kernels: 16, sites: 3')).toEqual([]);
    expect(asked('kernels: 16, sites: 4')).toEqual([
      '«rarefy» 4 sites of at least 16 kernels are asked for, but res has 3 (lower sites to 3, or kernels)',
    ]);
    expect(asked('kernels: 17, sites: 2')).toEqual([
      '«rarefy» 2 sites of at least 17 kernels are asked for, but res has 0 (lower kernels)',
    ]);
  });

  test('with two sites left can be lowered to these, with one it cannot', () => {
    const net = new SmallNetwork(3);
    const wide = [8, 9, 10].reduce((from, kernels, i) => net.conv(`conv${i}`, from, kernels), net.input);
    const graphs = { net: net.graph(net.head(wide, 10)) };
    const about = (kernels: number): string[] =>
      checkedAgainst(
        checkedSpec('net: { file: n.onnx, data: test }', `analysis: { rarefy: { kernels: ${kernels}, sites: 4 } }`),
        graphs,
      );
    expect(about(10)).toEqual(['«rarefy» 4 sites of at least 10 kernels are asked for, but net has 1 (lower kernels)']);
    expect(about(9)).toEqual([
      '«rarefy» 4 sites of at least 9 kernels are asked for, but net has 2 (lower sites to 2, or kernels)',
    ]);
  });

  test('is none by default, where it is left out', () => {
    expect(checkedAgainst(res(), residual)).toEqual([]);
  });
});
