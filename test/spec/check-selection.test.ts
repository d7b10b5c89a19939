import { describe, expect, test } from 'vitest';
import { anatomyOf } from '../../core/anatomy/anatomy.js';
import type { ImageFacts } from '../../core/spec/check.js';
import { units } from '../../core/spec/words/units.js';
import { SmallNetwork } from '../import/fixtures/small-network.js';
import { checkedAgainst, checkedSpec, plainNetwork, residualNetwork } from './checked-networks.js';

const graphs = { res: residualNetwork(), plain: plainNetwork() };

const checked = (
  model: 'res' | 'plain',
  more: string,
  images: Readonly<Record<string, Partial<ImageFacts>>> = { test: {} },
): string[] => checkedAgainst(checkedSpec(`${model}: { file: n.onnx, data: test }`, more), graphs, images);
const ablation = (model: 'res' | 'plain', keys: string): string[] => checked(model, `ablations: { a: { ${keys} } }`);
const impulse = (keys: string): string[] => checked('res', `impulses: { a: { ${keys} } }`);

describe('what may be selected of a network', () => {
  test('are its layers by kernels or as wholes, its blocks and the channels of its streams, by all their names', () => {
    const anatomy = anatomyOf(residualNetwork());
    const groups = (unit: keyof typeof units): (readonly [string | undefined, number])[] =>
      units[unit].groups(anatomy).map(({ names, targets }) => [names[0], targets]);
    expect(groups('kernel')).toEqual([
      ['stem', 16],
      ['b0.conv1', 6],
      ['b0.conv2', 16],
      ['b1.conv1', 4],
      ['b1.conv2', 16],
    ]);
    expect(groups('layer').map(([, targets]) => targets)).toEqual([1, 1, 1, 1, 1]);
    expect(groups('block')).toEqual([
      ['b0', 1],
      ['b1', 1],
    ]);
    expect(groups('stream')).toEqual([['stem', 16]]);
    expect(units.layer.groups(anatomy)[1]?.names).toEqual([
      'b0.conv1',
      'b0.conv1',
      'b0.conv1.weight',
      'b0.conv1.bias',
      'b0.relu',
    ]);
  });

  test('are, of a stream, only channels that something writes', () => {
    const anatomy = anatomyOf(residualNetwork());
    const [stream] = anatomy.streams;
    if (!stream) throw new Error('no stream');
    const writers = stream.writers.map((ofChannel, channel) => (channel < 3 ? [] : ofChannel));
    expect(units.stream.groups({ ...anatomy, streams: [{ ...stream, writers }] })).toEqual([
      { names: ['stem'], targets: 13 },
    ]);
  });

  test('are layers without the names of a site that is not there', () => {
    const { sites, ...anatomy } = anatomyOf(residualNetwork());
    const first = units.kernel.groups({ ...anatomy, sites: sites.slice(1) })[0];
    expect(first).toEqual({ names: ['stem'], targets: 16 });
  });
});

describe('layers of an ablation', () => {
  test('by the names of their sites, and by globs over them', () => {
    expect(ablation('res', 'layers: [stem.relu, "b{0,1}.conv1", "*.conv?"]')).toEqual([]);
  });

  test('that do not exist, with the nearest that does', () => {
    expect(ablation('res', 'layers: [stem, stemm]')).toEqual([
      '«stemm» res has no layer "stemm" (did you mean "stem"?)',
    ]);
  });

  test.each(['x*', 'x?y', 'x{y,z}'])('as a glob that selects none: %s', (glob) => {
    expect(ablation('res', `layers: "${glob}"`)).toEqual([
      `«"${glob}"» "${glob}" selects no layer of res (its layers: stem, b0.conv1, b0.conv2, b1.conv1, b1.conv2)`,
    ]);
  });

  test('of which, where there are many, six are listed', () => {
    expect(ablation('plain', 'layers: nowhere-at-all')).toEqual([
      '«nowhere-at-all» plain has no layer "nowhere-at-all" (its layers: conv1, conv2, conv3, conv4, conv5, conv6, … (7; percuss inspect lists them))',
    ]);
    const net = new SmallNetwork(3);
    const six = Array.from({ length: 6 }, (_, i) => `c${i}`).reduce((from, id) => net.conv(id, from, 4), net.input);
    const text = checkedSpec('six: { file: n.onnx, data: test }', 'ablations: { a: { layers: nowhere } }');
    expect(checkedAgainst(text, { six: net.graph(net.head(six, 10)) })).toEqual([
      '«nowhere» six has no layer "nowhere" (its layers: c0, c1, c2, c3, c4, c5)',
    ]);
  });

  test('that are none say nothing of fractions, pairs and tops', () => {
    expect(ablation('res', 'layers: nowhere, mode: random, fractions: [0.0001]')).toHaveLength(1);
    expect(ablation('res', 'layers: nowhere, mode: pairs, within: layer')).toHaveLength(1);
    expect(ablation('res', 'layers: nowhere, stop: { top: 3, epsilon: 0.1 }')).toHaveLength(1);
  });
});

