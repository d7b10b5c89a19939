import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { largest } from '../core/extremes.js';
import { openStore } from '../core/store/open.js';
import { commandRun, type CommandRun } from './command-run.js';
import { mistake, wholeNumber } from './flags.js';
import { machineName, record, recordOptions, type Figure } from './record.js';

/** Studies of 10³ to 10⁶ conditions on ten images, from their plan to their report, by the command as people type it: time, memory, bytes. */
const { values: flags } = parseArgs({
  options: {
    from: { type: 'string', default: '3' },
    to: { type: 'string', default: '5' },
    data: { type: 'string', default: '../shared/data' },
    /** `file`: a folder that is removed; else the URL of a bucket and prefix that nobody uses. */
    store: { type: 'string', default: 'file' },
    temporal: { type: 'boolean', default: false },
    ...recordOptions,
  },
});
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const [from, to] = [wholeNumber(flags, 'from'), wholeNumber(flags, 'to')];
if (from > to || to > 6) throw mistake('--from and --to are powers of ten, from 3 to 6');
const [fractions, fills] = [5, 2];

/** Random ablations of a LeNet, of which a condition costs next to nothing. */
function specOf(conditions: number): string {
  const mnist = path.resolve(flags.data, 'images/mnist/t10k');
  return JSON.stringify({
    version: 1,
    study: `scale-${conditions}`,
    seed: 7,
    data: {
      m: {
        format: 'idx',
        files: [`${mnist}-images-idx3-ubyte.gz`],
        labels: [`${mnist}-labels-idx1-ubyte.gz`],
        images: 10,
      },
    },
    defaults: { data: 'm', input: { divide: 255 }, output: { kind: 'probabilities' } },
    models: { lenet: { file: path.resolve(flags.data, 'models/mnist_lenet.onnx') } },
    ablations: {
      r: {
        mode: 'random',
        fill: ['zero', 'mean'],
        fractions: [0.3, 0.4, 0.5, 0.6, 0.7],
        trials: conditions / fractions / fills,
      },
    },
    analysis: { bootstrap: 100, nulls: { shuffled: 0 } },
    run: { engine: 'onnxruntime', device: 'cpu', limit: { cells: 4_000_000 } },
  });
}

/** What a step took: seconds of the clock, and of a processor in the command itself. */
interface Taken {
  readonly seconds: number;
  readonly processor: number;
}

/** What one size took. */
interface Sized {
  readonly conditions: number;
  readonly plan: Taken;
  /** From the planning of the ablation to its last cell. */
  readonly sweep: Taken;
  readonly replan: Taken;
  readonly analysis: Taken;
  /** Tables put in place, the report made. */
  readonly report: Taken;
  readonly query: Taken;
  readonly status: Taken;
  /** The most that the command, and that any process that it started, held. */
  readonly memory: number;
  readonly childMemory: number;
  readonly stored: number;
  readonly objects: number;
  readonly reportBytes: number;
}

/** From the first line of one phase to the first of another that follows; to the end where none does. */
function between({ lines, seconds, processor }: CommandRun, first: RegExp, next: RegExp): Taken {
  const begin = lines.findIndex(({ text }) => first.test(text));
  const end = lines.findIndex(({ text }, i) => i > begin && next.test(text));
  const [from, until] = [lines[begin]?.at ?? seconds, lines[end]?.at ?? seconds];
  return { seconds: until - from, processor: processor(until) - processor(from) };
}

const whole = ({ seconds, processor }: CommandRun): Taken => ({ seconds, processor: processor(seconds) });

async function storedIn(url: string): Promise<{ readonly bytes: number; readonly objects: number }> {
  const store = await openStore(url);
  const total = { bytes: 0, objects: 0 };
  for await (const { bytes } of store.list('')) {
    total.bytes += bytes;
    total.objects += 1;
  }
  await store.close();
  return total;
}

