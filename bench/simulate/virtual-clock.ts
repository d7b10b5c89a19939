/** Something that is to happen. */
interface Due {
  readonly at: number;
  readonly order: number;
  readonly happen: () => void;
}

/** All that was due at once has been followed by everything that it set off. */
const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/**
 * Time that passes only from event to event: what is due happens in order of time, then of when it was planned, and before the next event
 * everything that waits for nothing but promises has run. So a run is a function of what is planned, whatever the machine does meanwhile.
 */
export class VirtualClock {
  readonly #heap: Due[] = [];
  #now: number;
  #planned = 0;
  /** Events that have happened. */
  events = 0;

  /** @param start milliseconds since 1970 */
  constructor(start: number) {
    this.#now = start;
  }

  get now(): number {
    return this.#now;
  }

  /** Plans an event in so many milliseconds. */
  after(ms: number, happen: () => void): void {
    const due = { at: this.#now + Math.max(0, Math.round(ms)), order: this.#planned++, happen };
    const heap = this.#heap;
    let at = heap.push(due) - 1;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (!isBefore(due, heap[parent] as Due)) break;
      heap[at] = heap[parent] as Due;
      at = parent;
    }
    heap[at] = due;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** Lets time pass until `isOver`, or nothing is due, or so many events have happened: false then. */
  async run(isOver: () => boolean, most: number): Promise<boolean> {
    await settled();
    while (!isOver()) {
      const next = this.#take();
      if (!next || this.events >= most) return false;
      this.#now = next.at;
      this.events += 1;
      next.happen();
      await settled();
    }
    return true;
  }

  #take(): Due | undefined {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (!first || !last || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Due, heap[child] as Due)) child += 1;
      if (!isBefore(heap[child] as Due, last)) break;
      heap[at] = heap[child] as Due;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

const isBefore = (a: Due, b: Due): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);
