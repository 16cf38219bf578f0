/** Runs work on one key at a time within this process. */
export type KeyLock = <T>(key: string, work: () => Promise<T>) => Promise<T>;

export function keyLock(): KeyLock {
  const last = new Map<string, Promise<unknown>>();
  return (key, work) => {
    const before = last.get(key);
    const mine = before === undefined ? work() : before.then(work, work);
    last.set(key, mine);
    const leave = () => void (last.get(key) === mine && last.delete(key));
    mine.then(leave, leave);
    return mine;
  };
}
