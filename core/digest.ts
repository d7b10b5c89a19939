import { hash } from 'node:crypto';

/** A SHA-256 in lower-case hexadecimal. */
export type Digest = string;

declare const refersTo: unique symbol;

/** A stored object of type `T`: its key in the store and the SHA-256 of its bytes. Small enough for a workflow's input. */
export interface Ref<T> {
  readonly key: string;
  readonly sha256: Digest;
  readonly [refersTo]?: T;
}

/** SHA-256 of bytes, or of the UTF-8 form of a string. */
export function sha256(bytes: Uint8Array | string): Digest {
  return hash('sha256', bytes, 'hex');
}
