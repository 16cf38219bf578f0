/**
 * Works on items, at most `limit` at once, which are taken as there is room for them. After a failure
 * no further one is begun, and those under way are awaited; then it is thrown.
 */
export async function inParallel<Item>(
  items: AsyncIterable<Item>,
  limit: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.asyncIterator]();
  const state = { failed: false };
  async function takeTurns(): Promise<void> {
    while (!state.failed) {
      const next = await iterator.next();
      if (next.done) return;
      await work(next.value);
    }
  }
  const turns = Array.from({ length: limit }, () =>
    takeTurns().catch((error) => {
      state.failed = true;
      throw error;
    }));
  const results = await Promise.allSettled(turns);
  await iterator.return?.();
  const failure = results.find((result) => result.status === "rejected");
  if (failure !== undefined) throw failure.reason;
}

/** The same of what is there already. */
export async function eachInParallel<Item>(
  items: Iterable<Item>,
  limit: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  await inParallel(eachOf(items), limit, work);
}

async function* eachOf<Item>(items: Iterable<Item>): AsyncGenerator<Item> {
  yield* items;
}
