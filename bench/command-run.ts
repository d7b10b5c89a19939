import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { processorSeconds, residentBytes, tellsProcesses } from './process-status.js';

/** How a command of percuss ran. */
export interface CommandRun {
  /** From its start to its end. */
  readonly seconds: number;
  /** Processor time of the command itself up to a moment, in seconds from its start: what is left of a time where the machine does other work. */
  readonly processor: (at: number) => number;
  /** What it said, and when: seconds from its start. */
  readonly lines: readonly { readonly at: number; readonly text: string }[];
  /** The most bytes that it held, and that any process that it started held; 0 where the system does not tell. */
  readonly memory: number;
  readonly childMemory: number;
}

const main = path.resolve(import.meta.dirname, '../cli/main.js');

/** How often memory is looked at: what a process held at most is told by the system, so only its end may be missed. */
const LOOK_MS = 200;

/** Runs a command as people type it. @throws Error with what it said where it fails. */
export async function commandRun(args: readonly string[]): Promise<CommandRun> {
  const started = performance.now();
  const since = (): number => (performance.now() - started) / 1000;
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  const lines: { at: number; text: string }[] = [];
  createInterface({ input: child.stderr }).on('line', (text) => lines.push({ at: since(), text }));
  const most = { own: 0, children: 0 };
  const looks: { readonly at: number; readonly processor: number }[] = [{ at: 0, processor: 0 }];
  const look = setInterval(() => {
    if (child.pid === undefined || !tellsProcesses) return;
    most.own = Math.max(most.own, heldBy(child.pid));
    looks.push({ at: since(), processor: spentBy(child.pid) ?? (looks.at(-1)?.processor as number) });
    for (const pid of descendantsOf(child.pid)) most.children = Math.max(most.children, heldBy(pid));
  }, LOOK_MS);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    const said = lines.map(({ text }) => text).join('\n');
    if (code !== 0) throw new Error(`percuss ${args.join(' ')} ended with ${code}:\n${said}`);
  } finally {
    clearInterval(look);
  }
  const processor = (at: number): number => looks.findLast((look) => look.at <= at)?.processor ?? 0;
  return { seconds: since(), processor, lines, memory: most.own, childMemory: most.children };
}

/** Undefined of a process that has ended. */
function spentBy(pid: number): number | undefined {
  try {
    return processorSeconds([pid]);
  } catch {
    return undefined;
  }
}

/** 0 of a process that has ended. */
function heldBy(pid: number): number {
  try {
    return residentBytes(pid).most || 0;
  } catch {
    return 0;
  }
}

function descendantsOf(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      // Behind the name in brackets: state, then parent.
      const parent = Number(readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1]);
      const known = children.get(parent) ?? [];
      children.set(parent, known);
      known.push(Number(name));
    } catch {
      // It ended meanwhile.
    }
  }
  const found: number[] = [];
  for (let open = [pid]; open.length > 0;) {
    open = open.flatMap((parent) => children.get(parent) ?? []);
    for (const each of open) found.push(each);
  }
  return found;
}
