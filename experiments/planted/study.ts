import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { emitOnnx } from '../../core/network/emit-onnx.js';
import type { Graph } from '../../core/network/graph.js';
import type { TableName } from '../../core/tables/columns.js';
import { readTable } from '../../core/tables/read-table.js';
import type { Tables } from '../../core/tables/schema.js';
import { runStudy } from '../../workers/run-study.js';
import { trained } from './soil.js';

export const seed = 7;

/** On how much a study runs. */
export interface StudySize {
  /** Test images. */
  readonly images: number;
  /** Base images of impulses. */
  readonly bases: number;
}

/** What is asked of the networks, as a spec has it. */
export interface Asked {
  readonly ablations?: object;
  readonly impulses?: object;
  readonly analysis?: object;
}

/** Small impulses on images at the input, which signatures are of. */
export const impulsesOn = (bases: number): object => ({
  images: { at: 'input', base: { images: bases }, amplitudes: { std: [0.1, -0.1] }, record: '*' },
});

/** Networks that take the images of the trained one, in a study of their own; some of its tables, the preview's where it is asked for. */
export async function runNetworks<T extends TableName>(
  networks: ReadonlyMap<string, Graph>,
  { images, bases }: StudySize,
  asked: Asked,
  names: readonly T[],
): Promise<Pick<Tables, T>> {
  const folder = await mkdtemp(path.join(tmpdir(), 'percuss-planted-'));
  const data = (part: string, count: number): object => ({
    format: 'idx',
    files: [path.resolve(trained.data, `${part}-images-idx3-ubyte`)],
    labels: [path.resolve(trained.data, `${part}-labels-idx1-ubyte`)],
    images: count,
  });
  try {
    for (const [name, graph] of networks) await writeFile(path.join(folder, `${name}.onnx`), emitOnnx(graph));
    const out = path.join(folder, 'out');
    const spec = {
      version: 1,
      study: 'planted',
      seed,
      data: { test: data('test', images), train: data('train', Math.max(bases, 100)) },
      defaults: {
        data: 'test',
        reference: 'train',
        input: { divide: 255, mean: [0], std: [1] },
        output: { kind: 'logits' },
      },
      models: Object.fromEntries(
        [...networks.keys()].map((name) => [name, { file: path.join(folder, `${name}.onnx`) }]),
      ),
      ...asked,
      analysis: { nulls: { shuffled: 0 }, bootstrap: 100, ...asked.analysis },
    };
    const store = path.join(folder, 'store');
    if (names.some((name) => name === 'preview')) await previewed(spec, { folder, store, out });
    await runStudy(spec, { store, out });
    const tables = names.map(
      async (name) =>
        [
          name,
          await readTable(name, new Uint8Array(await readFile(path.join(out, 'tables', `${name}.parquet`)))),
        ] as const,
    );
    return Object.fromEntries(await Promise.all(tables)) as unknown as Pick<Tables, T>;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Makes the preview of a study, which its tables then have. */
async function previewed(
  spec: object,
  { folder, store, out }: { readonly folder: string; readonly store: string; readonly out: string },
): Promise<void> {
  const file = path.join(folder, 'spec.yaml');
  await writeFile(file, JSON.stringify(spec));
  const command = fileURLToPath(new URL('../../cli/main.js', import.meta.url));
  await promisify(execFile)(process.execPath, [command, 'preview', file, '--store', store, '--out', out, '--json']);
}

/** Names of networks in a study, made of those of kinds. */
export const networkName = (kind: string): string => kind.replaceAll(/[^a-z0-9]+/g, '-');

/** Whether a site is that of a layer: it is named by the module path of its layer, or by what stands behind it. */
export const siteIs = (site: string, layer: string): boolean =>
  site === layer || site.startsWith(layer.replace(/conv$/, ''));
