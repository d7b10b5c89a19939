import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { openOnnxruntime } from '../../core/engine/onnxruntime.js';
import { anatomyOf } from '../../core/anatomy/anatomy.js';
import { describeNetwork, networkLines } from '../../core/anatomy/describe.js';
import { importOnnx } from '../../core/import/onnx/import-onnx.js';
import type { Anatomy, Site } from '../../core/anatomy/site.js';
import { randomStream } from '../../core/random.js';
import { float32, type Tensor } from '../../core/tensor.js';
import { expectAlike, lesionedKl, maskedKl, type Removal } from '../import/fixtures/lesioned.js';

/**
 * For each layer of a file, the value behind which its kernels must be cut, read off the exporter's names by hand: behind
 * norm and activation, however both are written.
 */
const cutAt: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  groupnorm_opset13: { c1: '/a1/Relu_output_0', c2: '/a2/Relu_output_0' },
  groupnorm_op21: { w1: 'r1', w2: 'r2' },
  instancenorm: { c1: '/a1/Relu_output_0', c2: '/a2/Relu_output_0' },
  prelu_tf: { w1: 'r1', w2: 'r2' },
  prelu_plain: { w1: 'r1', w2: 'r2' },
  resgn: {
    c0: '/r0/Relu_output_0',
    c1: '/r1/Relu_output_0',
    c2: '/n2/Add_output_0',
    c3: '/r3/Relu_output_0',
    c4: '/n4/Add_output_0',
    d: '/nd/Add_output_0',
  },
};

const fileOf = (name: string): Uint8Array =>
  readFileSync(path.join(import.meta.dirname, `../import/fixtures/cases/${name}.onnx`));

const anatomyIn = (name: string): Anatomy => anatomyOf(importOnnx(name, fileOf(name)));

const count = 6;

function someImages(): Tensor<'float32'> {
  const stream = randomStream(3, 'images');
  return float32(
    [count, 3, 9, 9],
    Float32Array.from({ length: count * 3 * 81 }, () => 2 * stream.uniform() - 1),
  );
}

/** KL of each image, as percuss computes it. */
async function lesioned(name: string, removals: readonly Removal[]): Promise<readonly number[]> {
  const graph = importOnnx(name, fileOf(name));
  const engine = await openOnnxruntime();
  const kl = await lesionedKl(engine, graph, anatomyOf(graph), someImages(), removals);
  await engine.close();
  return kl;
}

/** The same from the file with a node more, on plain onnxruntime. */
const edited = (
  name: string,
  removals: readonly { readonly value: string; readonly site: Site; readonly channels: readonly number[] }[],
): Promise<readonly number[]> =>
  maskedKl(
    fileOf(name),
    { x: someImages() },
    removals.map(({ value, site, channels }) => ({ value, shape: site.shape, channels })),
  );

describe('a kernel is cut behind its norm and its activation, whatever statistics the norm shares', () => {
  test.each(Object.keys(cutAt))('%s', async (name) => {
    const anatomy = anatomyIn(name);
    expect(anatomy.layers.map((layer) => layer.name)).toEqual(Object.keys(cutAt[name] ?? {}));
    for (const [layer, value] of Object.entries(cutAt[name] ?? {})) {
      const site = anatomy.sites.find((candidate) => candidate.value === value) as Site;
      expect(anatomy.layers.find((candidate) => candidate.name === layer)?.site, layer).toBe(site.name);
      const removal = { site: site.name, channels: [0, 3] };
      const wanted = await edited(name, [{ value, site, channels: removal.channels }]);
      expect(Math.max(...wanted), layer).toBeGreaterThan(1e-5);
      expectAlike(await lesioned(name, [removal]), wanted);
    }
  });

  test('resgn: both branches are blocks, streams are written where norms end, and a channel of one is cut at all of them', async () => {
    const anatomy = anatomyIn('resgn');
    expect(anatomy.blocks.map(({ site, layers }) => [site, layers])).toEqual([
      ['c2', ['c1', 'c2']],
      ['c4', ['c3', 'c4']],
    ]);
    const writers = anatomy.streams.map(({ writers: of }) => [...new Set(of.flat().map(({ site }) => site))]);
    expect(writers).toEqual([
      ['c0', 'c2'],
      ['c4', 'd'],
    ]);
    const cut = ['c4', 'd'].map((layer) => ({
      site: anatomy.sites.find(({ name }) => name === layer) as Site,
      value: (cutAt['resgn'] as Record<string, string>)[layer] as string,
      channels: [2],
    }));
    const got = await lesioned(
      'resgn',
      cut.map(({ site, channels }) => ({ site: site.name, channels })),
    );
    expectAlike(got, await edited('resgn', cut));
  });

  test('strides and fields are those of the windows, and the norm is told by a flag', () => {
    const told = (name: string): unknown =>
      anatomyIn(name).sites.map(({ stride, receptiveField, wholeImage }) => [stride[0], receptiveField[0], wholeImage]);
    expect(told('instancenorm')).toEqual([
      [1, 3, true],
      [1, 5, true],
    ]);
    expect(told('groupnorm_opset13')).toEqual(told('instancenorm'));
    expect(told('prelu_plain')).toEqual([
      [1, 3, false],
      [1, 5, false],
    ]);
    expect(told('resgn')).toEqual([3, 5, 7, 9, 11, 7].map((field) => [1, field, true]));
    const lines = networkLines(describeNetwork(importOnnx('i', fileOf('instancenorm')), anatomyIn('instancenorm')));
    expect(lines.find((line) => line.startsWith('c1 '))).toContain('3, whole image');
  });
});

test('PReLU has the same sites and the same damage, whether it is one node or five', async () => {
  const told = ({ sites, streams, blocks, gates }: Anatomy): unknown => ({
    sites: sites.map(({ name, value, type }) => [name, value, type]),
    streams,
    blocks,
    gates,
  });
  expect(told(anatomyIn('prelu_tf'))).toEqual(told(anatomyIn('prelu_plain')));
  const removal = { site: anatomyIn('prelu_plain').sites[0]?.name as string, channels: [1] };
  expectAlike(await lesioned('prelu_tf', [removal]), await lesioned('prelu_plain', [removal]));
});