describe('units that a network does not have', () => {
  test('blocks and streams', () => {
    const remedy = 'leave this model out under models, or choose unit: kernel or layer';
    expect(ablation('plain', 'unit: block, layers: nowhere')).toEqual([
      `«block» plain has no residual blocks (${remedy})`,
    ]);
    expect(ablation('plain', 'unit: stream')).toEqual([`«stream» plain has no residual streams (${remedy})`]);
  });

  test('layers, of a network without convolutions', () => {
    const net = new SmallNetwork(3);
    const text = checkedSpec('flat: { file: n.onnx, data: test }', 'ablations: { a: { unit: kernel } }');
    expect(checkedAgainst(text, { flat: net.graph(net.head(net.input, 10)) })).toEqual(['«kernel» flat has no layers']);
  });
});

describe('pairs', () => {
  test('of which the selection has none', () => {
    const remedy = 'select more under layers';
    expect(ablation('res', 'mode: pairs, layers: stem, within: across')).toEqual([
      `«across» the kernels selected in res have no pair across layers (${remedy})`,
    ]);
    expect(ablation('plain', 'mode: pairs, layers: conv7, within: [layer, across]')).toEqual([
      `«[layer, across]» the kernels selected in plain have no pair within one layer (${remedy})`,
      `«[layer, across]» the kernels selected in plain have no pair across layers (${remedy})`,
    ]);
    expect(ablation('res', 'mode: pairs, unit: layer, layers: stem')).toEqual([
      `«a» the layers selected in res have no pair at all (${remedy})`,
    ]);
  });

  test('of which it has one', () => {
    expect(ablation('res', 'mode: pairs, unit: block')).toEqual([]);
    expect(ablation('plain', 'mode: pairs, layers: [conv1, conv7], within: [layer, across]')).toEqual([]);
  });
});

test('quadruples are of two layers with two kernels each', () => {
  const few = (model: string): string =>
    `«quadruples» quadruples are of two layers with two kernels each, of which the selection in ${model} has too few (select more under layers)`;
  expect(ablation('res', 'mode: quadruples, layers: [stem, b0.conv1]')).toEqual([]);
  expect(ablation('res', 'mode: quadruples, layers: stem')).toEqual([few('res')]);
  expect(ablation('plain', 'mode: quadruples, layers: [conv6, conv7]')).toEqual([few('plain')]);
});

describe('a top', () => {
  test('that takes all', () => {
    expect(ablation('res', 'layers: stem, stop: { top: 15, epsilon: 0.05 }')).toEqual([]);
    expect(ablation('res', 'layers: stem, stop: { top: 16, epsilon: 0.05 }')).toEqual([
      '«16» the top 16 of the 16 kernels selected in res are all (lower top)',
    ]);
    expect(ablation('res', 'unit: block, layers: b0, stop: { top: 2, epsilon: 0.05 }')).toEqual([
      '«2» the top 2 of the 1 block selected in res are all (lower top)',
    ]);
  });

  test('is not that of a precision', () => {
    expect(ablation('plain', 'layers: conv7, stop: { precision: 0.1 }')).toEqual([]);
  });
});

test('a fraction that rounds to nothing', () => {
  expect(ablation('res', 'layers: stem, mode: random, fractions: [0.03125]')).toEqual([]);
  expect(ablation('res', 'layers: stem, mode: random, fractions: [0.1, 0.03, 0.02]')).toEqual([
    '«0.03» 0.03 of the 16 kernels selected in res rounds to nothing (the least fraction that removes one is 0.0313)',
    '«0.02» 0.02 of the 16 kernels selected in res rounds to nothing (the least fraction that removes one is 0.0313)',
  ]);
  expect(ablation('res', 'layers: [stem, b0.conv1, "b0.*"], mode: random, fractions: [0.01]')).toEqual([
    '«0.01» 0.01 of the 38 kernels selected in res rounds to nothing (the least fraction that removes one is 0.0132)',
  ]);
});

