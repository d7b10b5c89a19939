import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { Json } from '../core/canonical.js';
import { openOnnxruntime } from '../core/engine/onnxruntime.js';
import { anatomyOf } from '../core/anatomy/anatomy.js';
import { importOnnx } from '../core/import/onnx/import-onnx.js';
import { segment } from '../core/probe/segment.js';
import { SEMANTICS } from '../core/plan/identity.js';
import type { ImpulseGroup } from '../core/plan/impulses.js';
import { runResponseBatch, type ResponseResult } from '../core/probe/response-batch.js';
import { InstrumentedNetwork } from '../core/probe/instrumented-network.js';
import { defaults } from '../core/spec/defaults.js';
import { madeNulls } from '../core/spec/words/nulls.js';
import { inputLayout } from '../core/study/running/input-layout.js';
import { sizeOf, zeros, type Tensor } from '../core/tensor.js';
import { machineName, record, recordOptions, type Figure } from './record.js';
import { printSpread, spreadOf } from './spread.js';
import { inProcess, studySweep } from './study-sweep.js';
import { imageFile, input } from './sweep.js';

/** The impulse bank of every kernel of a network: all input channels, a grid of positions, both signs, every site recorded. */
const { values: flags } = parseArgs({
  options: {
    model: { type: 'string', default: 'cifar10_resnet56' },
    grid: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '5' },
    threads: { type: 'string', default: '2' },
    /** bank: a grid on a flat base; usual: what a spec has by default. */
    sets: { type: 'string', default: 'bank,usual' },
    data: { type: 'string', default: '../shared/data' },
    ...recordOptions,
  },
});

const [mark, aim] = [120, 30];
/** Norms of responses, relative to the largest of their site: what summation order may do. */
const tolerance = 1e-4;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

type Keep = ImpulseGroup['keep'];

/** So many lines of a side of 32, evenly spread. */
function positions(): readonly (readonly [number, number])[] {
  const lines = Number(flags.grid);
  const along = Array.from({ length: lines }, (_, i) => Math.floor(((i + 0.5) * 32) / lines));
  return along.flatMap((row) => along.map((column) => [row, column] as const));
}

/** Of these impulses. YAML is a superset of JSON, so this is a spec. */
function specOf(data: string, impulses: Json, shuffled: number, reference = 50): string {
  const cifar = (file: string, images: number): Json => ({ format: 'cifar10', files: [file], images });
  return JSON.stringify({
    version: 1,
    study: 'impulse-bank',
    seed: 7,
    data: {
      test: cifar(imageFile(data), 50),
      train: cifar(path.join(data, 'images/cifar10/cifar10_train_0000-1999.bin'), reference),
    },
    defaults: { data: 'test', reference: 'train', input, output: { kind: 'logits' } },
    models: { network: { file: path.join(data, 'models', `${flags.model}.onnx`) } },
    impulses: { bank: impulses },
    analysis: { nulls: { shuffled } },
  });
}

const bank = (keep: Keep): Json => ({
  channels: 'each',
  positions: positions(),
  amplitudes: [1, -1],
  base: ['normalised-zero'],
  record: '*',
  keep,
});

/** A study whose impulses are those of a spec that says nothing of them, without its nulls and with them. */
async function usual(data: string, folder: string, rounds: number): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  const { shuffled } = madeNulls;
  for (const nulls of [0, shuffled.usual]) {
    const spec = path.join(folder, `usual-${nulls}.yaml`);
    await writeFile(spec, specOf(data, {}, nulls, 250));
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const own = path.join(folder, `usual-${nulls}-${round}`);
      const threads = Number(flags.threads);
      const { seconds, seen } = await studySweep(
        own,
        spec,
        threads,
        inProcess(threads),
        async (_, ledger, { mode, id }) => {
          const { models } = await ledger.getStudy(id);
          const scope = { model: models[0]?.content ?? '', mode, semantics: SEMANTICS };
          return (await ledger.committedResults(scope)).size;
        },
      );
      // A profile, a response to each image, and each null’s signatures, which of such networks are one object.
      const expected = 1 + defaults.bases.images + nulls;
      if (seen !== expected) throw new Error(`${seen} results are stored, not ${expected}`);
      times.push(seconds);
    }
    const what = `${flags.model}, impulses by default: ${defaults.bases.images} images × 3 channels × ${defaults.amplitudes.values.length} amplitudes, ${nulls === 0 ? 'without nulls' : `with ${nulls} nulls`}: a study with its store`;
    const value = spreadOf(times);
    say(`${what}: ${printSpread(value)} s`);
    figures.push({ what, value, unit: ' s', ...(nulls === 0 ? { mark, aim, better: 'lower' } : {}) });
  }
  return figures;
}

/** One thread of this process, without a store. */
async function openBatch(
  data: string,
): Promise<{ run(keep: Keep): Promise<ResponseResult>; network: InstrumentedNetwork }> {
  const graph = importOnnx(flags.model, await readFile(path.join(data, 'models', `${flags.model}.onnx`)));
  const network = new InstrumentedNetwork(graph, anatomyOf(graph, { after: 'activation' }), await openOnnxruntime());
  const layout = inputLayout(graph.inputs[0]?.shape ?? [], [3, 32, 32]);
  const context = { layout, reference: zeros('float32', [1, 3, 32, 32]), black: [0, 0, 0] };
  return {
    network,
    run: (keep) =>
      runResponseBatch(
        network,
        {
          at: 'input',
          base: 'normalised-zero',
          channels: [0, 1, 2],
          positions: positions(),
          amplitudes: { unit: 'input', values: [1, -1] },
          record: network.anatomy.sites.map(({ name }) => name),
          keep,
        },
        context,
      ),
  };
}

