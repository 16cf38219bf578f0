/**
 * What `work` makes of each item, in the order of the items, the next `ahead` of them under way while
 * one is taken. A failure is thrown when its turn comes; those behind it are let go.
 */
export async function* inOrder<Item, Result>(
  items: readonly Item[],
  ahead: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const under: Promise<Result>[] = [];
  let next = 0;
  const start = () => {
    if (next >= items.length) return;
    const result = work(items[next++]);
    // Where an earlier one fails nobody waits for this one.
    result.catch(() => {});
    under.push(result);
  };
  for (let i = 0; i <= ahead; i++) start();
  for (;;) {
    const first = under.shift();
    if (first === undefined) return;
    const result = await first;
    start();
    yield result;
  }
}
