import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { formatOf, networkFiles } from '../../core/import/import-network.js';
import { inputs, networkReader } from '../../core/study/preparing/input-files.js';
import { Workplace } from '../cli/percuss.js';

const folder = mkdtempSync(path.join(tmpdir(), 'percuss-no-file-'));
const place = new Workplace();
afterAll(() => {
  place.close();
  rmSync(folder, { recursive: true });
});

const source = (file: string): string => fileURLToPath(new URL(`../../${file}`, import.meta.url));
const fixtures = 'test/import/fixtures/networks';

/** What stands where a file should: nothing of it may be read, or waited for. */
const others: Readonly<Record<string, (file: string) => void>> = {
  pipe: (file) => void execFileSync('mkfifo', [file]),
  device: (file) => symlinkSync('/dev/zero', file),
  folder: (file) => mkdirSync(file),
};

let made = 0;
/** A fresh folder with a network in it, of which one file is something else. */
function network(files: readonly string[], odd: string, make: (file: string) => void): string {
  const own = path.join(folder, String((made += 1)));
  mkdirSync(own);
  for (const file of files) {
    const target = path.join(own, path.basename(file));
    if (path.basename(file) === odd) make(target);
    else copyFileSync(source(file), target);
  }
  return own;
}

const readFiles = (file: string): Promise<unknown> => networkFiles(formatOf(file), file, networkReader);

describe('where a network’s file is no regular file', () => {
  const mains = ['net.onnx', 'net.h5', 'net.keras', 'model.json'];
  test.each(mains.flatMap((main) => Object.keys(others).map((kind) => [main, kind] as const)))(
    'it is refused at once: %s is a %s',
    async (main, kind) => {
      const own = network([main], main, others[kind] as (file: string) => void);
      await expect(readFiles(path.join(own, main))).rejects.toMatchObject({ code: 'FILE_MISSING' });
    },
  );

  const split = [`${fixtures}/split.onnx`, `${fixtures}/split.onnx.data`];
  const dense = ['experiments/zoo/dense/model.json', 'experiments/zoo/dense/weights.bin'];
  test.each([
    ['split.onnx', split, 'split.onnx.data'],
    ['model.json', dense, 'weights.bin'],
  ] as const)('so is what %s names beside it', async (main, files, beside) => {
    const attempt = (make: (file: string) => void): Promise<unknown> =>
      readFiles(path.join(network(files, beside, make), main));
    await expect(attempt(others['pipe'] as (file: string) => void)).rejects.toMatchObject({ code: 'FILE_MISSING' });
    await expect(attempt(others['folder'] as (file: string) => void)).rejects.toMatchObject({ code: 'FILE_MISSING' });
    // A link out of the folder, to a device or to a file that is good.
    await expect(attempt(others['device'] as (file: string) => void)).rejects.toMatchObject({ code: 'FILE_DAMAGED' });
    const good = source(files[1] ?? '');
    await expect(attempt((file) => symlinkSync(good, file))).rejects.toMatchObject({ code: 'FILE_DAMAGED' });
    await expect(attempt((file) => copyFileSync(good, file))).resolves.toHaveProperty('size', 2);
  });
});

test(
  'inspect and validate end with a sentence where a network is a pipe or its images are a device',
  { timeout: 60_000 },
  async () => {
    const own = network(['net.onnx'], 'net.onnx', others['pipe'] as (file: string) => void);
    const inspected = await place.run(['inspect', path.join(own, 'net.onnx')]);
    expect(inspected).toMatchObject({ code: 2, stderr: expect.stringContaining('no regular file') as string });
    copyFileSync(source('experiments/zoo/dense/model.json'), path.join(own, 'model.json'));
    copyFileSync(source('experiments/zoo/dense/weights.bin'), path.join(own, 'weights.bin'));
    (others['device'] as (file: string) => void)(path.join(own, 'x'));
    const spec = path.join(own, 'study.yaml');
    const text = (images: string, file: string): string => `version: 1
study: odd
data: { some: { format: idx, files: [${images}], labels: [y] } }
defaults: { data: some, output: { kind: logits } }
models: { odd: { file: ${file} } }
ablations: { each: { unit: layer, mode: each } }
`;
    writeFileSync(spec, text('x', 'net.onnx'));
    const validated = await place.run(['validate', spec]);
    expect(validated).toMatchObject({ code: 2 });
    expect(validated.stderr).toMatch(/net\.onnx cannot be read \(it is no regular file\)/);
    expect(validated.stderr).toMatch(/x cannot be read \(it is no regular file\)/);
  },
);

describe('keys of a bucket that lead out of it name no object', () => {
  test.each([
    's3://bucket/../other/net.onnx',
    's3://bucket/a/../net.onnx',
    's3://bucket/./net.onnx',
    's3://bucket//net.onnx',
    's3://bucket/',
    's3://',
  ])('%s', async (url) => {
    await expect(networkReader.own(url, 'model "net"')).rejects.toMatchObject({ code: 'FILE_MISSING' });
    await expect(inputs.read(url, { what: 'images', atMost: 100 })).rejects.toMatchObject({ code: 'FILE_MISSING' });
  });

  test.each(['../secret', 'a/../../secret', '/secret', ''])('nor does %j beside a network', async (name) => {
    await expect(networkReader.beside('s3://bucket/nets/model.json', name, 'weights')).rejects.toMatchObject({
      code: 'FILE_MISSING',
    });
    await expect(
      inputs.readBelow('s3://bucket/pictures', name, { what: 'a picture', atMost: 100 }),
    ).rejects.toMatchObject({ code: 'FILE_MISSING' });
  });

  test.each(['s3://bucket/../other', 's3://bucket/a/../b/', 's3://bucket//a', 's3://bucket/ä'])(
    'nor is there a folder %s',
    async (url) => {
      await expect(inputs.list(url)).rejects.toMatchObject({ code: 'FILE_MISSING' });
    },
  );
});
