import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { RandomStream } from '../../core/random.js';
import { isHolder, mutatedBytes, mutateTree, pick } from './mutation.js';

/** Files by name; one of them is what the parser is given. */
export type Input = ReadonlyMap<string, Uint8Array>;

export interface Parser {
  /** Real files, each small. */
  readonly seeds: () => readonly Input[] | Promise<readonly Input[]>;
  readonly mutate: (seed: Input, random: RandomStream) => Promise<Input>;
  /** Reads them to the end, as the product does; throws what it throws. What is told of those that are accepted is counted. */
  readonly parse: (input: Input) => Promise<string | undefined | void>;
}

export const filesIn = (folder: string, ending: string): readonly string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => path.join(folder, name));

export const single = (file: string, name: string): Input => new Map([[name, new Uint8Array(readFileSync(file))]]);

export const folderOf = (folder: string): Input =>
  new Map(readdirSync(folder).map((name) => [name, new Uint8Array(readFileSync(path.join(folder, name)))]));

/** One file of several is mutated, the one that says what the others mean more often. */
export function changed(input: Input, name: string, bytes: Uint8Array): Input {
  return new Map([...input, [name, bytes]]);
}

export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

export function mutatedJson(bytes: Uint8Array, random: RandomStream): Uint8Array {
  if (random.below(4) === 0) return mutatedBytes(bytes, random);
  const tree: unknown = JSON.parse(textOf(bytes));
  if (!isHolder(tree)) return mutatedBytes(bytes, random);
  mutateTree(tree, random, false);
  return bytesOf(JSON.stringify(tree) ?? '');
}

export const only = (input: Input, mutate: (bytes: Uint8Array) => Uint8Array): Input => {
  const [[name, bytes]] = [...input] as [[string, Uint8Array]];
  return new Map([[name, mutate(bytes)]]);
};

export const anyOf =
  (head: number) =>
  (seed: Input, random: RandomStream): Promise<Input> => {
    const name = pick(random, [...seed.keys()]);
    return Promise.resolve(changed(seed, name, mutatedBytes(seed.get(name) as Uint8Array, random, head)));
  };
