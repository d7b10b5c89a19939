/** One bound: how much, of what, and what for. */
export interface Limit {
  readonly value: number;
  readonly unit: string;
  readonly what: string;
}

const MiB = 2 ** 20;
const GiB = 2 ** 30;

/**
 * How much percuss takes from a file, a spec or a store before it says no: checked before memory is taken or a loop begins.
 * `docs/limits.md` shows this table; a test holds the two equal.
 */
export const limits = {
  networkFile: { value: 4 * GiB, unit: 'bytes', what: 'One file of a network.' },
  imageFile: { value: 4 * GiB, unit: 'bytes', what: 'One file of an image set.' },
  specFile: { value: 8 * MiB, unit: 'bytes', what: 'A spec.' },
  record: {
    value: 64 * MiB,
    unit: 'bytes',
    what: 'A record of a store that is decided once: a root, a mode, an order, a wave.',
  },
} satisfies Readonly<Record<string, Limit>>;

export type LimitName = keyof typeof limits;
