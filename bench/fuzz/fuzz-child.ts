import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isPercussError } from '../../core/errors.js';
import { randomStream } from '../../core/random.js';
import type { Input, Parser } from './input.js';
import { parsers } from './parsers.js';
import { Disagreement } from './plain-onnxruntime.js';

/** What a child is to try, from number `from` on, until it is told to stop. */
export interface Task {
  readonly parser: string;
  readonly seed: number;
  readonly from: number;
  /** Every so many-th number. */
  readonly step: number;
  readonly keep: string;
}

export type Outcome = 'clean' | 'accepted' | 'raw' | 'differs';

export interface Told {
  readonly number: number;
  /** Undefined as it begins. */
  readonly outcome?: Outcome;
  readonly message?: string;
  /** What the parser tells of an input that it accepts. */
  readonly note?: string;
}

function outcomeOf(error: unknown): Outcome {
  if (error instanceof Disagreement) return 'differs';
  return isPercussError(error) && error.code !== 'BUG' ? 'clean' : 'raw';
}

/** Input number `number`: the same for the same seed, whoever makes it. */
export async function inputOf(
  parser: Parser,
  seeds: readonly Input[],
  name: string,
  seed: number,
  number: number,
): Promise<Input> {
  const random = randomStream(seed, 'fuzz', name, number);
  return parser.mutate(seeds[random.below(seeds.length)] as Input, random);
}

function keep(task: Task, number: number, input: Input): void {
  const folder = path.join(task.keep, `${task.seed}-${number}`);
  for (const [name, bytes] of input) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  }
}

async function work(task: Task): Promise<void> {
  const parser = parsers[task.parser] as Parser;
  const seeds = await parser.seeds();
  for (let number = task.from; ; number += task.step) {
    const input = await inputOf(parser, seeds, task.parser, task.seed, number);
    process.send?.({ number } satisfies Told);
    let told: Told = { number, outcome: 'accepted' };
    try {
      const note = await parser.parse(input);
      if (note) told = { ...told, note };
    } catch (error) {
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      const outcome = outcomeOf(error);
      told = outcome === 'clean' ? { number, outcome } : { number, outcome, message };
    }
    const failed = told.outcome === 'raw' || told.outcome === 'differs';
    if (failed) keep(task, number, input);
    process.send?.(told);
    // So that what was said is sent before the next input may take the process down.
    await new Promise<void>((resolve) => void setImmediate(resolve));
  }
}

process.once('message', (task: Task) => void work(task));
