import type { Digest } from '../../digest.js';
import { PercussError } from '../../errors.js';

/**
 * Results that a decision asked for and did not get, though planning counted them as stored: a read that went wrong on the way, or a
 * listing that lagged. What is decided stands for ever, so that nothing is decided without them; those that are recorded as failed
 * are no part of it.
 */
export class Unread {
  readonly #failed: ReadonlySet<Digest>;
  #count = 0;

  constructor(failed: ReadonlySet<Digest>) {
    this.#failed = failed;
  }

  note(keys: readonly Digest[]): void {
    for (const key of keys) if (!this.#failed.has(key)) this.#count += 1;
  }

  get any(): boolean {
    return this.#count > 0;
  }

  /** @throws PercussError STORE_UNREACHABLE where there are any, to be tried again. */
  refuse(store: string): void {
    if (!this.any) return;
    throw new PercussError(
      'STORE_UNREACHABLE',
      `${this.#count} results that ${store} lists could not be read whole when something was to be decided from them; nothing was decided, the next try reads them again`,
    );
  }
}
