import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { mistake, wholeNumber } from '../flags.js';
import { bugs, isBug } from './planted-bugs.js';
import { runSeeds, type SeedsTask, type SeedsTold } from './seeds-child.js';
import { makeSetting, simulate } from './simulation.js';

/** Runs studies under simulated faults, by seed: planning, policy, ledger and analysis are real; time, store, workers and arithmetic are not. */
const { values: flags } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    /** One seed by itself. */
    seed: { type: 'string' },
    trace: { type: 'boolean', default: false },
    /** Plants a mistake; `all` tries each and says at which seed it is found. */
    bug: { type: 'string' },
    jobs: { type: 'string', default: '2' },
  },
});
const say = (line: string): void => void process.stdout.write(`${line}\n`);
/** Rows of tables are compared for every so many-th seed. */
const tablesEach = 20;

function inChild(task: SeedsTask): Promise<SeedsTold> {
  const child = fork(fileURLToPath(new URL('./seeds-child.js', import.meta.url)));
  return new Promise((resolve, reject) => {
    child.once('message', (told: SeedsTold) => resolve(told));
    child.once('exit', (code) => reject(new Error(`a process of the simulation ended with code ${code ?? ''}`)));
    child.send(task);
  });
}

async function replay(seed: number): Promise<boolean> {
  const bug = flags.bug !== undefined && isBug(flags.bug) ? { bug: flags.bug } : {};
  const { wrong, events } = await simulate(seed, await makeSetting(), {
    tables: true,
    ...bug,
    ...(flags.trace ? { trace: say } : {}),
  });
  for (const what of wrong) say(`seed ${seed}: ${what}`);
  say(`seed ${seed}: ${events} events, ${wrong.length} wrong`);
  return wrong.length === 0;
}

async function many(): Promise<boolean> {
  const [count, from, jobs] = [wholeNumber(flags, 'seeds'), wholeNumber(flags, 'from'), wholeNumber(flags, 'jobs')];
  const began = performance.now();
  const told = await Promise.all(
    Array.from({ length: jobs }, (_, i) => inChild({ from: from + i, to: from + count, step: jobs, tablesEach })),
  );
  const wrong = told.flatMap((each) => each.wrong).sort((a, b) => a.seed - b.seed);
  for (const { seed, what } of wrong) say(`seed ${seed}: ${what} (replay: npm run simulate -- --seed ${seed} --trace)`);
  const sum = (of: (each: SeedsTold) => number): number => told.reduce((total, each) => total + of(each), 0);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  say(`${sum(({ ran }) => ran)} seeds, ${sum(({ events }) => events)} events, ${wrong.length} wrong, ${seconds} s`);
  return wrong.length === 0;
}

async function everyBug(): Promise<boolean> {
  let all = true;
  for (const bug of bugs) {
    const { ran, wrong } = await runSeeds({ from: 1, to: 1001, step: 1, tablesEach, bug }, 1);
    const [first] = wrong;
    all &&= first !== undefined;
    say(`${bug}: ${first ? `seed ${first.seed}: ${first.what}` : `not found in ${ran} seeds`}`);
  }
  return all;
}

if (flags.bug !== undefined && flags.bug !== 'all' && !isBug(flags.bug))
  throw mistake(`--bug is all, or one of: ${bugs.join(', ')}`);
const sound =
  flags.bug === 'all'
    ? await everyBug()
    : flags.seed === undefined
      ? await many()
      : await replay(wholeNumber(flags, 'seed'));
process.exit(sound ? 0 : 3);
