import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { widthOf, type Brackets } from '../core/analysis/resolution.js';
import { bracketsOf, measureIntact, signaturesOf } from '../core/study/analysing/rows/redundancy.js';
import { loadResponses } from '../core/study/reading/load-model-results.js';
import { loadOutlines } from '../core/study/reading/outlines.js';
import { Catalog } from '../core/study/catalog.js';
import { machineName, record, recordOptions, type Figure } from './record.js';
import { printSpread, spreadOf } from './spread.js';
import { inProcess, studySweep } from './study-sweep.js';
import { imageFile, input } from './sweep.js';

/** What more base images buy, and what more positions on each: the brackets of R² and systemic redundancy, and the time. */
const { values: flags } = parseArgs({
  options: {
    models: { type: 'string', default: 'cifar10_resnet20,cifar10_resnet56' },
    /** Images × positions on each. */
    sets: { type: 'string', default: '16x4,32x2,64x1,32x4,64x2,128x1' },
    rounds: { type: 'string', default: '3' },
    threads: { type: 'string', default: '2' },
    data: { type: 'string', default: '../shared/data' },
    ...recordOptions,
  },
});

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** YAML is a superset of JSON, so this is a spec. */
function specOf(data: string, model: string, images: number, phases: number): string {
  const cifar = (file: string, count: number): object => ({ format: 'cifar10', files: [file], images: count });
  return JSON.stringify({
    version: 1,
    study: 'positions',
    seed: 7,
    data: {
      test: cifar(imageFile(data), 50),
      train: cifar(path.join(data, 'images/cifar10/cifar10_train_0000-1999.bin'), 250),
    },
    defaults: { data: 'test', reference: 'train', input, output: { kind: 'logits' } },
    models: { network: { file: path.join(data, 'models', `${model}.onnx`) } },
    impulses: { images: { base: { images }, positions: { phases } } },
    analysis: { nulls: { shuffled: 0 } },
  });
}

const named = ({ same, far, sr }: Brackets): readonly (readonly [string, Brackets['sr']])[] => [
  ['mean R² from the same site', same],
  ['mean R² from far sites', far],
  ['systemic redundancy', sr],
];

async function main(data: string): Promise<void> {
  say(machineName());
  const folder = await mkdtemp(path.join(tmpdir(), 'percuss-bench-'));
  const rounds = Number(flags.rounds);
  const threads = Number(flags.threads);
  const figures: Figure[] = [];
  try {
    for (const model of flags.models.split(',')) {
      for (const set of flags.sets.split(',')) {
        const [images = 0, phases = 0] = set.split('x').map(Number);
        const spec = path.join(folder, 'study.yaml');
        await writeFile(spec, specOf(data, model, images, phases));
        const times: number[] = [];
        let brackets: Brackets | undefined;
        for (let round = 0; round < rounds; round++) {
          const own = path.join(folder, `${model}-${set}-${round}`);
          const { seconds, seen } = await studySweep(own, spec, threads, inProcess(threads), async (_, ledger, ref) => {
            if (brackets) return brackets;
            const catalog = new Catalog((digest) => ledger.getBlob(digest));
            const { study, models } = await loadOutlines(ledger, catalog, ref, { scores: {} });
            const [outline] = models;
            if (!outline) throw new Error('the study has no network');
            const responses = await loadResponses(ledger, outline, study.seed);
            const signatures = signaturesOf({ outline, responses });
            if (!signatures || signatures.starts.length !== images + 1) throw new Error('base images are missing');
            return bracketsOf(await measureIntact(signatures, study.analysis, study.seed));
          });
          brackets = seen;
          times.push(seconds);
        }
        const what = `${model}, ${images} images × ${phases} positions`;
        say(`${what}: ${printSpread(spreadOf(times))} s`);
        figures.push({ what: `${what}: a study with its store`, value: spreadOf(times), unit: ' s' });
        for (const [name, bracket] of brackets ? named(brackets) : []) {
          if (!bracket) continue;
          const width = widthOf(bracket);
          say(`  ${name}: ${bracket.low.toFixed(4)} to ${bracket.high.toFixed(4)}, ${width.toFixed(4)} wide`);
          figures.push({ what: `${what}: ${name}, width of the bracket`, value: width, unit: '' });
        }
      }
    }
    await record('positions', flags, rounds, figures);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const data = path.resolve(flags.data);
if (existsSync(data)) await main(data);
else say(`SKIPPED: ${flags.data} is not here, so there is no network to run; name the folder: --data`);
