import '../flags.js';
import { fork, type ChildProcess } from 'node:child_process';
import { appendFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { mistake, wholeNumber } from '../flags.js';
import { processorSeconds, residentBytes } from '../process-status.js';
import type { Outcome, Task, Told } from './fuzz-child.js';
import { parsers } from './parsers.js';

/** Mutates real files of every format and tells what parsers make of them. What fails is kept below .tmp/fuzz. */
const { values: flags } = parseArgs({
  options: {
    parser: { type: 'string' },
    seconds: { type: 'string', default: '60' },
    /** Ends earlier once so many are tried. */
    count: { type: 'string', default: '25000' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '1' },
  },
});

/** Of the processor, since a busy machine is no fault of the input; and by the clock, for what waits. */
const [slowSeconds, hangMilliseconds] = [10, 120_000];
const largeBytes = 1e9;
/** A fresh process now and then, so that what one input left does not count against another. */
const inputsEach = 2_500;

type Counts = Record<'tried' | Outcome | 'slow' | 'large' | 'crashed', number> & {
  /** Of accepted inputs, by what the parser told. */
  readonly notes: Map<string, number>;
};

const columns = ['tried', 'clean', 'accepted', 'raw', 'differs', 'crashed', 'slow', 'large'] as const;

function log(parser: string, text: string): void {
  const folder = path.join('.tmp', 'fuzz', parser);
  mkdirSync(folder, { recursive: true });
  appendFileSync(path.join(folder, 'failures.log'), `${text}\n\n`);
}

/** Runs one child until it ends for whatever reason; gives back the next number. */
function watch(task: Task, counts: Counts, isOver: () => boolean): Promise<number> {
  const child: ChildProcess = fork(fileURLToPath(new URL('./fuzz-child.js', import.meta.url)), {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' }, // oxlint-disable-line node/no-process-env -- a child like this process
  });
  let [current, done, began] = [task.from, 0, Date.now()];
  let ended: 'slow' | 'large' | 'over' | undefined;
  const end = (why: 'slow' | 'large' | 'over'): void => {
    ended ??= why;
    child.kill('SIGKILL');
  };
  let [running, spent] = [false, 0];
  const spentNow = (): number => {
    try {
      return processorSeconds([child.pid ?? process.pid]) ?? 0;
    } catch {
      return 0;
    }
  };
  const look = setInterval(() => {
    try {
      if (child.pid !== undefined && residentBytes(child.pid).now > largeBytes) end('large');
      if (running && spentNow() - spent > slowSeconds) end('slow');
    } catch {
      // It is gone.
    }
    if (running && Date.now() - began > hangMilliseconds) end('slow');
  }, 100);
  child.on('message', (told: Told) => {
    if (ended !== undefined) return;
    current = told.number;
    running = told.outcome === undefined;
    if (told.outcome === undefined) {
      [began, spent] = [Date.now(), spentNow()];
      return;
    }
    counts.tried += 1;
    counts[told.outcome] += 1;
    if (told.note !== undefined) counts.notes.set(told.note, (counts.notes.get(told.note) ?? 0) + 1);
    if (told.message !== undefined) log(task.parser, `${told.outcome} ${task.seed}-${told.number}\n${told.message}`);
    done += 1;
    if (done >= inputsEach || isOver()) end('over');
  });
  child.send(task);
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      clearInterval(look);
      if (ended !== 'over') {
        counts.tried += 1;
        counts[ended ?? 'crashed'] += 1;
        log(task.parser, `${ended ?? `crashed (${signal ?? code ?? ''})`} ${task.seed}-${current}`);
      }
      resolve(current + task.step);
    });
  });
}

async function fuzz(parser: string, seconds: number, most: number, jobs: number): Promise<Counts> {
  const counts: Counts = {
    tried: 0,
    clean: 0,
    accepted: 0,
    raw: 0,
    differs: 0,
    slow: 0,
    large: 0,
    crashed: 0,
    notes: new Map(),
  };
  const until = Date.now() + 1_000 * seconds;
  const isOver = (): boolean => Date.now() > until || counts.tried >= most;
  const job = async (from: number): Promise<void> => {
    const keep = path.join('.tmp', 'fuzz', parser);
    for (let next = from; !isOver();) {
      next = await watch({ parser, seed: wholeNumber(flags, 'seed'), from: next, step: jobs, keep }, counts, isOver);
    }
  };
  await Promise.all(Array.from({ length: jobs }, (_, i) => job(i)));
  return counts;
}

const asked = flags.parser?.split(',') ?? Object.keys(parsers);
const unknown = asked.find((name) => !Object.hasOwn(parsers, name));
if (unknown !== undefined) throw mistake(`--parser ${unknown}: it is one of ${Object.keys(parsers).join(', ')}`);
process.stdout.write(`${'parser'.padEnd(12)}${columns.map((name) => name.padStart(10)).join('')}\n`);
let failed = 0;
for (const parser of asked) {
  const counts = await fuzz(
    parser,
    wholeNumber(flags, 'seconds'),
    wholeNumber(flags, 'count'),
    wholeNumber(flags, 'jobs'),
  );
  process.stdout.write(`${parser.padEnd(12)}${columns.map((name) => String(counts[name]).padStart(10)).join('')}\n`);
  for (const [note, count] of counts.notes) process.stdout.write(`${''.padEnd(12)}${note}: ${count}\n`);
  failed += counts.raw + counts.differs + counts.crashed + counts.slow + counts.large;
}
if (failed > 0) process.stdout.write(`${failed} failed: see .tmp/fuzz\n`);
process.exit(failed > 0 ? 3 : 0);
