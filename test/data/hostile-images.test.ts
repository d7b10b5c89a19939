import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeNpy } from '../../bench/npy-file.js';
import { loadImageSet } from '../../core/data/image-set.js';
import { tensor } from '../../core/tensor.js';
import { inputs } from '../../core/study/preparing/input-files.js';
import { files } from './source.js';
import { dataSpec } from '../builders/specs.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'percuss-hostile-'));
});

afterAll(() => rm(folder, { recursive: true }));

/** An idx file of these dimensions with so many bytes behind its header. */
function idx(dims: readonly number[], bytes: number, type = 8): Uint8Array {
  const file = new Uint8Array(4 + 4 * dims.length + bytes);
  file.set([0, 0, type, dims.length]);
  dims.forEach((dim, i) => new DataView(file.buffer).setUint32(4 + 4 * i, dim));
  return file;
}

/** An .npy file with this header, as it stands, and so many bytes of data. */
function npy(header: string, bytes = 0, { version = 1, length = header.length } = {}): Uint8Array {
  const start = version === 1 ? 10 : 12;
  const file = new Uint8Array(start + header.length + bytes);
  file.set([0x93, ...Buffer.from('NUMPY'), version, 0]);
  const view = new DataView(file.buffer);
  if (version === 1) view.setUint16(8, length, true);
  else view.setUint32(8, length, true);
  file.set(Buffer.from(header, 'latin1'), start);
  return file;
}

const header = (descr: string, shape: string, order = 'False'): string =>
  `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }\n`;

const twoLabels = writeNpy(tensor('uint8', [2], Uint8Array.of(0, 1)));

describe('npy files that are not what they say', () => {
  test.each<[string, Uint8Array, string, RegExp]>([
    ['no .npy', Uint8Array.of(1, 2, 3), 'FILE_DAMAGED', /does not begin with/],
    ['a version of the future', npy(header('|u1', '(2, 1, 1)'), 2, { version: 9 }), 'FILE_DAMAGED', /version 9/],
    [
      'a header of 4 GB',
      npy(header('|u1', '(2, 1, 1)'), 2, { version: 2, length: 2 ** 32 - 1 }),
      'FILE_DAMAGED',
      /header of 4294967295 bytes/,
    ],
    [
      'a header behind the end',
      npy(header('|u1', '(2, 1, 1)'), 0, { length: 60000 }),
      'FILE_DAMAGED',
      /ends within its header/,
    ],
    [
      'fewer bytes than the shape',
      npy(header('|u1', '(2, 3, 3)'), 17),
      'FILE_DAMAGED',
      /18 bytes of data expected for \[2, 3, 3\], got 17/,
    ],
    ['more bytes than the shape', npy(header('|u1', '(2, 3, 3)'), 19), 'FILE_DAMAGED', /got 19/],
    [
      'a shape whose size overflows',
      npy(header('|u1', '(4294967296, 4294967296, 4)'), 4),
      'FILE_DAMAGED',
      /which no array has/,
    ],
    ['a negative dimension', npy(header('|u1', '(-2, 3, 3)'), 18), 'FILE_DAMAGED', /no dictionary/],
    ['a hole in the shape', npy(header('|u1', '(2, , 3)'), 18), 'FILE_DAMAGED', /which no array has/],
    [
      'a shape twice',
      npy("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3, 3), 'shape': (9, 9, 9), }", 18),
      'FILE_DAMAGED',
      /"shape" twice/,
    ],
    [
      'no order',
      npy("{'descr': '|u1', 'shape': (2, 3, 3), }", 18),
      'FILE_DAMAGED',
      /does not tell descr, fortran_order and shape/,
    ],
    [
      'code in the header',
      npy("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3, 3), '__import__': os}", 18),
      'FILE_DAMAGED',
      /no dictionary/,
    ],
    ['objects', npy(header('|O', '(2, 3, 3)'), 18), 'DATA_INVALID', /elements of type "\|O" are not read/],
    [
      'a type named as what every object has',
      npy(header('constructor', '(2, 3, 3)'), 18),
      'DATA_INVALID',
      /"constructor" are not read/,
    ],
    ['big endian', npy(header('>f4', '(2, 3, 3)'), 72), 'DATA_INVALID', /">f4" are not read/],
    [
      'records',
      npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2, 3, 3), }", 72),
      'DATA_INVALID',
      /records/,
    ],
    ['Fortran order', npy(header('|u1', '(2, 3, 3)', 'True'), 18), 'DATA_INVALID', /ascontiguousarray/],
    ['images of nothing', npy(header('|u1', '(2, 0, 3)')), 'FILE_DAMAGED', /hold nothing/],
    ['a billion images of nothing', npy(header('|u1', '(1000000000, 0, 3)')), 'LIMIT_EXCEEDED', /1000000000 images/],
    ['a number', npy(header('|u1', '()'), 1), 'DATA_INVALID', /images are uint8 or float32/],
    ['five dimensions', npy(header('|u1', '(2, 1, 1, 1, 1)'), 2), 'DATA_INVALID', /images are uint8 or float32/],
  ])('%s', async (_, bytes, code, message) => {
    const load = loadImageSet(
      dataSpec({ format: 'npy', files: ['x.npy'], labels: ['y.npy'] }),
      7,
      files({ 'x.npy': bytes, 'y.npy': twoLabels }),
    );
    await expect(load).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
      details: { file: 'x.npy' },
    });
  });
});

