import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { connectClient } from '../infra/connection.js';
import { connectWorker } from '../infra/worker-connection.js';
import { obtainTemporal } from '../infra/obtain/temporal.js';
import { startPrivateServer, type PrivateServer } from '../infra/server.js';
import { cacheFolder } from '../infra/settings.js';
import { submitStudy, waitForResult } from '../workers/client.js';
import { startWorker } from '../workers/worker.js';
import { record, recordOptions } from './record.js';
import { input, imageFile } from './sweep.js';
import { printSpread, spreadOf } from './spread.js';
import { inProcess, keysOf, studySweep, type Runner, type SweepTime } from './study-sweep.js';

/** One sweep with a file store, in a loop of this process and over Temporal. */
const { values: flags } = parseArgs({
  options: {
    model: { type: 'string', default: 'cifar10_resnet20' },
    images: { type: 'string', default: '500' },
    layers: { type: 'string', default: '*' },
    rounds: { type: 'string', default: '3' },
    threads: { type: 'string', default: '2' },
    'batch-seconds': { type: 'string', default: '5' },
    data: { type: 'string', default: '../shared/data' },
    ...recordOptions,
  },
});

const mark = 0.1;
const slots = Number(flags.threads);
const batchSeconds = Number(flags['batch-seconds']);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** YAML is a superset of JSON, so this is a spec. */
function specOf(data: string): string {
  const cifar = (file: string, images: number): object => ({ format: 'cifar10', files: [file], images });
  return JSON.stringify({
    version: 1,
    study: 'temporal-overhead',
    seed: 7,
    data: {
      test: cifar(imageFile(data), Number(flags.images)),
      train: cifar(path.join(data, 'images/cifar10/cifar10_train_0000-1999.bin'), 50),
    },
    defaults: { data: 'test', reference: 'train', input, output: { kind: 'logits' } },
    models: { network: { file: path.join(data, 'models', `${flags.model}.onnx`) } },
    ablations: { 'each-kernel': { unit: 'kernel', layers: flags.layers, mode: 'each', fill: ['zero'] } },
    run: { batchSeconds },
  });
}

/** Server and worker stand ready before the clock starts: they are started once, however long the study. */
const overTemporal =
  (server: PrivateServer): Runner =>
  async (steps, study, storeId) => {
    const { namespace } = server;
    const connection = await connectWorker(server);
    const worker = await startWorker({
      connection,
      namespace,
      storeId,
      mode: study.mode,
      steps,
      slots,
      graceSeconds: 1,
    });
    const client = await connectClient(server);
    try {
      const started = performance.now();
      const handle = await submitStudy(client, study, {
        name: 'temporal-overhead',
        storeId,
        tables: [],
        window: 2 * slots,
        policy: { onFailure: 'stop' },
      });
      const { counters } = await waitForResult(handle);
      return { started, computed: counters.computed };
    } finally {
      await worker.shutdown();
      await client.connection.close();
      await connection.close();
    }
  };

/** With the keys of all cell objects; they hold the hashes of the bytes. */
type Timed = SweepTime & { readonly seen: readonly string[] };

async function main(data: string): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'percuss-bench-'));
  const binary = await obtainTemporal({ from: 'auto', cache: cacheFolder(), onProgress: say });
  const starting = performance.now();
  const server = await startPrivateServer({ binary, onNotice: say });
  say(
    `the private server starts in ${((performance.now() - starting) / 1000).toFixed(1)} s, once a run; it is not counted`,
  );
  try {
    const spec = path.join(folder, 'study.yaml');
    await writeFile(spec, specOf(data));
    const runners: readonly (readonly [string, Runner])[] = [
      // As many in flight as over Temporal: how small the last batches are depends on it.
      ['in-process', inProcess(2 * slots)],
      ['temporal', overTemporal(server)],
    ];
    const overheads: number[] = [];
    for (let round = 0; round < Number(flags.rounds); round++) {
      const times = new Map<string, Timed>();
      for (const [name, run] of round % 2 === 0 ? runners : runners.toReversed()) {
        const own = path.join(folder, `${round}-${name}`);
        times.set(name, await studySweep(own, spec, slots, run, (store) => keysOf(store, 'cells/')));
      }
      const [plain, temporal] = [times.get('in-process') as Timed, times.get('temporal') as Timed];
      if (plain.seen.join() !== temporal.seen.join() || plain.seen.length === 0) {
        throw new Error(
          `the two ways leave different cells: ${plain.seen.length} and ${temporal.seen.length} objects, ${plain.computed} and ${temporal.computed} cells`,
        );
      }
      if (round === 0) {
        say(
          `${plain.computed} cells in ${plain.batches} batches; the cell objects of both ways are the same, byte for byte`,
        );
      }
      say(
        `round ${round + 1}: in process ${plain.seconds.toFixed(1)} s, over Temporal ${temporal.seconds.toFixed(1)} s`,
      );
      overheads.push(100 * (temporal.seconds / plain.seconds - 1));
    }
    const overhead = spreadOf(overheads);
    const verdict = overhead.median <= 100 * mark ? 'reached' : 'MISSED';
    await record('temporal', flags, overheads.length, [
      {
        what: `one sweep of ${flags.model}, ${flags.images} images: what a Temporal server costs over the loop in process`,
        value: overhead,
        unit: ' %',
        mark: 100 * mark,
        better: 'lower',
      },
    ]);
    say(
      `Temporal costs ${printSpread(overhead, 1)} % over the loop in process; mark at most ${100 * mark} %: ${verdict}`,
    );
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

const data = path.resolve(flags.data);
if (existsSync(data)) await main(data);
else say(`SKIPPED: ${flags.data} is not here, so there is no network to run; name the folder: --data`);
