import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import path from 'node:path';
import './flags.js';
import type { Spread } from './spread.js';

/** One figure of a bench: a line of the table in docs/performance.md. */
export interface Figure {
  /** What was measured, on what, against what. */
  readonly what: string;
  readonly value: number | Spread;
  /** Follows the number: `×`, ` %`, ` s`; empty for a plain number. */
  readonly unit: string;
  /** What the number is held to, and what it aims at; in its unit. With `least`, it must not be below that either. */
  readonly mark?: number;
  readonly least?: number;
  readonly aim?: number;
  /** Which way is good; default `higher`. */
  readonly better?: 'higher' | 'lower';
  /** What a figure cannot exceed on this subject, in its unit, as counted rather than measured. */
  readonly bound?: number;
  readonly note?: string;
}

/** A run of one bench, as it is kept in bench/results/. */
export interface BenchResult {
  readonly bench: string;
  /** Day, UTC. */
  readonly date: string;
  readonly machine: string;
  readonly command: string;
  /** Of a small run, or one on a machine that did other work: shows that the bench runs, and no more. */
  readonly provisional: boolean;
  readonly rounds: number;
  readonly figures: readonly Figure[];
}

/** Options that every bench takes besides its own, for `parseArgs`. */
export const recordOptions = {
  json: { type: 'string' },
  provisional: { type: 'boolean', default: false },
} as const;

/** The machine in a line, as results name it. */
export function machineName(): string {
  const [first] = cpus();
  return `${first?.model.trim() || 'unknown processor'}, ${cpus().length} cores seen, ${process.platform} ${process.arch}, Node ${process.versions.node}`;
}

/**
 * Writes the figures of a run to the file that `--json` names; without it, nothing. `docs/performance.md` is made from the
 * files of bench/results/.
 */
export async function record(
  bench: string,
  flags: { readonly json?: string | undefined; readonly provisional: boolean },
  rounds: number,
  figures: readonly Figure[],
): Promise<void> {
  if (flags.json === undefined) return;
  const result: BenchResult = {
    bench,
    date: new Date().toISOString().slice(0, 10),
    machine: machineName(),
    command: ['npm run', `bench:${bench}`, ...shownArguments()].join(' '),
    provisional: flags.provisional,
    rounds,
    figures,
  };
  await writeFile(flags.json, `${JSON.stringify(result, null, 2)}\n`);
}

/** The command's own arguments, but those that say where something lies on this machine. */
function shownArguments(): readonly string[] {
  const shown: string[] = [];
  const given = process.argv.slice(2);
  for (let i = 0; i < given.length; i++) {
    const [name, value] = (given[i] as string).split('=', 2) as [string, string?];
    if (name === '--provisional') continue;
    if (name === '--json' || name === '--python' || name === '--data') {
      if (value === undefined) i++;
      continue;
    }
    shown.push(path.isAbsolute(given[i] as string) ? path.basename(given[i] as string) : (given[i] as string));
  }
  return shown.length > 0 ? ['--', ...shown] : [];
}
