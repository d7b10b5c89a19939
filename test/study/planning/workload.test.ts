import { expect, test } from 'vitest';
import { anatomyOf } from '../../../core/anatomy/anatomy.js';
import { graphCost } from '../../../core/network/cost.js';
import { workloadOf } from '../../../core/study/planning/workload.js';
import { SmallNetwork } from '../../import/fixtures/small-network.js';

/** Three convolutions, the first of so many kernels. */
function network(kernels: number) {
  const net = new SmallNetwork(3, 8);
  const second = net.relu('two', net.conv('conv2', net.relu('one', net.conv('conv1', net.input, kernels)), kernels));
  return net.graph(net.head(net.relu('three', net.conv('conv3', second, 16))));
}

test('edits at many sites cost everything behind the first, and a pass over each map that may be edited', () => {
  const graph = network(16);
  const workload = workloadOf(graph, anatomyOf(graph));
  const first = workload.behind('conv1', false);
  const spread = workload.spread('conv1');
  expect(spread.macs).toBe(first.macs);
  expect(spread.macs).toBe(graphCost(graph).macs - 3 * 9 * 16 * 64);
  // Behind the two convolutions that follow, a map of 16 × 8 × 8 is read and written, where else nothing would be.
  const map = 4 * 16 * 8 * 8;
  expect(spread.bytes - first.bytes).toBeGreaterThanOrEqual(2 * 2 * map);
  expect(spread.bytes - first.bytes).toBeLessThan(3 * 2 * map);
});
