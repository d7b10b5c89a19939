import { openEngine } from '../core/engine/open.js';
import type { NumericMode } from '../core/numeric-mode.js';
import { tensorFlowFromCache } from '../infra/setup/load-tfjs.js';
import type { Lesion, Subject, SweepResults } from './sweep.js';
import { readSubject, runLesionsOn, type InstrumentedSubject } from './instrumented-subject.js';
import { WholeNetwork } from './whole-network.js';

export type Method = 'percuss' | 'whole';

/**
 * What the parent asks of a process: to make a network ready, with nothing compiled; to do what the whole network's sweep does
 * once; or to run some of the lesions.
 */
export type Request =
  | { readonly ask: 'open'; readonly subject: Subject }
  | { readonly ask: 'prepare whole'; readonly lesions: readonly Lesion[] }
  | { readonly ask: 'run'; readonly method: Method; readonly lesions: readonly Lesion[] };

export interface Reply {
  readonly error?: string;
  readonly results?: SweepResults;
  readonly idle?: number;
  /** Seconds of processor time that the request took. */
  readonly cpu?: number;
}

interface Opened extends InstrumentedSubject {
  readonly whole: WholeNetwork;
}

const [mode] = process.argv.slice(2).map((text) => JSON.parse(text) as NumericMode);
if (!mode) throw new Error('the numeric mode must be the argument');
const engine = await openEngine(mode, { threads: 1, tensorflow: tensorFlowFromCache });
let opened: Opened | undefined;

async function answer(request: Request): Promise<Reply> {
  if (request.ask === 'open') {
    await opened?.whole.close();
    await opened?.network.close();
    const at = await readSubject(request.subject, engine);
    opened = { ...at, whole: new WholeNetwork(at.network, at.images, at.labels) };
    return {};
  }
  if (!opened) throw new Error('nothing is open');
  if (request.ask === 'prepare whole') {
    await opened.whole.prepare(request.lesions);
    return {};
  }
  const before = process.cpuUsage();
  const reply =
    request.method === 'percuss'
      ? await runLesionsOn(opened, request.lesions)
      : { results: await opened.whole.run(request.lesions), idle: 0 };
  const { user, system } = process.cpuUsage(before);
  return { ...reply, cpu: (user + system) / 1e6 };
}

process.on('message', (request: Request) => {
  answer(request)
    .catch((error: unknown): Reply => ({
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    }))
    .then((reply) => process.send?.(reply))
    .catch(() => process.exit(1));
});
process.on('disconnect', () => process.exit(0));
