import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { optimalConstants, Search } from '../../core/probe/optimal-constants.js';
import { ReferenceSet } from '../../core/probe/reference-set.js';
import { runLesionBatch } from '../../core/probe/lesion.js';
import { sizeOf } from '../../core/tensor.js';
import { SmallNetwork } from '../import/fixtures/small-network.js';
import { seededImages, tapSmall, wholeRun } from './small-tap.js';

const EVALUATIONS = 8;

/** Looks for the least of a function as `optimalConstants` does; the places that it looked at. */
function look(search: Search, f: (at: number) => number): number[] {
  const places: number[] = [];
  for (let i = 0; i < EVALUATIONS; i++) {
    const at = search.next();
    if (at === undefined) break;
    places.push(at);
    search.tell(at, f(at));
  }
  return places;
}

const place = fc.double({ min: -3, max: 3, noNaN: true });

describe('a search of eight evaluations', () => {
  test('finds the least of a parabola anywhere within three deviations of where it begins', () => {
    fc.assert(
      fc.property(place, fc.double({ min: 0.1, max: 50, noNaN: true }), (least, curvature) => {
        const search = new Search(0, 1, -4, 4);
        look(search, (at) => 1 + curvature * (at - least) ** 2);
        expect(Math.abs(search.best.at - least)).toBeLessThan(0.03);
      }),
    );
  });

  test('never ends worse than it began, nor beyond its bounds, whatever the function', () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.double({ min: 0, max: 1 })), place, (values, start) => {
        const search = new Search(start, 0.7, -3, 3);
        const told: number[] = [];
        const places = look(search, () => {
          const value = values.next().value as number;
          told.push(Number.isNaN(value) ? Infinity : value);
          return value;
        });
        expect(search.best.value).toBe(Math.min(...told));
        expect(search.best.value).toBeLessThanOrEqual(told[0]!);
        for (const at of places) expect(Math.abs(at)).toBeLessThanOrEqual(3);
        expect(new Set(places).size).toBe(places.length);
      }),
    );
  });

  test('looks once where a channel is constant itself', () => {
    expect(look(new Search(0.25, 0, 0.25, 0.25), () => 1)).toEqual([0.25]);
  });
});

describe('best constants of a linear network, whose damage is half a squared distance', () => {
  const net = new SmallNetwork(2, 3, 3);
  const conv = net.conv('conv', net.input, 4);
  const flat = net.node('Flatten', 'flat', [conv], { axis: 1 });
  const weight = net.constant('w', [36, 2]);
  const graph = net.graph(net.node('Gemm', 'out', [flat, weight], { alpha: 1, beta: 1, transA: 0, transB: 0 }, 2));
  const images = seededImages(12, 2, 3, 3);

  test('are where its derivative is 0, which is not the mean', async () => {
    const network = await tapSmall(graph);
    const site = network.anatomy.sites[0]!;
    const reference = new ReferenceSet(network, 'reference', images);
    const output = { kind: 'values' as const, classOffset: 0 };
    const { constant, damage } = await optimalConstants(network, reference, {
      site: site.name,
      evaluations: EVALUATIONS,
      output,
    });
    const map = wholeRun(graph, images, [site.value]).get(site.value)!;
    const w = graph.constants.get('w')!.data as Float32Array;
    const [positions, channels] = [9, 4];
    expect(sizeOf(map.shape)).toBe(12 * positions * channels);
    const deviations = (await reference.statistics()).get(site.value)!;
    const inside: number[] = [];
    for (let c = 0; c < channels; c++) {
      // Δz_o = Σ_p w_op (k − x_p), so that Σ_i |Δz|² is least at Σ_io (Σ_p w_op x_ip)(Σ_p w_op) / n Σ_o (Σ_p w_op)².
      let [top, bottom] = [0, 0];
      for (let o = 0; o < 2; o++) {
        const weights = Array.from({ length: positions }, (_, p) => w[(c * positions + p) * 2 + o]!);
        const sum = weights.reduce((total, own) => total + own, 0);
        for (let i = 0; i < 12; i++) {
          const told = weights.reduce(
            (total, own, p) => total + own * map.data[(i * channels + c) * positions + p]!,
            0,
          );
          top += told * sum;
        }
        bottom += 12 * sum ** 2;
      }
      const exact = top / bottom;
      const unit = deviations.std[c]!;
      if (exact <= deviations.low[c]! || exact >= deviations.high[c]!) continue;
      inside.push(Math.abs(exact - deviations.mean[c]!) / unit);
      expect(Math.abs(constant[c]! - exact) / unit).toBeLessThan(0.03);
    }
    expect(inside.length).toBeGreaterThan(1);
    expect(Math.max(...inside)).toBeGreaterThan(0.1);
    // None is worse than the mean on these images, and what is said of each is what a lesion does.
    const kl: number[] = [];
    const fills = Array.from(constant, (value, channel) => [
      {
        site: site.name,
        channels: [channel],
        fill: { kind: 'mean' as const, per: 'channel' as const, reference: 'r' },
      },
      { site: site.name, channels: [channel], fill: { kind: 'constant' as const, value } },
    ]).flat();
    await runLesionBatch(
      {
        network,
        reference,
        output,
        chunk: { digest: 'c', images, labels: new Uint16Array(12) },
        conditions: fills.map((edit, i) => ({ key: `${i}`, condition: { edits: [edit] } })),
      },
      { cell: (index, cell) => void (kl[index] = cell.kl.reduce((sum, own) => sum + own, 0) / 12) },
    );
    constant.forEach((_, c) => {
      expect(kl[2 * c + 1]!).toBeLessThanOrEqual(kl[2 * c]! * (1 + 1e-6));
      expect(damage[c]!).toBeCloseTo(kl[2 * c + 1]!, 6);
    });
  });
});
