import { InvalidArgumentError } from 'commander';

/**
 * Reads an option that is a whole number of a range, written in digits. Commander shows the complaint with the option's name
 * and what was given.
 */
export function wholeNumber(from: number, to: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (value >= from && value <= to) return value;
    throw new InvalidArgumentError(`it is a whole number from ${from} to ${to}`);
  };
}

/** As `wholeNumber`, of a number that may have a fraction or an exponent. */
export function realNumber(from: number, to: number): (text: string) => number {
  return (text) => {
    const value = decimal(text);
    if (value >= from && value <= to) return value;
    throw new InvalidArgumentError(`it is a number from ${from} to ${to}`);
  };
}

/** `1%`, `0.01` or `all`: a share above 0. */
export function shareOf(what: string): (text: string) => number {
  return (text) => {
    const share = text === 'all' ? 1 : text.endsWith('%') ? decimal(text.slice(0, -1)) / 100 : decimal(text);
    if (share > 0 && share <= 1) return share;
    throw new InvalidArgumentError(`it is a share of ${what}: 1%, 0.01 or all`);
  };
}

/** `80%` or `0.8`: a share above 0 and below 1. */
export function shareBelowOne(text: string): number {
  const share = text.endsWith('%') ? decimal(text.slice(0, -1)) / 100 : decimal(text);
  if (share > 0 && share < 1) return share;
  throw new InvalidArgumentError('it is a share above 0 and below 1: 80% or 0.8');
}

/** `-0.01` or `-1%`: by how much accuracy may change; 0: it may not fall. */
export function changeOfAccuracy(text: string): number {
  const digits = text.startsWith('-') ? text.slice(1) : text;
  const change = digits.endsWith('%') ? decimal(digits.slice(0, -1)) / 100 : decimal(digits);
  if (change === 0 || (text.startsWith('-') && change > 0 && change < 1)) return -change;
  throw new InvalidArgumentError('it is 0 or a fall, such as -0.01 or -1%');
}

/** A number as people write it: no sign, no blanks, no hexadecimal digits; else not a number. */
export function decimal(text: string): number {
  return /^(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,3})?$/i.test(text) ? Number(text) : NaN;
}

/** Compute processes on one machine. */
export const processCount = wholeNumber(1, 1_024);
