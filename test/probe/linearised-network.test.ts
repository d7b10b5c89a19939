import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { anatomyOf } from '../../core/anatomy/anatomy.js';
import { AdjointProgram } from '../../core/network/adjoint.js';
import { logitsBehind } from '../../core/probe/linearised-network.js';
import { hasSharedData, sharedFile } from '../builders/shared-data.js';
import { sharedNetwork } from '../builders/real-networks.js';
import { SmallNetwork } from '../import/fixtures/small-network.js';

const files = hasSharedData
  ? ['models', 'structures'].flatMap((folder) =>
      readdirSync(sharedFile(folder))
        .filter((file) => file.endsWith('.onnx'))
        .map((file) => `${folder}/${file}`),
    )
  : [];

describe.skipIf(!hasSharedData)('gradients reach every site', () => {
  test.each(files)('of %s', (file) => {
    const graph = sharedNetwork(file);
    const anatomy = anatomyOf(graph, { after: 'activation' });
    const sites = new Set(anatomy.layers.map(({ site }) => site));
    const wanted = anatomy.sites.filter(({ name }) => sites.has(name)).map(({ value }) => value);
    const output = logitsBehind(graph, graph.outputs.at(-1) as string);
    const reached = new Set<string>();
    const program = new AdjointProgram({ graph, output, wanted, cotangents: 2 }, (value, gradient) => {
      reached.add(value);
      expect(gradient.shape.slice(1)).toEqual(graph.shapes.get(value)?.slice(1));
    });
    expect(reached).toEqual(new Set(wanted));
    expect(program.build('whole', [output]).outputs).toEqual([output]);
  });
});

test('logits are looked for behind a softmax at the end, and there alone', () => {
  const net = new SmallNetwork(2);
  const logits = net.head(net.relu('relu', net.conv('conv', net.input, 3)));
  const last = net.node('Reshape', 'shaped', [net.node('Softmax', 'probable', [logits], { axis: 1 })], {
    shape: [-1, 5],
  });
  expect(logitsBehind(net.graph(last), last)).toBe('fc');
  expect(logitsBehind(net.graph(logits), logits)).toBe('fc');
  const squashed = net.node('Sigmoid', 'squashed', [logits]);
  expect(logitsBehind(net.graph(squashed), squashed)).toBe('squashed');
});
