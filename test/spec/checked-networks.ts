import { expect } from 'vitest';
import { anatomyOf } from '../../core/anatomy/anatomy.js';
import type { Anatomy } from '../../core/anatomy/site.js';
import type { Graph } from '../../core/network/graph.js';
import { checkAgainstNetworks, type ImageFacts, type SpecSubjects } from '../../core/spec/check.js';
import { SmallNetwork } from '../import/fixtures/small-network.js';
import { parse, shown } from './study-file.js';

/** Of 16 kernels, two residual blocks with 6 and 4 inner ones, and 10 classes; its images are [3, 8, 8]. */
export function residualNetwork(): Graph {
  const net = new SmallNetwork(3);
  let stream = net.relu('stem.relu', net.conv('stem', net.input, 16));
  [6, 4].forEach((kernels, i) => {
    const inner = net.relu(`b${i}.relu`, net.conv(`b${i}.conv1`, stream, kernels));
    stream = net.relu(`b${i}.out`, net.add(`b${i}.add`, net.conv(`b${i}.conv2`, inner, 16), stream));
  });
  return net.graph(net.head(stream, 10));
}

/** Seven convolutions in a row, of 4 kernels but the last, which has 1; every second pixel from the third on, and 10 classes. */
export function plainNetwork(): Graph {
  const net = new SmallNetwork(3);
  const last = [4, 4, 4, 4, 4, 4, 1].reduce(
    (from, kernels, i) => net.relu(`act${i + 1}`, net.conv(`conv${i + 1}`, from, kernels, { stride: i === 2 ? 2 : 1 })),
    net.input,
  );
  return net.graph(net.head(last, 10));
}

export const tenLabels: ImageFacts = { shape: [3, 8, 8], images: 250, labelsMax: 9, labelsMin: 0, classes: null };

/** A spec whose images are called `test` and whose networks stand from line 5 on. */
export function checkedSpec(models: string, more = ''): string {
  return `version: 1
study: checked
data: { test: { format: folder, files: tests }, train: { format: folder, files: trains, classes: names.txt } }
models:
  ${models}
${more}`;
}

const anatomies = new WeakMap<Graph, Anatomy>();

function anatomyOnce(graph: Graph): Anatomy {
  const anatomy = anatomies.get(graph) ?? anatomyOf(graph);
  anatomies.set(graph, anatomy);
  return anatomy;
}

/** What is told of a spec that has no mistake by itself, once it is held against networks and images. */
export function checkedAgainst(
  text: string,
  graphs: Readonly<Record<string, Graph>>,
  images: Readonly<Record<string, Partial<ImageFacts>>> = { test: {}, train: {} },
  known: Partial<SpecSubjects> = {},
): string[] {
  const { spec, positions, issues } = parse(text);
  expect(issues.map(shown)).toEqual([]);
  if (!spec) return [];
  return checkAgainstNetworks(spec, positions, {
    graphs: new Map(Object.entries(graphs)),
    anatomies: new Map(Object.entries(graphs).map(([name, graph]) => [name, anatomyOnce(graph)])),
    images: new Map(Object.entries(images).map(([name, facts]) => [name, { ...tenLabels, ...facts }])),
    ...known,
  }).map(shown);
}
