import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadImageSet } from '../../core/data/image-set.js';
import { inputs } from '../../core/study/preparing/input-files.js';
import { hasSharedData, sharedFile } from '../builders/shared-data.js';
import { dataSpec } from '../builders/specs.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'percuss-folder-'));
});
afterAll(() => rm(folder, { recursive: true }));

const picture = (width: number, height: number, channels: 3 | 4, r: number, g: number, b: number) =>
  sharp({ create: { width, height, channels, background: { r, g, b, alpha: 1 } } });

async function set(name: string, pictures: Record<string, Buffer | string>): Promise<string> {
  const root = join(folder, name);
  for (const [path, bytes] of Object.entries(pictures)) {
    await mkdir(join(root, path, '..'), { recursive: true });
    await writeFile(join(root, path), bytes);
  }
  return root;
}

describe('folders', () => {
  test('classes are the sub-folders by name; other files are passed over; alpha is dropped', async () => {
    const red = await picture(4, 3, 4, 255, 0, 0).png().toBuffer();
    const blue = await picture(4, 3, 3, 0, 0, 255).png().toBuffer();
    const root = await set('classes', {
      'b/1.PNG': blue,
      'a/deep/2.png': red,
      'a/notes.txt': 'x',
      '.cache/z.png': red,
    });
    const images = await loadImageSet(dataSpec({ format: 'folder', files: [root] }), 7, inputs);
    expect(images).toMatchObject({ classes: ['a', 'b'], shape: [3, 3, 4], images: 2 });
    expect([...images.labels]).toEqual([0, 1]);
    const pixels = images.chunks[0]?.pixels.data ?? [];
    expect([pixels[0], pixels[12], pixels[24], pixels[36], pixels[60]]).toEqual([255, 0, 0, 0, 255]);
  });

  test('grey pictures have one channel, and three among coloured ones', async () => {
    const grey = await picture(2, 2, 3, 90, 90, 90).toColourspace('b-w').png().toBuffer();
    const red = await picture(2, 2, 3, 255, 0, 0).png().toBuffer();
    const one = await set('grey', { 'a/1.png': grey });
    const two = await set('mixed', { 'a/1.png': grey, 'b/2.png': red });
    const load = (root: string) => loadImageSet(dataSpec({ format: 'folder', files: [root] }), 7, inputs);
    expect((await load(one)).shape).toEqual([1, 2, 2]);
    const mixed = await load(two);
    expect(mixed.shape).toEqual([3, 2, 2]);
    expect([...(mixed.chunks[0]?.pixels.data.slice(0, 12) ?? [])]).toEqual(Array.from({ length: 12 }, () => 90));
  });

  test('pictures of different sizes are an error that names both', async () => {
    const small = await picture(4, 3, 3, 1, 2, 3).png().toBuffer();
    const large = await picture(5, 3, 3, 1, 2, 3).png().toBuffer();
    const root = await set('sizes', { 'a/small.png': small, 'b/large.png': large });
    await expect(loadImageSet(dataSpec({ format: 'folder', files: [root] }), 7, inputs)).rejects.toMatchObject({
      code: 'DATA_INVALID',
      message: expect.stringMatching(/b\/large\.png is 3×5 .*a\/small\.png is 3×4 .*resize and crop/),
    });
  });

  test('a file that is no picture, a picture outside the classes and an empty folder are named', async () => {
    const load = (root: string) => loadImageSet(dataSpec({ format: 'folder', files: [root] }), 7, inputs);
    await expect(load(await set('broken', { 'a/x.jpg': 'text' }))).rejects.toThrow(/a\/x\.jpg: not a picture/);
    await expect(load(await set('stray', { 'x.jpg': 'text' }))).rejects.toThrow(/x\.jpg lies in no sub-folder/);
    await expect(load(await set('empty', { 'a/x.txt': 'text' }))).rejects.toThrow(/no picture was found/);
    await expect(load(join(folder, 'absent'))).rejects.toMatchObject({ code: 'FILE_MISSING' });
  });

  test.skipIf(!hasSharedData)('photographs are scaled by the shorter side and cropped in the middle', async () => {
    const root = join(folder, 'photographs');
    for (const [name, file] of [
      ['cat', 'cat_720p.jpg'],
      ['hot_dog', 'hot_dog.jpg'],
    ] as const) {
      await mkdir(join(root, name), { recursive: true });
      await copyFile(sharedFile(`images/free/${file}`), join(root, name, file));
    }
    const spec = dataSpec({ format: 'folder', files: [root], resize: 256, crop: 224 });
    const images = await loadImageSet(spec, 7, inputs);
    expect(images).toMatchObject({ shape: [3, 224, 224], classes: ['cat', 'hot_dog'] });
    const pixels = images.chunks[0]?.pixels.data as Uint8Array;
    const means = [0, 1, 2, 3, 4, 5].map((plane) => {
      const part = pixels.subarray(plane * 224 * 224, (plane + 1) * 224 * 224);
      return part.reduce((sum, value) => sum + value, 0) / part.length;
    });
    // Pillow: resize((w, 256), BILINEAR), CenterCrop(224), mean by channel.
    const pillow = [162.767, 114.395, 88.244, 87.091, 86.975, 61.728];
    means.forEach((mean, i) => expect(Math.abs(mean - (pillow[i] as number))).toBeLessThan(0.5));
    await expect(loadImageSet({ ...spec, crop: 300 }, 7, inputs)).rejects.toThrow(/too few for a crop of 300/);
  });
});
