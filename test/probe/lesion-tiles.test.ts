import { expect, test } from 'vitest';
import { openReference } from '../../core/engine/reference.js';
import { anatomyOf } from '../../core/anatomy/anatomy.js';
import type { Condition } from '../../core/plan/condition.js';
import type { Cell } from '../../core/probe/cell.js';
import type { ChunkBaseline } from '../../core/probe/chunk-baseline.js';
import { runLesionBatch } from '../../core/probe/lesion.js';
import { ReferenceSet } from '../../core/probe/reference-set.js';
import { InstrumentedNetwork } from '../../core/probe/instrumented-network.js';
import { seededImages } from './small-tap.js';
import { weighedEngine } from './weighed-engine.js';
import { SmallNetwork } from '../import/fixtures/small-network.js';

/** A walk takes 256 images at most; on black ones a kernel gives nothing but its bias, or nothing at all. */
const [black, other] = [256, 24];

const graph = (() => {
  const net = new SmallNetwork(2, 6);
  const one = net.relu('one', net.conv('conv1', net.input, 8));
  const two = net.relu('two', net.conv('conv2', one, 8));
  return net.graph(net.head(two));
})();

const images = (() => {
  const tensor = seededImages(black + other, 2, 6);
  tensor.data.fill(0, 0, black * 2 * 36);
  return tensor;
})();

async function sweep(
  conditions: readonly Condition[],
  before: readonly Condition[] = [],
): Promise<{ readonly cells: readonly Cell[]; readonly runs: number; readonly done: readonly number[] }> {
  let runs = 0;
  const { engine } = weighedEngine(await openReference(), (program) => {
    if (/ segment \d+$/.test(program)) runs++;
  });
  const network = new InstrumentedNetwork(graph, anatomyOf(graph, { after: 'activation' }), engine);
  expect(network.tile).toBe(black);
  const reference = new ReferenceSet(network, 'images', images);
  let baseline: ChunkBaseline | undefined;
  let cells: Cell[] = [];
  let done: number[] = [];
  for (const list of before.length > 0 ? [before, conditions] : [conditions]) {
    [runs, cells, done] = [0, [], []];
    baseline = await runLesionBatch(
      {
        network,
        reference,
        chunk: { digest: 'chunk', images, labels: new Uint16Array(black + other) },
        output: { kind: 'logits', classOffset: 0 },
        conditions: list.map((condition, i) => ({ key: `${i}`, condition })),
        onDone: (count) => done.push(count),
        ...(baseline ? { baseline } : {}),
      },
      { cell: (_, cell) => void cells.push(cell) },
    );
  }
  return { cells, runs, done };
}

const [first, second] = anatomyOf(graph, { after: 'activation' }).layers.map(({ site }) => site) as [string, string];
const removed = (site: string, channels: readonly number[]): Condition['edits'][number] => ({
  site,
  channels,
  fill: { kind: 'zero' },
});
const each = [...Array(8).keys()].map((channel): Condition => ({ edits: [removed(first, [channel])] }));
const pairs = each.map(({ edits }, channel): Condition => ({ edits: [...edits, removed(second, [channel])] }));

test('lesions are the same whether the baseline was there before or is gathered on their way', async () => {
  const conditions = [{ edits: [] }, ...each, ...pairs];
  const gathered = await sweep(conditions);
  const known = await sweep(conditions, [{ edits: [] }]);
  expect(gathered.cells).toEqual(known.cells);
  const alone = await sweep([pairs[3] as Condition]);
  expect(alone.cells[0]).toEqual({ ...gathered.cells[12], key: '0' });
});

test('a kernel that is silent on the first tile of images, and not on the next, is removed on both', async () => {
  const { cells } = await sweep(each);
  const onBlack = cells.map((cell) => Math.max(...cell.kl.subarray(0, black)));
  const late = cells.filter((cell, channel) => cell.state === 'ok' && onBlack[channel] === 0);
  expect(late.length).toBeGreaterThan(0);
  for (const cell of late) expect(Math.max(...cell.kl.subarray(black))).toBeGreaterThan(0);
});

test('a batch without a baseline walks once; kernels that the first tile does not show go on from where it paused', async () => {
  const tiles = 2;
  // To the first cut, to the second, and to the output.
  expect((await sweep(each)).runs).toBe(3 * tiles);
  const { cells } = await sweep(each);
  const shown = each.filter((_, channel) => Math.max(...(cells[channel] as Cell).kl.subarray(0, black)) > 0);
  expect((await sweep(shown)).done.at(-1)).toBe(shown.length);
});

test('what is held at its intact values shuts out whatever was removed before, image by image, on every tile', async () => {
  const all = [...Array(8).keys()];
  const held = (channels: readonly number[]): Condition['edits'][number] => ({
    site: second,
    channels,
    fill: { kind: 'intact' },
  });
  const lesion = removed(first, all);
  const { cells } = await sweep([{ edits: [lesion, held(all)] }, { edits: [lesion] }, { edits: [lesion, held([3])] }]);
  const [shut, open, partly] = cells as [Cell, Cell, Cell];
  expect(shut.effect).toBe(open.effect);
  expect(Math.max(...shut.kl)).toBeLessThan(1e-9);
  for (const part of [open, partly]) {
    expect(Math.max(...part.kl.subarray(black))).toBeGreaterThan(1e-3);
    expect(part.state).toBe('ok');
  }
  expect(partly.kl).not.toEqual(open.kl);
});
