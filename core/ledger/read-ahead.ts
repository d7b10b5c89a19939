/** Reads items in order while up to `width` reads are under way. A failed read ends the iteration with its error. */
export async function* readAhead<I, O>(
  items: Iterable<I>,
  width: number,
  read: (item: I) => Promise<O>,
): AsyncGenerator<O> {
  const pending: Promise<O>[] = [];
  const start = (item: I): void => {
    const promise = read(item);
    // Its error is thrown when its turn comes; until then it must not count as unhandled.
    promise.catch(() => undefined);
    pending.push(promise);
  };
  for (const item of items) {
    start(item);
    if (pending.length >= width) yield (await pending.shift()) as O;
  }
  for (const promise of pending) yield await promise;
}
