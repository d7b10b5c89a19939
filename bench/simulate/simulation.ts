import { Ledger } from '../../core/ledger/ledger.js';
import { SEMANTICS } from '../../core/plan/identity.js';
import { nextStage } from '../../core/study/planning/plan-stage.js';
import { drawFaults } from './chance.js';
import { knownAnswers, rowsDigest, sameCell, type KnownAnswers } from './known-answers.js';
import type { Bug } from './planted-bugs.js';
import { SimulatedServer } from './simulated-server.js';
import { SimulatedStore, type Surroundings } from './simulated-store.js';
import { SimulatedStudy } from './simulated-study.js';
import type { Judged } from './simulated-worker.js';
import { VirtualClock } from './virtual-clock.js';
import { makeWorkload, studyNames, type Workload } from './workload.js';

const START = Date.UTC(2026, 0, 1);
/** Faults befall for so many virtual milliseconds; then all must end. */
const DISTURBED_MS = 4 * 60_000;
const MOST_EVENTS = 60_000;

/** What is simulated again and again, made once. */
export interface Setting {
  readonly workload: Workload;
  readonly answers: KnownAnswers;
}

export async function makeSetting(): Promise<Setting> {
  const workload = await makeWorkload();
  return { workload, answers: await knownAnswers(workload) };
}

export interface RunOptions {
  readonly bug?: Bug;
  /** Whether rows of tables are made and compared, too, which takes as long as all else. */
  readonly tables: boolean;
  readonly trace?: (line: string) => void;
}

export interface Ran {
  /** What was wrong; empty where nothing was. */
  readonly wrong: readonly string[];
  readonly events: number;
}

/** Runs both studies under the faults of a seed, to their end. The same seed gives the same run. */
export async function simulate(seed: number, { workload, answers }: Setting, options: RunOptions): Promise<Ran> {
  const clock = new VirtualClock(START);
  const { faults, random } = drawFaults(seed);
  const wrong: string[] = [];
  const tell = options.trace;
  const around: Surroundings = {
    clock,
    random,
    faults,
    disturbed: () => clock.now < START + DISTURBED_MS,
    bug: options.bug,
    trace: tell ? (line) => tell(`${((clock.now - START) / 1000).toFixed(3).padStart(9)} ${line}`) : () => undefined,
  };
  around.trace(JSON.stringify(faults));
  const store = new SimulatedStore(around);
  const judged: Judged = {
    around,
    store,
    workload,
    answers,
    completed: new Map(),
    crashes: new Map(),
    poison: new Set(faults.poisoned ? poisonOf(answers, random.below(answers.onlyTwo.length)) : []),
    wrong: (what) => {
      around.trace(`WRONG: ${what}`);
      wrong.push(what);
    },
  };
  const server = new SimulatedServer(judged, 3);
  const studies = studyNames.map((name) => new SimulatedStudy(name, judged, server));
  for (const [i, study] of studies.entries())
    clock.after(
      i * random.below(20_000),
      () => void study.run().catch((error: unknown) => judged.wrong(String(error))),
    );
  disturb(around, server, studies);
  const ended = await clock.run(() => wrong.length > 0 || studies.every(({ over }) => over), MOST_EVENTS);
  if (!ended) judged.wrong(`not over after ${clock.events} events: something waits for ever`);
  if (wrong.length === 0) await judgeEnd(judged, studies, options.tables);
  return { wrong, events: clock.events };
}

const poisonOf = ({ onlyTwo }: KnownAnswers, at: number): readonly string[] => onlyTwo.slice(at, at + 1);

/** Plans kills, suspensions, pauses and cancellations, one after the other of each kind. */
function disturb(around: Surroundings, server: SimulatedServer, studies: readonly SimulatedStudy[]): void {
  const { clock, random, faults, disturbed, trace } = around;
  const again = (meanMs: number, happen: () => void): void => {
    if (meanMs === 0) return;
    const next = (): void =>
      clock.after(random.uniform() * 2 * meanMs, () => {
        if (!disturbed()) return;
        happen();
        next();
      });
    next();
  };
  const study = (): SimulatedStudy => studies[random.below(studies.length)] as SimulatedStudy;
  again(faults.killMs, () => {
    if (random.uniform() < 0.2) for (const at of server.workers.keys()) server.killWorker(at);
    else server.killWorker(random.below(server.workers.length));
  });
  again(faults.suspendMs, () => {
    const worker = server.workers[random.below(server.workers.length)];
    const ms = 1_000 + random.below(90_000);
    trace(`${worker?.process.name} is suspended for ${ms} ms`);
    worker?.suspend(clock.now + ms);
  });
  again(faults.pauseMs, () => {
    const paused = study();
    paused.signal('paused');
    clock.after(random.below(30_000), () => paused.signal('resumed'));
  });
  again(faults.cancelMs, () => {
    const cancelled = study();
    if (!cancelled.over) cancelled.signal('cancelled');
  });
}

/** Nothing is missing, every cell is the one of an undisturbed run, and so is every row of a table. */
async function judgeEnd(
  { store, workload, answers, wrong }: Judged,
  studies: readonly SimulatedStudy[],
  tables: boolean,
): Promise<void> {
  const ledger = new Ledger(store.objects);
  for (const { name, ref } of studies) {
    if (!ref) throw new Error(`study ${name} was never submitted`);
    const { stage, tally, models } = await nextStage(ledger, workload.catalog, ref);
    const missing = tally.total - tally.stored;
    if (stage || missing > 0) wrong(`study ${name} ended, and lacks ${missing} units`);
    if (tally.total !== answers.units[name])
      wrong(`study ${name} has ${tally.total} units, not the ${answers.units[name]} of an undisturbed run`);
    for (const outline of models) {
      for (const { digest, images } of outline.chunks) {
        for await (const cell of ledger.streamCells({
          ...outline.scope,
          chunk: digest,
          images,
          semantics: SEMANTICS,
        })) {
          const known = answers.cells.get(cell.key);
          if (!known || !sameCell(known, cell)) wrong(`cell ${cell.key.slice(0, 8)} is not that of an undisturbed run`);
        }
      }
    }
    if (tables && (await rowsDigest(ledger, workload, ref)) !== answers.tables[name])
      wrong(`tables of study ${name} differ from those of an undisturbed run`);
  }
}
