import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PercussError } from '../../../core/errors.js';
import { Ledger } from '../../../core/ledger/ledger.js';
import { memoryStore } from '../../../core/store/memory-store.js';
import { prepareStudy, readStudy, refusedBy } from '../../../core/study/preparing/prepare-study.js';
import { hasSharedData, sharedData } from '../../builders/shared-data.js';

const mode = { engine: 'onnxruntime', precision: 'float32', device: 'cpu' } as const;
const head = `version: 1
study: huge
data:
  m:
    format: idx
    files: ${sharedData}/images/mnist/t10k-images-idx3-ubyte.gz
    labels: ${sharedData}/images/mnist/t10k-labels-idx1-ubyte.gz
    images: 100
models: { lenet: { file: ${sharedData}/models/mnist_lenet.onnx, data: m, input: { divide: 255 } } }
`;

describe.skipIf(!hasSharedData)('a study that asks for too much is refused by its numbers:', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'percuss-allowance-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const specOf = (text: string, images = 100): string => {
    const file = path.join(folder, 'study.yaml');
    writeFileSync(file, `${head.replace('images: 100', `images: ${images}`)}${text}\n`);
    return file;
  };
  const refusal = async (text: string, images?: number): Promise<PercussError> => {
    const store = memoryStore();
    const failed = prepareStudy(specOf(text, images), new Ledger(store), {}).then(
      () => new Error('it was prepared'),
      (error: unknown) => error as PercussError,
    );
    const error = (await failed) as PercussError;
    for await (const { key } of store.list('')) throw new Error(`${key} was stored`);
    return error;
  };

  // LeNet has 22 kernels.
  test.each([
    [
      'trials',
      'ablations: { r: { mode: random, fractions: [0.5], trials: 1000000000000 } }',
      '10:59',
      /1000000000000 cells/,
    ],
    ['trials of an order', 'ablations: { r: { mode: cumulative, trials: 1e9 } }', '10:45', /9000000000 cells/],
    ['draws', 'ablations: { r: { fill: resample, draws: 1000000000 } }', '10:42', /22000000000 cells/],
    ['nulls', 'impulses: { i: {} }\nanalysis: { nulls: { shuffled: 1000000000 } }', '11:13', /1000000000 cells/],
    ['resamples', 'analysis: { bootstrap: 1000000000000 }', '10:24', /1000000000000 resamples .* limit of 1000000/],
    ['workers', 'run: { workers: 1000000000 }', '10:17', /limit of 1024/],
    [
      'amplitudes',
      `impulses: { i: { amplitudes: [${Array.from({ length: 100_000 }, (_, i) => i + 1).join(', ')}] } }`,
      '10:30',
      /100000 impulses/,
    ],
  ])('%s', async (_, text, at, message) => {
    const error = await refusal(text);
    expect(error).toMatchObject({ code: 'LIMIT_EXCEEDED', message: expect.stringMatching(message) });
    expect(error.issues?.map(({ line, column }) => `${line}:${column}`)).toEqual([at]);
  });

  test('impulses ride on 64 reference images by default, or on as many as there are', async () => {
    const asked = 'impulses: { i: {} }\nanalysis: { nulls: { shuffled: 0 } }\nrun: { limit: { cells: 1 } }';
    expect((await refusal(asked)).message).toMatch(/impulses i of lenet: 64 groups of 4 impulses/);
    expect((await refusal(asked, 20)).message).toMatch(/impulses i of lenet: 20 groups of 4 impulses/);
  });

  test('run.limit has defaults, which nulls, impulses and bytes count towards', async () => {
    expect((await refusal('impulses: { i: {} }\nanalysis: { nulls: { shuffled: 300000 } }')).message).toMatch(
      /108\.1 GB to store.*300066 cells to compute, run\.limit\.cells 250000.*Most is asked for by\n {2}nulls for impulses i of lenet: 300000 objects, 2 impulses on each base, 108\.1 GB; ask for less of nulls/s,
    );
    const stored = 'impulses: { i: { positions: [[0, 0], [1, 1]] } }\nrun: { limit: { bytes: 100000 } }';
    expect((await refusal(stored)).message).toMatch(/to store, run\.limit\.bytes 100000/);
    expect((await refusal('ablations: { r: {} }\nrun: { limit: { hours: 0.000001 } }')).message).toMatch(
      /of one process, run\.limit\.hours 0\.000001/,
    );
  });

  test('what several ablations ask for counts once, where that is soon known', async () => {
    const twice = (cells: number): string => `ablations: { a: {}, b: {} }\nrun: { limit: { cells: ${cells} } }`;
    const refused = async (text: string): Promise<readonly string[]> =>
      refusedBy(new Ledger(memoryStore()), await readStudy(specOf(text)), mode, undefined);
    // 22 kernels, what gradients say of them, the intact network and its profile.
    expect(await refused(twice(25))).toEqual([]);
    expect(await refused(twice(24))).toEqual(['25 cells to compute, run.limit.cells 24']);
  });

  test('a raised limit lets hundreds of thousands pass', async () => {
    const cells = 'ablations: { r: { mode: random, fractions: [0.4, 0.5, 0.6], trials: 330000 } }';
    const checked = await readStudy(specOf(`${cells}\nrun: { limit: { cells: 1000000, hours: 1000, bytes: 1e12 } }`));
    expect(await refusedBy(new Ledger(memoryStore()), checked, mode, undefined)).toEqual([]);
    expect((await refusal(cells)).message).toMatch(/990002 cells to compute, run\.limit\.cells 250000/);
  });
});
