import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { writeNpy } from '../../bench/npy-file.js';
import { loadImageSet } from '../../core/data/image-set.js';
import { tensor } from '../../core/tensor.js';
import { files } from './source.js';
import { dataSpec } from '../builders/specs.js';

let one: Uint8Array;
beforeAll(async () => {
  one = await sharp({ create: { width: 2, height: 2, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
});

/** A set of one picture in each of these folders; other paths are files without a picture. */
const load = (
  folders: readonly string[],
  more: Parameters<typeof dataSpec>[0] | object = {},
  others: readonly string[] = [],
) =>
  loadImageSet(
    dataSpec({ format: 'folder', files: ['set'], ...more }),
    7,
    files({
      ...Object.fromEntries(folders.map((name) => [`set/${name}/x.png`, one])),
      ...Object.fromEntries(others.map((name) => [`set/${name}`, new Uint8Array()])),
      'names.txt': Buffer.from('\ufeffdog\r\nbird\r\ncat\r\n'),
      'twice.txt': Buffer.from('dog\nbird\ndog\n'),
      'hole.txt': Buffer.from('dog\n\nbird\n'),
      'empty.txt': new Uint8Array(),
    }),
  );

describe('classes of folders', () => {
  test('given names fix the labels, whichever folders there are; those without pictures are told', async () => {
    const set = await load(['cat', 'dog'], { classes: ['dog', 'bird', 'cat'] });
    expect(set.classes).toEqual(['dog', 'bird', 'cat']);
    expect([...set.labels]).toEqual([2, 0]);
    expect(set.notices).toEqual(['data test: 1 of 3 classes have no picture: bird']);
  });

  test('a file gives them, one a line', async () => {
    const set = await load(['bird', 'cat', 'dog'], { classes: 'names.txt' });
    expect(set.classes).toEqual(['dog', 'bird', 'cat']);
    expect([...set.labels]).toEqual([1, 2, 0]);
    expect(set.notices).toEqual([]);
  });

  test('names are compared in composed form', async () => {
    const set = await load(['cafe\u0301', 'tea'], { classes: ['tea', 'caf\u00e9'] });
    expect([...set.labels]).toEqual([1, 0]);
  });

  test('numbers of one length, and plain names, are in order by themselves', async () => {
    expect((await load(['0', '1', '2'])).classes).toEqual(['0', '1', '2']);
    expect((await load(['08', '09', '10'])).classes).toEqual(['08', '09', '10']);
    expect((await load(['b', 'B2', 'a10', 'a9'])).classes).toEqual(['B2', 'a10', 'a9', 'b']);
  });

  test.each<[string, readonly string[], object, RegExp]>([
    [
      'a folder that is no class',
      ['dog', 'brid'],
      { classes: ['dog', 'bird'] },
      /no class of classes: brid; did you mean "bird"\?/,
    ],
    ['a name twice', ['dog'], { classes: 'twice.txt' }, /^twice\.txt:3: "dog" is named twice, first in line 1/],
    ['an empty line', ['dog'], { classes: 'hole.txt' }, /^hole\.txt:2: an empty line/],
    ['an empty file', ['dog'], { classes: 'empty.txt' }, /no class is named/],
    ['10 before 2', ['1', '2', '10'], {}, /as texts "10" comes before "2", as numbers behind it; give classes/],
    ['an accent that sorts by its form', ['\u00e9t\u00e9', 'fin'], {}, /depends on the Unicode form .* give classes/],
    ['two forms of one name', ['caf\u00e9', 'cafe\u0301'], {}, /two folders are named "caf\u00e9"/],
    ['names that differ in case', ['Cat', 'cat'], {}, /"Cat" and "cat" differ only in case; give classes/],
  ])('%s is refused', async (_, folders, more, message) => {
    await expect(load(folders, more)).rejects.toMatchObject({
      code: 'DATA_INVALID',
      message: expect.stringMatching(message),
    });
  });

  test('a folder without pictures is refused, lest it shift the labels; with classes given, what is no class is passed over', async () => {
    const without = ['bird/notes.txt', 'bird/.x.png'];
    await expect(load(['ant', 'cat'], {}, without)).rejects.toThrow(
      /a folder without any picture: bird\. Add .* classes/,
    );
    expect([...(await load(['ant', 'cat'], { classes: ['cat', 'ant'] }, without)).labels]).toEqual([1, 0]);
  });

  test('hidden files and folders are passed over, pictures of other formats are told', async () => {
    const set = await load(['a', 'b'], {}, ['.git/x.png', 'a/.y.png', 'a/y.bmp', 'readme.md']);
    expect(set).toMatchObject({ images: 2, classes: ['a', 'b'] });
    expect(set.notices).toEqual([expect.stringMatching(/a picture is passed over, .*\(a\/y\.bmp\)/)]);
  });
});

test('idx and npy may name their labels, of which none is above the names', async () => {
  const images = writeNpy(tensor('uint8', [3, 2, 2], new Uint8Array(12)));
  const labels = writeNpy(tensor('uint8', [3], Uint8Array.of(0, 2, 1)));
  const named = (classes: readonly string[]) =>
    loadImageSet(dataSpec({ format: 'npy', files: ['x'], labels: ['y'], classes }), 7, files({ x: images, y: labels }));
  expect((await named(['a', 'b', 'c'])).classes).toEqual(['a', 'b', 'c']);
  await expect(named(['a', 'b'])).rejects.toThrow(/^y: image 1 has the label 2, but classes names 2, 0 to 1/);
});
