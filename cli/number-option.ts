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

/** A number as people write it: no sign, no blanks, no hexadecimal digits; else not a number. */
export function decimal(text: string): number {
  return /^(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,3})?$/i.test(text) ? Number(text) : NaN;
}

/** Compute processes on one machine. */
export const processCount = wholeNumber(1, 1_024);