describe('idx, CIFAR-10 and gzip', () => {
  const labels = idx([2], 2);
  const cut = gzipSync(idx([2, 3, 3], 18));
  test.each<[string, Uint8Array, string, RegExp]>([
    ['no idx', Uint8Array.of(1, 2, 3, 4), 'FILE_DAMAGED', /two zero bytes/],
    ['a header that is cut', idx([2, 3, 3], 0).subarray(0, 9), 'FILE_DAMAGED', /ends within its header/],
    ['floats', idx([2, 3, 3], 18, 0x0d), 'DATA_INVALID', /type 0x0d/],
    ['fewer bytes', idx([2, 3, 3], 17), 'FILE_DAMAGED', /18 bytes expected/],
    ['4 billion images of nothing', idx([2 ** 32 - 1, 0, 3], 0), 'LIMIT_EXCEEDED', /4294967295 images/],
    ['images of nothing', idx([2, 0, 3], 0), 'FILE_DAMAGED', /hold nothing/],
    ['sizes that overflow', idx([2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1], 0), 'FILE_DAMAGED', /bytes expected/],
    ['gzip that is cut', cut.subarray(0, cut.length - 12), 'FILE_DAMAGED', /gzip data are damaged/],
    [
      'gzip that is damaged',
      Uint8Array.from(cut, (byte, i) => (i === cut.length - 6 ? byte ^ 1 : byte)),
      'FILE_DAMAGED',
      /gzip data are damaged/,
    ],
    [
      'gzip of more than the header declares',
      gzipSync(idx([2, 3, 3], 50_000_000)),
      'FILE_DAMAGED',
      /more than the 34 bytes that its header declares/,
    ],
    [
      'gzip of 300 MB of zeros',
      gzipSync(idx([300, 1000, 1000], 300_000_000)),
      'LIMIT_EXCEEDED',
      /unpacks from \d+ bytes to 300000016 bytes, above the limit/,
    ],
    ['gzip that declares 7 billion bytes', gzipSync(idx([1000, 2600, 2700], 10)), 'LIMIT_EXCEEDED', /7020000016 bytes/],
  ])('%s', async (_, bytes, code, message) => {
    const spec = dataSpec({ format: 'idx', files: ['x.idx'], labels: ['y.idx'] });
    const load = loadImageSet(spec, 7, files({ 'x.idx': bytes, 'y.idx': labels }));
    await expect(load).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test('zeros without a header end at the limit', async () => {
    const bomb = gzipSync(new Uint8Array(100_000_000));
    const load = loadImageSet(dataSpec({ format: 'cifar10', files: ['x.bin'] }), 7, files({ 'x.bin': bomb }));
    await expect(load).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: expect.stringMatching(/to more, above/),
    });
  });

  test('gzip that is right is read, in several members too', async () => {
    const whole = idx([2, 2, 2], 8);
    const members = Buffer.concat([gzipSync(whole.subarray(0, 10)), gzipSync(whole.subarray(10))]);
    const spec = dataSpec({ format: 'idx', files: ['x.idx'], labels: ['y.idx'] });
    expect(await loadImageSet(spec, 7, files({ 'x.idx': members, 'y.idx': labels }))).toMatchObject({ images: 2 });
  });

  test('a parser that fails in a way that nobody foresaw tells file and format', async () => {
    const spec = dataSpec({ format: 'cifar10', files: ['x.bin'] });
    await expect(loadImageSet(spec, 7, files({}))).rejects.toMatchObject({
      code: 'FILE_DAMAGED',
      message: expect.stringMatching(/data test: x\.bin is damaged, or is not images of format cifar10/),
      cause: { message: 'x.bin was not expected to be read' },
    });
  });
});

describe('what is no regular file inside its folder', () => {
  test.each<[string, (at: string) => unknown, string]>([
    ['a pipe', (at) => execFileSync('mkfifo', [at]), 'FILE_MISSING'],
    ['a link to a device without end', (at) => symlink('/dev/zero', at), 'FILE_MISSING'],
    ['a folder', (at) => mkdir(at), 'FILE_MISSING'],
  ])('%s is refused at once, as images, labels and classes', async (what, make, code) => {
    const at = join(folder, what);
    await make(at);
    const right = join(folder, 'y.npy');
    await writeFile(right, twoLabels);
    for (const spec of [
      dataSpec({ format: 'cifar10', files: [at] }),
      dataSpec({ format: 'npy', files: [at], labels: [right] }),
      dataSpec({ format: 'npy', files: [right], labels: [at] }),
      dataSpec({ format: 'folder', files: [folder], classes: at }),
    ]) {
      await expect(loadImageSet(spec, 7, inputs)).rejects.toMatchObject({ code });
    }
  });

  test('pictures: links that lead out, pipes, devices, and folders without end', async () => {
    const root = join(folder, 'pictures');
    await mkdir(join(root, 'a'), { recursive: true });
    const load = () => loadImageSet(dataSpec({ format: 'folder', files: [root] }), 7, inputs);
    const outside = join(folder, 'outside.png');
    await writeFile(
      outside,
      await sharp({ create: { width: 2, height: 2, channels: 3, background: 'red' } })
        .png()
        .toBuffer(),
    );
    await symlink(outside, join(root, 'a/x.png'));
    await expect(load()).rejects.toMatchObject({
      code: 'FILE_DAMAGED',
      message: expect.stringMatching(/leads out of the folder/),
    });
    await rm(join(root, 'a/x.png'));
    await symlink('/dev/zero', join(root, 'a/x.png'));
    await expect(load()).rejects.toMatchObject({ code: 'FILE_DAMAGED' });
    await rm(join(root, 'a/x.png'));
    execFileSync('mkfifo', [join(root, 'a/x.png')]);
    await expect(load()).rejects.toThrow(/no picture was found/);
    await mkdir(join(root, 'a', ...Array.from({ length: 40 }, () => 'd')), { recursive: true });
    await expect(load()).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: expect.stringMatching(/more than 32 deep/),
    });
  });
});