describe('impulses', () => {
  test('that go to all sites, by their names and globs', () => {
    expect(impulse('record: [stem.relu, "b0.*"], channels: [0, 2], positions: [[0, 0], [7, 7]]')).toEqual([]);
    expect(impulse('at: [stem, b0.conv1], record: "b1.*", channels: [5]')).toEqual([]);
  });

  test('at places that are not there', () => {
    expect(impulse('at: inptu')).toEqual(['«inptu» res has no site "inptu" (did you mean "input"?)']);
    expect(impulse('at: [stem, "x*"]')).toEqual([
      '«"x*"» "x*" selects no site of res (its sites: stem, b0.conv1, b0.conv2, b1.conv1, b1.conv2)',
    ]);
  });

  test('recorded where they do not come by', () => {
    const said = '(impulses travel forwards only)';
    expect(impulse('at: b0.conv2, amplitudes: 1, record: [stem, b0.conv1]')).toEqual([
      `«[stem, b0.conv1]» no recorded site of res lies behind b0.conv2 ${said}`,
    ]);
    expect(impulse('at: b0.conv2, amplitudes: 1, record: b0.conv2')).toEqual([
      `«b0.conv2» no recorded site of res lies behind b0.conv2 ${said}`,
    ]);
    expect(impulse('at: b0.conv2, amplitudes: 1, record: [stem, b1.conv1]')).toEqual([]);
    expect(impulse('record: stem')).toEqual([]);
  });

  test('recorded nowhere, which is told once', () => {
    expect(impulse('at: b0.conv2, amplitudes: 1, record: nowhere')).toEqual([
      '«nowhere» res has no site "nowhere" (its sites: stem, b0.conv1, b0.conv2, b1.conv1, b1.conv2)',
    ]);
  });

  test('in channels and at positions of the input that are not there', () => {
    expect(impulse('channels: [0, 3, 2, 9], positions: [[7, 7], [8, 0], [0, 8]]')).toEqual([
      '«3» there is no channel 3: the input of res has 3, 0 to 2',
      '«9» there is no channel 9: the input of res has 3, 0 to 2',
      '«[8, 0]» [8, 0] lies outside the input of res, which is 8×8 (height×width)',
      '«[0, 8]» [0, 8] lies outside the input of res, which is 8×8 (height×width)',
    ]);
  });

  test('at more seeded positions than a map has', () => {
    expect(impulse('positions: { phases: 64 }')).toEqual([]);
    expect(impulse('positions: { phases: 65 }')).toEqual([
      '«65» 65 positions on each base, but the input of res has 64, being 8×8 (height×width)',
    ]);
  });

  test('in channels and at positions of inner sites that are not there', () => {
    const at = (keys: string): string[] =>
      checked('plain', `impulses: { a: { at: [conv2, conv3], amplitudes: 1, ${keys} } }`);
    expect(at('channels: [3], positions: [[3, 3]]')).toEqual([]);
    expect(at('channels: [4], positions: [[4, 0]]')).toEqual([
      '«4» there is no channel 4: conv2 of plain has 4, 0 to 3',
      '«4» there is no channel 4: conv3 of plain has 4, 0 to 3',
      '«[4, 0]» [4, 0] lies outside conv3 of plain, which is 4×4 (height×width)',
    ]);
    expect(at('channels: each, positions: center')).toEqual([]);
  });

  test('on maps that are taller than wide', () => {
    const net = new SmallNetwork(3, 6, 4);
    const tall = { tall: net.graph(net.head(net.conv('conv', net.input, 4), 10)) };
    const text = checkedSpec(
      'tall: { file: n.onnx, data: test }',
      'impulses: { a: { positions: [[5, 3], [6, 0], [0, 4]] } }',
    );
    expect(checkedAgainst(text, tall, { test: { shape: [3, 6, 4] } })).toEqual([
      '«[6, 0]» [6, 0] lies outside the input of tall, which is 6×4 (height×width)',
      '«[0, 4]» [0, 4] lies outside the input of tall, which is 6×4 (height×width)',
    ]);
  });

  test('at the input, of whose images nothing is known', () => {
    expect(checked('res', 'impulses: { a: { channels: [9], positions: [[99, 99]] } }', {})).toEqual([]);
  });

  test('with a resolve that has not enough images or places to go on, or nothing to look at', () => {
    const own = 'base: { images: 8 }, resolve: ';
    expect(impulse(`${own}{ r2: 0.1, budget: { images: 250, positions: 64 } }`)).toEqual([]);
    expect(impulse(`${own}{ r2: 0.1, budget: { images: 251, positions: 65 } }`)).toEqual([
      '«251» 251 images, but the reference set test of res has 250',
      '«65» 65 positions on each base, but the input of res has 64, being 8×8 (height×width)',
    ]);
    const two = (first: string): string[] =>
      checked('res', `impulses: { first: { ${first} }, second: { ${own}{ r2: 0.1 } } }`);
    expect(two('base: black')).toEqual([]);
    expect(two('base: { images: 9 }')).toEqual([
      '«resolve» resolve looks at what redundancy is measured by, which for res is first: the first impulses that give signatures (move it to first, or second to the front)',
    ]);
    expect(impulse(`record: stem.relu, ${own}{ r2: 0.1 }`)).toEqual([]);
    expect(impulse(`record: stem.relu, ${own}{ sr: 0.1 }`)).toEqual([
      '«0.1» systemic redundancy is of two sites of at least 8 kernels, and res records 1 (remove sr, or lower analysis.rarefy.kernels)',
    ]);
  });

  test('on more images than the reference set has', () => {
    expect(impulse('base: { images: 250 }')).toEqual([]);
    expect(impulse('base: { images: 251 }')).toEqual(['«251» 251 images, but the reference set test of res has 250']);
    expect(impulse('base: black')).toEqual([]);
    expect(checked('res', 'impulses: { a: { base: { images: 251 } } }', {})).toEqual([]);
  });
});

test('fills that are fitted on reference images need as many as there are parts of them', () => {
  const fitted = (images: number): string[] =>
    checked('res', 'ablations: { a: { fill: [zero, substitute] } }', { test: { images } });
  expect(fitted(4)).toEqual([]);
  expect(fitted(3)).toEqual([
    '«[zero, substitute]» fill substitute is fitted on 4 reference images at least, but the reference set test of res has 3 (take more images, or another fill)',
  ]);
});
