import { mkdtemp, rm } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadImageSet } from '../../core/data/image-set.js';
import { files } from './source.js';
import { dataSpec } from '../builders/specs.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'percuss-hostile-'));
});

afterAll(() => rm(folder, { recursive: true }));

/** A PNG that declares this size and holds a few zeros. */
function png(width: number, height: number): Uint8Array {
  const chunk = (type: string, data: Uint8Array): Buffer => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2], 8);
  const parts = [
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(new Uint8Array(1000))),
    chunk('IEND', new Uint8Array()),
  ];
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...parts]);
}

describe('pictures', () => {
  const load = (pictures: Record<string, Uint8Array>, more = {}) =>
    loadImageSet(dataSpec({ format: 'folder', files: ['set'], ...more }), 7, files(pictures));
  const noise = sharp(
    Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * i) % 251),
    {
      raw: { width: 64, height: 64, channels: 3 },
    },
  );
  const plain = sharp({ create: { width: 64, height: 64, channels: 3, background: { r: 200, g: 100, b: 50 } } });

  test.each<[string, () => Uint8Array | Promise<Uint8Array>, string, RegExp]>([
    [
      'memory.avif: 431 bytes that took 2.2 GB',
      () => readFileSync(new URL('fixtures/memory.avif', import.meta.url)),
      'LIMIT_EXCEEDED',
      /20×5570584 pixels/,
    ],
    [
      'a PNG of 16,000 × 16,000',
      () => png(16000, 16000),
      'LIMIT_EXCEEDED',
      /16000×16000 pixels \(height×width\), above the limit of 33554432/,
    ],
    ['a PNG of 2³¹ − 1', () => png(2 ** 31 - 1, 2 ** 31 - 1), 'LIMIT_EXCEEDED|FILE_DAMAGED', /./],
    ['a PNG without rows', () => png(64, 64), 'FILE_DAMAGED', /not a picture that can be read/],
    [
      'SVG as a PNG',
      () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
      'FILE_DAMAGED',
      /expected png, jpeg/,
    ],
    [
      'a JPEG that is cut',
      async () => (await noise.clone().jpeg().toBuffer()).subarray(0, 2000),
      'FILE_DAMAGED',
      /not a picture that can be read/,
    ],
    ['an empty file', () => new Uint8Array(), 'FILE_DAMAGED', /expected png, jpeg/],
    [
      'a GIF of two frames',
      () =>
        sharp(
          Uint8Array.from({ length: 8 * 16 * 3 }, (_, i) => (i < 192 ? 0 : 255)),
          {
            raw: { width: 8, height: 16, channels: 3, pageHeight: 8 },
          },
        )
          .gif()
          .toBuffer(),
      'DATA_INVALID',
      /2 frames or pages/,
    ],
  ])('%s', async (_, make, code, message) => {
    const started = performance.now();
    await expect(load({ 'set/a/x.png': await make() })).rejects.toMatchObject({
      code: expect.stringMatching(`^(${code})$`),
      message: expect.stringMatching(message),
      details: { file: 'set/a/x.png' },
    });
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  test('what is transparent has its colour still once it is scaled', async () => {
    const clear = await sharp(
      Uint8Array.from({ length: 64 }, (_, i) => [200, 100, 50, 0][i % 4] as number),
      {
        raw: { width: 4, height: 4, channels: 4 },
      },
    )
      .png()
      .toBuffer();
    const { chunks } = await load({ 'set/a/x.png': clear }, { resize: 2 });
    expect([...(chunks[0]?.pixels.data ?? [])]).toEqual(
      [200, 100, 50].flatMap((value) => Array.from({ length: 4 }, () => value)),
    );
  });

  test('16 bits become the upper 8, a palette its colours, whatever the name says the format is', async () => {
    const deep = await sharp(Uint16Array.of(65535, 32768, 256, 0), { raw: { width: 2, height: 2, channels: 1 } })
      .toColourspace('grey16')
      .png()
      .toBuffer();
    expect((await sharp(deep).metadata()).depth).toBe('ushort');
    expect([...((await load({ 'set/a/x.jpg': deep })).chunks[0]?.pixels.data ?? [])]).toEqual([255, 128, 1, 0]);
    const palette = await plain.clone().png({ palette: true }).toBuffer();
    expect((await load({ 'set/a/x.png': palette })).chunks[0]?.pixels.data[4096]).toBe(100);
  });

  test('images that are above the limit together are refused once the first tells their size', async () => {
    const one = await plain.clone().png().toBuffer();
    const many = Object.fromEntries(Array.from({ length: 2 ** 12 }, (_, i) => [`set/a/${i}.png`, one]));
    const size = { resize: 1000, crop: 1000 };
    await expect(load(many, size)).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: expect.stringMatching(/4096 images of \[3, 1000, 1000\] .* take 12288000000 bytes/),
    });
  });
});
