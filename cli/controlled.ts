import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import { PercussError } from '../core/errors.js';
import { submissionOf, workersOf, type Submitted } from '../workers/submitted.js';
import { nextCommand } from './command-line.js';
import { openReading, type CommonOptions, type Session } from './session.js';
import {
  askTemporal,
  findRemembered,
  findStored,
  isStoreLost,
  standingOf,
  standingWords,
  type Asked,
  type Known,
} from './standing.js';

export interface ControlOptions extends CommonOptions {
  readonly temporal?: string;
}

/** Who was asked about a study, for programs. */
export type ToldBy = 'store and Temporal' | 'store' | 'Temporal';

/** A study, what Temporal has of it, and the way to both. */
export interface Controlled {
  readonly known: Known;
  readonly submitted: Submitted | undefined;
  readonly client: Client;
  readonly session: Session;
  /** What to say where nobody would do what is asked: how to start a worker. Undefined where one listens. */
  readonly lonely: string | undefined;
  readonly toldBy: ToldBy;
  /** Lines about who listens, and who could not be asked. */
  readonly notes: readonly string[];
}

/** What is done where no Temporal can be asked; by default that is an error, with what the store says. */
export type WithoutTemporal = (session: Session, known: Known, asked: Asked) => Promise<void>;

/**
 * Finds a study in the store or, where that is out of reach, as Temporal remembers it, and hands on what both say.
 * @throws PercussError NOT_FOUND; TEMPORAL_UNREACHABLE and what the store knows, unless `without` says otherwise; STORE_UNREACHABLE where nobody
 * knows the study
 */
export async function withStudy(
  asked: string,
  command: Command,
  work: (controlled: Controlled) => Promise<void>,
  without: WithoutTemporal = refuse,
): Promise<void> {
  const options = command.optsWithGlobals<ControlOptions>();
  const session = await openReading(options);
  try {
    const stored = await findStoredOrLost(session, asked);
    const temporal = await askTemporal(options.temporal);
    try {
      const { client } = temporal;
      if (!client) {
        if (!(stored instanceof Error)) return await without(session, stored, temporal);
        throw temporal.error ?? stored;
      }
      const known = stored instanceof Error ? await findRemembered(client, asked, stored) : stored;
      const { id, storeId, mode, unreachable } = known;
      const workers = storeId && mode ? await workersOf(client, storeId, mode) : undefined;
      const submitted = await submissionOf(client, id, workers);
      const start = mode ? ['--engine', mode.engine, '--device', mode.device] : [];
      const lonely =
        workers && workers.control > 0
          ? undefined
          : `no worker listens; start one: ${nextCommand(['worker', ...start], { ...options, store: session.ledger.url })}`;
      const notes = [
        ...(lonely === undefined ? [] : [`  ${lonely}`]),
        ...(unreachable === undefined ? [] : [`  told by Temporal alone: ${unreachable}`]),
      ];
      const toldBy = unreachable === undefined ? 'store and Temporal' : 'Temporal';
      await work({ known, submitted, client, session, lonely, toldBy, notes });
    } finally {
      await temporal.close();
    }
  } finally {
    await session.close();
  }
}

/** Nobody can be told what is asked for; how the study stands is still of use. */
export async function refuse(session: Session, known: Known, asked: Asked): Promise<void> {
  const { state, percent } = await standingOf(session, asked, known);
  const far = percent === null ? '' : `, ${percent} % of its units stored`;
  const reason = asked.error?.message ?? asked.reason ?? 'Temporal does not answer';
  throw new PercussError(
    asked.error?.code ?? 'TEMPORAL_UNREACHABLE',
    `${reason}. By the store alone, ${known.study} is ${standingWords[state]}${far}`,
    { details: { ...asked.error?.details, state }, ...(asked.error ? { cause: asked.error } : {}) },
  );
}

/** The study, or that the store could not be asked. @throws PercussError whatever else `findStored` does. */
export async function findStoredOrLost(session: Session, asked: string): Promise<Known | PercussError> {
  try {
    return await findStored(session, asked);
  } catch (error) {
    if (isStoreLost(error)) return error;
    throw error;
  }
}