async function measured(conditions: number): Promise<Sized> {
  const folder = await mkdtemp(path.join(tmpdir(), 'percuss-scale-'));
  try {
    const [spec, out] = [path.join(folder, 'study.yaml'), path.join(folder, 'out')];
    await writeFile(spec, specOf(conditions));
    const url = flags.store === 'file' ? `file:${path.join(folder, 'store')}` : `${flags.store}/${conditions}`;
    const store = ['--store', url];
    const own = flags.temporal ? [] : ['--in-process'];
    const plan = await commandRun(['plan', spec, ...store]);
    const run = await commandRun(['run', spec, ...own, ...store, '--out', out]);
    const replan = await commandRun(['plan', spec, ...store]);
    const sql = 'SELECT count(*), avg(kl), avg(accuracy), max(kl_high) FROM ablations';
    const query = await commandRun(['query', out, sql]);
    const status = await commandRun(['status', `scale-${conditions}`, ...store]);
    const { bytes, objects } = await storedIn(url);
    return {
      conditions,
      plan: whole(plan),
      sweep: between(run, /^plan: stage 1/, /^plan: stage 2/),
      replan: whole(replan),
      analysis: between(run, /^analyse:/, /^write:/),
      report: between(run, /^write:/, /^never/),
      query: whole(query),
      status: whole(status),
      memory: largest([plan, run, replan, query, status].map(({ memory }) => memory)),
      childMemory: run.childMemory,
      stored: bytes,
      objects,
      reportBytes: (await stat(path.join(out, 'report.html'))).size,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Measure {
  readonly name: string;
  readonly of: (sized: Sized) => number;
  readonly unit: string;
  readonly mark?: number;
  readonly better?: 'higher' | 'lower';
}

/** A step by the clock, which is held to a mark at a million conditions, and by the processor. */
const step = (name: string, of: (sized: Sized) => Taken, mark: number): Measure[] => [
  { name, of: (sized) => of(sized).seconds, unit: ' s', mark, better: 'lower' },
  { name: `${name}, processor`, of: (sized) => of(sized).processor, unit: ' s', better: 'lower' },
];

const megabytes = (name: string, bytes: (sized: Sized) => number, mark: number): Measure => ({
  name,
  of: (sized) => bytes(sized) / 1e6,
  unit: ' MB',
  mark,
  better: 'lower',
});

const measures: readonly Measure[] = [
  {
    name: 'cells a second',
    of: ({ conditions, sweep }) => conditions / sweep.seconds,
    unit: '/s',
    mark: flags.temporal ? 2000 : 5000,
  },
  ...step('plan', ({ plan }) => plan, 30),
  ...step('plan again', ({ replan }) => replan, 30),
  ...step('analysis', ({ analysis }) => analysis, 120),
  ...step('report', ({ report }) => report, 60),
  megabytes('size of the report', ({ reportBytes }) => reportBytes, 10),
  ...step('query', ({ query }) => query, 5),
  ...step('status', ({ status }) => status, 1),
  megabytes('memory of the command', ({ memory }) => memory, 1000),
  megabytes('memory of a compute process', ({ childMemory }) => childMemory, 1000),
  {
    name: 'stored for a condition',
    of: ({ stored, conditions }) => stored / conditions,
    unit: ' bytes',
    better: 'lower',
  },
  { name: 'objects', of: ({ objects }) => objects, unit: '', better: 'lower' },
];

/** How it grows: of y ∝ conditions^exponent, by least squares of the logarithms. */
function exponent(points: readonly (readonly [number, number])[]): number {
  const logs = points.map(([x, y]) => [Math.log(x), Math.log(y)] as const);
  const mean = (place: 0 | 1): number => logs.reduce((sum, point) => sum + point[place], 0) / logs.length;
  const [x, y] = [mean(0), mean(1)];
  const covariance = logs.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0);
  return covariance / logs.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
}

const sizes = Array.from({ length: to - from + 1 }, (_, i) => 10 ** (from + i));
say(`${machineName()}; ${flags.temporal ? 'with Temporal' : 'in process'}, store ${flags.store}`);
say(['conditions', ...measures.map(({ name, unit }) => `${name}${unit && ` (${unit.trim()})`}`)].join(' | '));
const all: Sized[] = [];
for (const size of sizes) {
  const sized = await measured(size);
  all.push(sized);
  say([size, ...measures.map(({ of }) => of(sized).toPrecision(3))].join(' | '));
}
const figures = measures.map(({ name, of, unit, mark, better }): Figure => {
  const grows = all.length < 2 ? undefined : exponent(all.map((sized) => [sized.conditions, of(sized)]));
  const last = all.at(-1) as Sized;
  return {
    what: `${name}, ${last.conditions.toLocaleString('en')} conditions`,
    value: of(last),
    unit,
    ...(mark === undefined || last.conditions < 1e6 ? {} : { mark }),
    ...(better ? { better } : {}),
    ...(grows === undefined ? {} : { note: `grows as conditions^${grows.toFixed(2)}` }),
  };
});
if (all.length > 1) say(['exponent', ...figures.map(({ note }) => note?.split('^').at(-1) ?? '')].join(' | '));
await record('scale', flags, 1, figures);