/** The same by the definition, on a few impulses: two whole forward passes, one image each, and their difference. */
async function compare(network: InstrumentedNetwork, result: ResponseResult): Promise<number> {
  const { graph, engine, anatomy } = network;
  const values = [...new Set(anatomy.sites.map(({ value }) => value))];
  const id = graph.inputs[0]?.id ?? '';
  const program = await engine.compile(segment(graph, 'definition', [id], values));
  const forward = async (image: Tensor): Promise<ReadonlyMap<string, Float32Array>> => {
    const fetched = await program.run(new Map([[id, engine.upload(image)]]));
    const host = new Map<string, Float32Array>();
    for (const [value, tensor] of fetched) host.set(value, (await tensor.read()).data as Float32Array);
    return host;
  };
  const base = await forward(zeros('float32', [1, 3, 32, 32]));
  let largest = 0;
  for (let i = 0; i < result.impulses.length; i += Math.ceil(result.impulses.length / 8)) {
    const { channel, row, column, amplitude } = result.impulses[i] as ResponseResult['impulses'][number];
    const image = zeros('float32', [1, 3, 32, 32]);
    image.data[(channel * 32 + row) * 32 + column] = amplitude;
    const changed = await forward(image);
    for (const site of anatomy.sites) {
      const [before, after] = [base.get(site.value), changed.get(site.value)] as [Float32Array, Float32Array];
      const stored = result.tensors.get(`norm/${site.name}`)?.data as Float32Array;
      const positionsOf = sizeOf(site.shape.slice(1));
      const norms = Array.from({ length: site.channels }, (_, k) => {
        let squares = 0;
        for (let j = k * positionsOf; j < (k + 1) * positionsOf; j++) {
          squares += ((after[j] as number) - (before[j] as number)) ** 2;
        }
        return Math.sqrt(squares);
      });
      const most = Math.max(...norms);
      norms.forEach((norm, k) => {
        const difference = Math.abs(norm - (stored[i * site.channels + k] as number)) / (most || 1);
        if (!(difference <= tolerance)) {
          throw new Error(`results disagree: kernel ${k} of ${site.name} on impulse ${i} by ${difference}`);
        }
        largest = Math.max(largest, difference);
      });
    }
  }
  await program.dispose();
  return largest;
}

const equal = (a: ReadonlyMap<string, Tensor>, b: ReadonlyMap<string, Tensor>): boolean => {
  const bytes = ({ data }: Tensor): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return (
    a.size === b.size &&
    [...a].every(([name, tensor]) => {
      const other = b.get(name);
      return other !== undefined && Buffer.compare(bytes(tensor), bytes(other)) === 0;
    })
  );
};

async function main(data: string): Promise<void> {
  say(machineName());
  const folder = await mkdtemp(path.join(tmpdir(), 'percuss-bench-'));
  const figures: Figure[] = [];
  const sets = flags.sets.split(',');
  const batch = await openBatch(data);
  const kernels = batch.network.anatomy.sites.reduce((sum, site) => sum + site.channels, 0);
  const rounds = Number(flags.rounds);
  try {
    for (const keep of sets.includes('bank') ? (['signatures', 'responses'] as const) : []) {
      const spec = path.join(folder, 'study.yaml');
      await writeFile(spec, specOf(data, bank(keep), 0));
      const times = { batch: [] as number[], study: [] as number[] };
      for (let round = 0; round < rounds; round++) {
        const started = performance.now();
        const own = await batch.run(keep);
        times.batch.push((performance.now() - started) / 1000);
        const { seconds, seen } = await studySweep(
          path.join(folder, `${keep}-${round}`),
          spec,
          Number(flags.threads),
          inProcess(Number(flags.threads)),
          async (_, ledger, { mode, id }) => {
            const { models } = await ledger.getStudy(id);
            const scope = { model: models[0]?.content ?? '', mode, semantics: SEMANTICS };
            const keys = [...(await ledger.committedResults(scope)).keys()];
            const results = await Promise.all(keys.map((key) => ledger.readResult(scope, key)));
            return results.find((result) => result?.metadata['impulses'] !== undefined);
          },
        );
        times.study.push(seconds);
        if (!seen || !equal(own.tensors, seen.tensors))
          throw new Error('the study and the step alone store different responses');
        if (round > 0) continue;
        const difference = await compare(batch.network, own);
        const bytes = [...own.tensors.values()].reduce((sum, tensor) => sum + tensor.data.byteLength, 0);
        say(
          `${flags.model}, keep: ${keep}: ${own.impulses.length} impulses, ${kernels} kernels of ${own.sites.length} sites, ` +
            `${(bytes / 1e6).toFixed(0)} MB; norms agree with two forward passes within ${difference.toExponential(1)}, ` +
            'and what the study stores is what the step gives, byte for byte',
        );
      }
      const what = `${flags.model}, ${kernels} kernels, ${positions().length} positions × 3 channels × 2 amplitudes, keep: ${keep}`;
      const whole = spreadOf(times.study);
      say(`  the step alone, one thread: ${printSpread(spreadOf(times.batch))} s`);
      say(
        `  a study with its store, ${flags.threads} processes: ${printSpread(whole)} s; mark ${mark} s: ${whole.median <= mark ? 'reached' : 'MISSED'}`,
      );
      figures.push({ what: `${what}: a study with its store`, value: whole, unit: ' s', mark, aim, better: 'lower' });
      figures.push({ what: `${what}: the step alone, one thread`, value: spreadOf(times.batch), unit: ' s' });
    }
    if (sets.includes('usual')) figures.push(...(await usual(data, folder, rounds)));
    await record('impulses', flags, rounds, figures);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const data = path.resolve(flags.data);
if (existsSync(data)) await main(data);
else say(`SKIPPED: ${flags.data} is not here, so there is no network to run; name the folder: --data`);
