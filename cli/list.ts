import type { Command } from 'commander';
import { messageOf } from '../core/errors.js';
import { knownOutputs } from '../core/study/analysing/outputs.js';
import { submissionOf, submissions, workersOf, type Listed } from '../workers/submitted.js';
import { openReading, type CommonOptions, type Session } from './session.js';
import { askTemporal, isStoreLost, liveCounts, stateOf, type Asked, type State } from './standing.js';

interface Line {
  readonly id: string;
  readonly study: string;
  readonly created: string;
  /** Whether the store holds a report of this version; null where it is out of reach. */
  readonly reported: boolean | null;
  readonly state: State;
  /** Of a study that runs and whose workers answer. */
  readonly percent: number | null;
  readonly computed: number | null;
  readonly reused: number | null;
}

/** `percuss list`: the studies of a store, and how each stands. */
export function listCommand(verb: Command): void {
  verb.action(async (_: unknown, command: Command) => {
    const options = command.optsWithGlobals<CommonOptions & { temporal?: string }>();
    const session = await openReading(options);
    const temporal = await askTemporal(options.temporal);
    try {
      if (temporal.expected && temporal.reason !== undefined)
        session.terminal.say(`told by the store alone: ${temporal.reason}`);
      const lines = await linesOf(session, temporal);
      session.terminal.result(lines, () =>
        lines.length === 0 ? [`no study is in ${session.ledger.url} yet`] : lines.map(printLine),
      );
    } finally {
      await temporal.close();
      await session.close();
    }
  });
}

async function linesOf(session: Session, temporal: Asked): Promise<readonly Line[]> {
  const { client } = temporal;
  const listed = client ? await submissions(client) : [];
  try {
    const lines: Line[] = [];
    for (const { id, study, created } of await session.ledger.listStudies()) {
      const reported = (await knownOutputs(session.ledger, id)) !== undefined;
      const submission = listed.find((one) => one.id === id);
      lines.push({ id, study, created, reported, ...(await stands(temporal, submission, reported)) });
    }
    return lines;
  } catch (error) {
    if (!isStoreLost(error) || listed.length === 0) throw error;
    session.terminal.say(`told by Temporal alone, of all stores: ${messageOf(error)}`);
    const lines: Line[] = [];
    for (const one of listed) {
      const { id, study, submitted } = one;
      const created = submitted.toISOString();
      lines.push({ id, study, created, reported: null, ...(await stands(temporal, one, undefined)) });
    }
    return lines;
  }
}

type Stands = Pick<Line, 'state' | 'percent' | 'computed' | 'reused'>;

async function stands({ client }: Asked, listed: Listed | undefined, reported: boolean | undefined): Promise<Stands> {
  const none = { percent: null, computed: null, reused: null };
  if (!client || !listed) return { state: stateOf(reported, undefined), ...none };
  const workers = await workersOf(client, listed.storeId, listed.mode);
  const submitted = await submissionOf(client, listed.id, workers);
  const state = stateOf(reported, submitted);
  if (!submitted?.progress) return { state, ...none };
  const { percent, computed, reused } = liveCounts(submitted.progress);
  return { state, percent, computed, reused };
}

function printLine({ id, study, created, reported, state, percent, computed, reused }: Line): string {
  const word = state === 'complete' && reported === true ? 'reported' : state === 'waiting' ? 'no worker' : state;
  const counts = percent === null ? '' : `  ${percent} %, ${computed} computed, ${reused} reused`;
  return `${id.slice(0, 12)}  ${created}  ${word.padEnd(10)}  ${study}${counts}`;
}
