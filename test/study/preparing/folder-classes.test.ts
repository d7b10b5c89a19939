import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadImageSet } from '../../../core/data/image-set.js';
import { decodeChunk } from '../../../core/data/chunk.js';
import { inputs } from '../../../core/study/preparing/input-files.js';
import { readStudy } from '../../../core/study/preparing/prepare-study.js';
import { hasSharedData, sharedData } from '../../builders/shared-data.js';
import { dataSpec } from '../../builders/specs.js';

const classes = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];

describe.skipIf(!hasSharedData)('CIFAR-10 as folders, ten for training, nine for testing', () => {
  let folder: string;
  /** Labels of the test pictures by file name, as CIFAR-10 has them. */
  const labels = new Map<string, number>();
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'percuss-classes-'));
    const file = join(sharedData, 'images/cifar10/cifar10_test_0000-0499.bin');
    const set = await loadImageSet(dataSpec({ format: 'cifar10', files: [file], images: 100 }), 7, inputs);
    for (const [i, label] of set.labels.entries()) {
      const pixels = set.chunks[0]?.pixels.data.subarray(i * 3072, (i + 1) * 3072) ?? [];
      const interleaved = Uint8Array.from(
        { length: 3072 },
        (_, at) => pixels[(at % 3) * 1024 + Math.floor(at / 3)] as number,
      );
      const png = await sharp(interleaved, { raw: { width: 32, height: 32, channels: 3 } })
        .png()
        .toBuffer();
      for (const part of ['train', 'test']) {
        if (part === 'test' && classes[label] === 'bird') continue;
        await mkdir(join(folder, part, classes[label] as string), { recursive: true });
        await writeFile(join(folder, part, classes[label] as string, `${i}.png`), png);
        if (part === 'test') labels.set(`${i}.png`, label);
      }
    }
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function study(more: string): Promise<Awaited<ReturnType<typeof readStudy>>> {
    const file = join(folder, 'study.yaml');
    const network = join(sharedData, 'models/cifar10_resnet20.onnx');
    await writeFile(
      file,
      `version: 1
study: folders
data:
  test: { format: folder, files: test, order: file${more} }
  train: { format: folder, files: train${more} }
models: { net: { file: ${JSON.stringify(network)}, data: test, reference: train } }
`,
    );
    return readStudy(file);
  }

  test('without names of classes it is refused, at the line of the set that lacks one', async () => {
    await expect(study('')).rejects.toMatchObject({
      code: 'SPEC_INVALID',
      message: expect.stringMatching(/study\.yaml:4:.*test lacks bird, which train has/),
      details: { line: 4, issues: 1 },
    });
  });

  test('with them labels are those of CIFAR-10, and the class without a picture is told', async () => {
    const { resolved, notices } = await study(`, classes: [${classes.join(', ')}]`);
    expect(notices).toEqual(['data test: 1 of 10 classes have no picture: bird']);
    const [test] = resolved.study.data;
    const chunk = decodeChunk(resolved.blobs.get(test?.chunks[0]?.digest as never) as Uint8Array);
    const inFolders = [...labels].toSorted(([a, x], [b, y]) => x - y || (a < b ? -1 : 1)).map(([, label]) => label);
    expect([...chunk.labels]).toEqual(inFolders);
    expect(new Set(chunk.labels)).toEqual(new Set([0, 1, 3, 4, 5, 6, 7, 8, 9]));
  });
});
