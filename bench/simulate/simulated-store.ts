import { PercussError } from '../../core/errors.js';
import type { RandomStream } from '../../core/random.js';
import { memoryStore } from '../../core/store/memory-store.js';
import type { Key, ObjectInfo, ObjectStore } from '../../core/store/object-store.js';
import type { Faults } from './chance.js';
import type { Bug } from './planted-bugs.js';
import type { VirtualClock } from './virtual-clock.js';

/** A process: what it asked for is not answered any more once it is dead, and later while it is suspended. */
export class SimulatedProcess {
  readonly name: string;
  dead = false;
  suspendedUntil = 0;
  /** Told once when it dies. */
  readonly onDeath: (() => void)[] = [];

  constructor(name: string) {
    this.name = name;
  }

  kill(): void {
    if (this.dead) return;
    this.dead = true;
    for (const told of this.onDeath) told();
  }
}

/** What all parts of a run share. */
export interface Surroundings {
  readonly clock: VirtualClock;
  readonly random: RandomStream;
  readonly faults: Faults;
  /** Whether faults still befall. */
  readonly disturbed: () => boolean;
  readonly bug: Bug | undefined;
  readonly trace: (line: string) => void;
}

/** The objects of a run, over memory, and how processes reach them: with latency, and what goes wrong on the way. */
export class SimulatedStore {
  readonly objects: ObjectStore;
  readonly #around: Surroundings;

  constructor(around: Surroundings) {
    this.#around = around;
    this.objects = memoryStore(() => around.clock.now);
  }

  /** The store as one process sees it. @param silent of a version that writes no news */
  port(process: SimulatedProcess, silent = false): ObjectStore {
    const { objects } = this;
    const { bug } = this.#around;
    const isNews = (key: Key): boolean => key.startsWith('news/');
    return {
      url: 'memory:',
      get: async (key, range) => {
        const bytes = await this.#ask(process, `get ${key}`, () => objects.get(key, range));
        return bytes && this.#chance('flipped') ? this.#flipped(process, key, bytes) : bytes;
      },
      putIfAbsent: (key, bytes) =>
        this.#ask(process, `put ${key}`, async () => {
          if (silent && isNews(key)) return true;
          if (bug === 'news never told' && isNews(key)) return true;
          if (bug === 'put acknowledged before it is durable' && this.#around.random.uniform() < 0.1) return true;
          return objects.putIfAbsent(key, bytes);
        }),
      list: (prefix, after) => this.#list(process, prefix, after),
      head: (key) => this.#ask(process, `head ${key}`, () => objects.head(key)),
      remove: (key) => this.#ask(process, `remove ${key}`, () => objects.remove(key)),
      close: async () => undefined,
    };
  }

  async *#list(process: SimulatedProcess, prefix: string, after: Key | undefined): AsyncGenerator<ObjectInfo> {
    const { clock, faults, random, disturbed, bug } = this.#around;
    // Children have a dot in their names.
    if (bug === 'batch does not look before it computes' && process.name.includes('.')) return;
    const found = await this.#ask(process, `list ${prefix}`, async () => {
      const lag = disturbed() && random.uniform() < 0.5 ? faults.lagMs : 0;
      const listed: ObjectInfo[] = [];
      for await (const info of this.objects.list(prefix, after)) if (info.written <= clock.now - lag) listed.push(info);
      return listed;
    });
    yield* found;
  }

  #chance(kind: 'refused' | 'unanswered' | 'flipped'): boolean {
    const { faults, disturbed, random } = this.#around;
    return faults[kind] > 0 && disturbed() && random.uniform() < faults[kind];
  }

  #flipped({ name }: SimulatedProcess, key: Key, bytes: Uint8Array): Uint8Array {
    const { random, trace } = this.#around;
    trace(`${name} reads a flipped bit of ${short(key)}`);
    const at = random.below(Math.max(1, bytes.length));
    return bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
  }

  /** A request, its effect at the store, and its answer: the process may die in between. */
  #ask<T>(process: SimulatedProcess, what: string, effect: () => Promise<T>): Promise<T> {
    const { clock, random, trace } = this.#around;
    const refused = this.#chance('refused');
    const unanswered = !refused && this.#chance('unanswered');
    return new Promise((resolve, reject) => {
      const answer = (tell: () => void): void => {
        if (process.dead) return;
        const wait = process.suspendedUntil - clock.now;
        if (wait > 0) clock.after(wait, () => answer(tell));
        else tell();
      };
      const unreachable = (why: string): void => {
        trace(`${process.name} ${why}: ${short(what)}`);
        answer(() => reject(new PercussError('STORE_UNREACHABLE', `simulated: ${why}`)));
      };
      if (process.dead) return;
      clock.after(1 + random.below(40), () => {
        if (refused) {
          unreachable('is refused');
          return;
        }
        void effect().then((result) => {
          clock.after(1 + random.below(40), () => {
            if (unanswered) unreachable('gets no answer');
            else answer(() => resolve(result));
          });
        }, reject);
      });
    });
  }
}

const short = (text: string): string => text.replace(/[0-9a-f]{32,}/g, (digest) => digest.slice(0, 8));
