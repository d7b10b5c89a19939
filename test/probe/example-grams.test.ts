import { describe, expect, test } from 'vitest';
import { exampleGrams } from '../../core/probe/example-grams.js';
import { gridOf } from '../../core/probe/grid.js';
import { SmallNetwork } from '../import/fixtures/small-network.js';
import { seededImages, tapSmall, wholeRun } from './small-tap.js';

/** Two convolutions, the second with half as many rows and columns. */
async function tapped(): Promise<Awaited<ReturnType<typeof tapSmall>>> {
  const network = new SmallNetwork(3);
  const first = network.relu('first.relu', network.conv('first', network.input, 4));
  const second = network.relu('second.relu', network.conv('second', first, 5, { stride: 2 }));
  return tapSmall(network.graph(network.head(second)));
}

describe('inner products of the activations of examples', () => {
  test('are those at the grid of signatures, of every two images, each channel over its deviation', async () => {
    const network = await tapped();
    const images = seededImages(7, 3, network.graph.inputs[0]!.shape[2] as number);
    const grams = await exampleGrams(network, images);
    const { sites } = network.anatomy;
    expect([...grams.keys()]).toEqual(sites.map(({ name }) => name));
    const { elements } = gridOf(sites);
    const values = wholeRun(
      network.graph,
      images,
      sites.map(({ value }) => value),
    );
    for (const { name, value, shape, channels } of sites) {
      const { rows, columns } = elements.get(name)!;
      const [height, width] = [shape[1]!, shape[2]!];
      const raw = (image: number): number[][] =>
        Array.from({ length: channels }, (_, k) =>
          rows.flatMap((row) =>
            columns.map((column) => values.get(value)!.data[((image * channels + k) * height + row) * width + column]!),
          ),
        );
      const all = Array.from({ length: 7 }, (_, image) => raw(image));
      const deviations = Array.from({ length: channels }, (_, k) => {
        const own = all.flatMap((image) => image[k]!);
        const mean = own.reduce((sum, v) => sum + v, 0) / own.length;
        return Math.sqrt(own.reduce((sum, v) => sum + (v - mean) ** 2, 0) / own.length);
      });
      const of = (image: number): number[] => all[image]!.flatMap((own, k) => own.map((v) => v / deviations[k]!));
      const expected = Array.from({ length: 7 }, (_, i) =>
        Array.from({ length: i }, (_unused, j) => of(i).reduce((sum, v, f) => sum + v * of(j)[f]!, 0)),
      ).flat();
      const found = [...grams.get(name)!];
      expect(found).toHaveLength(21);
      found.forEach((v, at) => expect(v).toBeCloseTo(expected[at]!, 3));
      expect(Math.max(...found.map(Math.abs))).toBeGreaterThan(0.1);
    }
  });

  test('are of at most 128 images, the first ones', async () => {
    const network = await tapped();
    const side = network.graph.inputs[0]!.shape[2] as number;
    const all = await exampleGrams(network, seededImages(130, 3, side));
    const { data, shape } = seededImages(130, 3, side);
    const first = {
      dtype: 'float32',
      shape: [128, ...shape.slice(1)],
      data: data.slice(0, (128 * data.length) / 130),
    } as const;
    expect(all).toEqual(await exampleGrams(network, first));
    expect(all.get(network.anatomy.sites[0]!.name)).toHaveLength(8128);
  });
});
