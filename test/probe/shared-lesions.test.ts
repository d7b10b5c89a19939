import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { anatomyOf } from '../../core/anatomy/anatomy.js';
import { importOnnx } from '../../core/import/onnx/import-onnx.js';
import type { Site } from '../../core/anatomy/site.js';
import { rows } from '../../core/tensor.js';
import { expectLesionsAgree } from '../import/fixtures/emptied-file.js';
import { vectors } from '../builders/real-networks.js';
import { hasSharedData, sharedFile } from '../builders/shared-data.js';

const names = hasSharedData
  ? readdirSync(sharedFile('models')).flatMap((file) => /^(.*)\.onnx$/.exec(file)?.[1] ?? [])
  : [];

/** No layer of these has an activation that makes something of 0. */
describe.skipIf(!hasSharedData)('a lesion equals the shared file with what makes that kernel set to 0', () => {
  test.each(names)('%s, in every layer', async (name) => {
    const file = new Uint8Array(readFileSync(sharedFile(`models/${name}.onnx`)));
    // All 8 of a network that is so sure of one that it hardly changes.
    const image = rows(vectors(name.replace('_fused', '')).input, 0, name === 'mnist_lenet' ? 8 : 1);
    const graph = importOnnx(name, file);
    const { layers, sites } = anatomyOf(graph);
    const skipped: string[] = [];
    for (const layer of layers) {
      const site = sites.find((candidate) => candidate.name === layer.site) as Site;
      if (!(await expectLesionsAgree(file, graph, layer, site, image, 2))) skipped.push(layer.name);
    }
    expect(layers.length).toBeGreaterThan(0);
    expect(skipped).toEqual([]);
  });
});
