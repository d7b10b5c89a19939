import { MultiBar, Presets, type SingleBar } from 'cli-progress';
import type { Progress, ProgressEvent } from '../core/progress.js';
import { visible } from '../core/visible.js';
import { unguarded } from './shown.js';

/** Where a verb writes: people read `say`, programs read `result`. */
export interface Terminal {
  /** A line for people, on standard error with --json, else on standard output. */
  say(line: string): void;
  /** The verb's answer: JSON with --json, else its lines. */
  result(value: unknown, lines: () => readonly string[]): void;
  readonly progress: Progress;
  /** Ends progress bars, so that what follows stands on lines of its own. */
  settle(): void;
}

const displays = new Set<Display>();

/** Ends the progress bars of every terminal that was opened: the cursor shows and long lines wrap again. */
export function settleDisplays(): void {
  for (const display of displays) display.settle();
}

/** Bars with rate and time left on a terminal; elsewhere a plain line when a phase begins and every ten seconds. */
export function openTerminal(json: boolean): Terminal {
  const show = process.stderr.isTTY ? bars() : plainLines();
  displays.add(show);
  return {
    say: (line) => {
      show.settle();
      (json ? process.stderr : process.stdout).write(`${line}\n`);
    },
    result: (value, lines) => {
      show.settle();
      process.stdout.write(
        json
          ? `${JSON.stringify(value, null, 2)}\n`
          : lines()
              .map((line) => `${line}\n`)
              .join(''),
      );
    },
    progress: show.event,
    settle: show.settle,
  };
}

interface Display {
  readonly event: Progress;
  readonly settle: () => void;
}

const percent = (event: ProgressEvent): string =>
  event.total > 0 ? `${Math.floor((100 * event.done) / event.total)} %` : '';

function plainLines(): Display {
  let last = { label: '', at: 0 };
  return {
    event: (event) => {
      const now = Date.now();
      if (event.label === last.label && event.done < event.total && now - last.at < 10_000) return;
      last = { label: event.label, at: now };
      process.stderr.write(
        `${event.phase}: ${event.label} ${event.done}/${event.total} ${event.unit} ${percent(event)}\n`,
      );
    },
    settle: () => undefined,
  };
}

/** Seconds as people read them; `cli-progress` gives words while it knows none. */
export function clock(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${Math.floor(seconds % 60)} s` : `${Math.floor(seconds)} s`;
}

function bars(): Display {
  let multi: MultiBar | undefined;
  let bar: SingleBar | undefined;
  let phase = '';
  let started = { at: 0, done: 0 };
  const settle = (): void => {
    multi?.stop();
    multi = undefined;
    bar = undefined;
    phase = '';
  };
  return {
    event: ({ label: foreign, ...event }) => {
      const label = visible(foreign).replace(/\s+/g, ' ');
      multi ??= new MultiBar(
        {
          format: '{phase} {bar} {percentage} % | {value}/{total} {unit} | {speed} | {eta_formatted} left | {label}',
          formatTime: clock,
          hideCursor: true,
          clearOnComplete: false,
          etaBuffer: 30,
          // Bars move the cursor; labels, which may be foreign, are shown by us.
          stream: unguarded(process.stderr),
          // Signals are the command's: a listener of the bars' own would swallow the first one.
          gracefulExit: false,
        },
        Presets.shades_classic,
      );
      if (phase !== event.phase) {
        bar = multi.create(event.total, event.done, {
          phase: event.phase.padEnd(8),
          label,
          unit: event.unit,
          speed: '',
        });
        phase = event.phase;
        started = { at: Date.now(), done: event.done };
      }
      const seconds = (Date.now() - started.at) / 1000;
      const speed = seconds > 1 ? `${((event.done - started.done) / seconds).toFixed(1)}/s` : '';
      bar?.setTotal(event.total);
      bar?.update(event.done, { label, unit: event.unit, speed });
    },
    settle,
  };
}
