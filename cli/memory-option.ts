import { InvalidArgumentError, type Command } from 'commander';
import { leastMemory } from '../core/spec/defaults.js';
import { decimal } from './number-option.js';

const units: Readonly<Record<string, number>> = {
  '': 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
};

/** `2GB`, `800MB`, `1.5GiB`, or a number of bytes. */
export function parseMemory(text: string): number {
  const [, number, unit = ''] = /^([0-9.]+) ?([A-Za-z]*)$/.exec(text) ?? [];
  const bytes = Math.round(decimal(number ?? '') * (Object.hasOwn(units, unit) ? (units[unit] ?? NaN) : NaN));
  if (bytes >= leastMemory && bytes <= Number.MAX_SAFE_INTEGER) return bytes;
  throw new InvalidArgumentError(`it is a number of bytes, at least ${leastMemory}, such as 2GB`);
}

/** Adds `--memory`. */
export function withMemoryOption(command: Command): Command {
  return command.option(
    '--memory <bytes>',
    'what one compute process may hold (Linux), such as 2GB; one that holds more is ended, and its batch halved',
    parseMemory,
  );
}
