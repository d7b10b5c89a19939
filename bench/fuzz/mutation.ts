import type { RandomStream } from '../../core/random.js';

/** What breaks parsers: bounds of integers, names that every object has, paths that lead elsewhere. */
const numbers = [0, 1, -1, 2, 3, 7, 16, 127, 128, 255, 256, 65_535, 2 ** 24, 1e9, 2 ** 31 - 1, -(2 ** 31), 0.5, 1e-30];
const large = [2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 53), 1e18, 1e308];
const longs = [
  0n,
  1n,
  -1n,
  2n,
  1_000n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 53n + 1n,
  -(2n ** 62n),
  2n ** 63n - 1n,
  -(2n ** 63n),
];
const texts = [
  '',
  'x',
  '__proto__',
  'constructor',
  'toString',
  'valueOf',
  '../x',
  '/etc/passwd',
  '\u0000',
  'ä'.repeat(50),
  'a/'.repeat(600),
];

export const pick = <T>(random: RandomStream, list: readonly T[]): T => list[random.below(list.length)] as T;

/** Flips, interesting bytes, truncation, repetition and splices. */
export function mutatedBytes(bytes: Uint8Array, random: RandomStream, head = bytes.length): Uint8Array {
  let result = new Uint8Array(bytes);
  const times = 1 + random.below(pick(random, [1, 2, 4, 16]));
  for (let i = 0; i < times && result.length > 0; i++) {
    const at = random.below(Math.max(1, Math.min(result.length, head)));
    switch (random.below(7)) {
      case 0:
        result[at] = (result[at] as number) ^ (1 << random.below(8));
        break;
      case 1:
        result[at] = pick(random, [0, 1, 0x7f, 0x80, 0xff]);
        break;
      case 2:
        result[at] = random.below(256);
        break;
      case 3: {
        const view = new DataView(result.buffer);
        const width = pick(random, [2, 4, 8]);
        if (at + width > result.length) break;
        const value = pick(random, longs);
        if (width === 2) view.setInt16(at, Number(value & 0xffffn), true);
        else if (width === 4) view.setInt32(at, Number(BigInt.asIntN(32, value)), true);
        else view.setBigInt64(at, BigInt.asIntN(64, value), true);
        break;
      }
      case 4:
        if (random.below(4) === 0) result = result.slice(0, at);
        break;
      case 5: {
        const part = result.slice(at, at + 1 + random.below(64));
        const to = random.below(result.length);
        result = joined([result.slice(0, to), part, result.slice(to)]);
        break;
      }
      default: {
        const end = at + 1 + random.below(16);
        result = joined([result.slice(0, at), result.slice(end)]);
      }
    }
  }
  return result;
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

type Holder = Record<string, unknown> | unknown[];

interface Leaf {
  readonly holder: Holder;
  readonly key: string | number;
}

/** No holder: put below itself it would make a circle. */
const plain = (value: unknown): unknown => (isHolder(value) ? null : value);

export const isHolder = (value: unknown): value is Holder =>
  typeof value === 'object' && value !== null && !ArrayBuffer.isView(value);

function leavesOf(root: Holder): readonly Leaf[] {
  const leaves: Leaf[] = [];
  const waiting: Holder[] = [root];
  for (let holder = waiting.pop(); holder !== undefined; holder = waiting.pop()) {
    // Of long lists of numbers a few stand for all.
    const keys: (string | number)[] = Array.isArray(holder)
      ? holder.slice(0, 200).map((_, i) => i)
      : Object.keys(holder).filter((key) => !key.startsWith('$'));
    for (const key of keys) {
      leaves.push({ holder, key });
      const value = valueAt({ holder, key });
      if (isHolder(value)) waiting.push(value);
    }
  }
  return leaves;
}

const valueAt = ({ holder, key }: Leaf): unknown => (holder as Record<string | number, unknown>)[key];

function put({ holder, key }: Leaf, value: unknown): void {
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
}

/**
 * Changes a tree in place, a few times. `typed`: a value is replaced by one of its own type, as protocol buffers ask; else now and
 * then by anything, as JSON allows.
 */
export function mutateTree(root: Holder, random: RandomStream, typed: boolean): void {
  const times = 1 + random.below(pick(random, [1, 2, 4]));
  for (let i = 0; i < times; i++) {
    const leaves = leavesOf(root);
    if (leaves.length === 0) return;
    const leaf = pick(random, leaves);
    const value = valueAt(leaf);
    if (!typed && random.below(6) === 0)
      put(leaf, pick(random, [null, true, 'x', -1, 1e308, [], {}, [[]], plain(valueAt(pick(random, leaves)))]));
    else if (typeof value === 'number') put(leaf, pick(random, typed ? numbers : [...numbers, ...large]));
    else if (typeof value === 'bigint') put(leaf, pick(random, longs));
    else if (typeof value === 'boolean') put(leaf, !value);
    else if (typeof value === 'string') put(leaf, otherText(leaves, random));
    else if (value instanceof Uint8Array) put(leaf, mutatedBytes(value, random));
    else if (Array.isArray(value)) mutateList(value, random);
    else if (isHolder(value) && !typed && random.below(2) === 0) Reflect.deleteProperty(leaf.holder, leaf.key);
  }
}

function otherText(leaves: readonly Leaf[], random: RandomStream): string {
  const others = leaves.map(valueAt).filter((value) => typeof value === 'string');
  return random.below(2) === 0 ? pick(random, texts) : pick(random, others);
}

function mutateList(list: unknown[], random: RandomStream): void {
  if (list.length === 0) return;
  const at = random.below(list.length);
  const from = random.below(list.length);
  switch (random.below(4)) {
    case 0:
      list.splice(at, 1);
      break;
    case 1:
      list.splice(at, 0, list[from]);
      break;
    case 2:
      list[at] = list[from];
      break;
    default: {
      // Trees that grow by multiples of themselves would be no small file any more.
      const times = isHolder(list[from]) ? 2 : pick(random, [2, 10, 500]);
      for (let i = 0; i < times; i++) list.push(list[from]);
    }
  }
}
