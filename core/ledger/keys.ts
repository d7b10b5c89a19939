import type { Digest } from '../digest.js';
import { printNumericMode } from '../numeric-mode.js';
import type { Scope } from '../plan/identity.js';
import type { CellScope } from '../probe/cell.js';
import type { Key } from '../store/object-store.js';

/** Content by its hash: network files, chunks of images. */
export const blobKey = (digest: Digest): Key => `blobs/${digest}`;

export const planKey = (digest: Digest): Key => `plans/${digest}.json`;

/** What is decided once in a study, by its name. */
export const decisionKey = (study: Digest, name: string): Key => `${studyFolder(study)}decisions/${name}.json`;

/** What was decided for machines that are alike, by the hash of what they are called. */
export const machineKey = (machine: Digest): Key => `machines/${machine}.json`;

/** The folder of one network's cells on one chunk. */
export function cellFolder(semantics: number, { model, mode, chunk }: CellScope): string {
  return `cells/${semantics}/${model}/${printNumericMode(mode)}/${chunk}/`;
}

/** The folder of one network's kept outputs on one chunk, under the keys of its cells. */
export function outputFolder(semantics: number, { model, mode, chunk }: CellScope): string {
  return `outputs/${semantics}/${model}/${printNumericMode(mode)}/${chunk}/`;
}

/** The folder of one network's responses, profiles and moments. */
export function responseFolder(semantics: number, { model, mode }: Scope): string {
  return `responses/${semantics}/${model}/${printNumericMode(mode)}/`;
}

/** Where whoever commits objects of a folder of cells, or of outputs, tells others of them. */
export const newsFolder = (folder: string): string => `news/${folder}`;

/** Where whoever computes cells, or results, of a folder says which they have in hand. */
export const claimsFolder = (folder: string): string => `claims/${folder}`;

/** Where the index segments of a folder of cells, or of outputs, lie. */
export const indexFolder = (folder: string): string => `index/${folder}`;

export const studyFolder = (study: Digest): string => `studies/${study}/`;
export const rootKey = (study: Digest): Key => `roots/${study}.json`;
export const stageKey = (study: Digest, index: number): Key => `stages/${study}/${ordinal(index)}.json`;
export const submissionKey = (study: Digest, number: number): Key =>
  `${studyFolder(study)}submissions/${ordinal(number)}.json`;
export const failureFolder = (study: Digest, submission: number): string => `failures/${study}/${ordinal(submission)}/`;

/** Numbers whose order as text is their order. */
function ordinal(number: number): string {
  return String(number).padStart(6, '0');
}

/** The number at the end of `…/000012.json`. */
export function ordinalOf(key: Key): number {
  return Number(/(\d+)\.json$/.exec(key)?.[1] ?? NaN);
}

/** `<identity>-<SHA-256 of the bytes>.safetensors`: what an object is about, and what its bytes must be. */
export interface ObjectName {
  readonly identity: string;
  readonly sha256: Digest;
}

export function objectKey(folder: string, { identity, sha256 }: ObjectName): Key {
  return `${folder}${identity}-${sha256}.safetensors`;
}

/** Undefined for a name that percuss doesn't give. */
export function parseObjectKey(folder: string, key: Key): ObjectName | undefined {
  const match = /^([0-9a-f]+)-([0-9a-f]{64})\.safetensors$/.exec(key.slice(folder.length));
  return match?.[1] !== undefined && match[2] !== undefined ? { identity: match[1], sha256: match[2] } : undefined;
}
