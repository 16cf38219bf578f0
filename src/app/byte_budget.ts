/** Bounds what is in memory at once: work waits until its bytes fit. */
export interface ByteBudget {
  /** Resolves when `bytes` fit; more than the whole budget waits until it has it for itself. */
  acquire(bytes: number): Promise<void>;
  release(bytes: number): void;
}

export function byteBudget(limit: number): ByteBudget {
  let used = 0;
  const waiting: { bytes: number; go: () => void }[] = [];

  function admit(): void {
    while (waiting.length > 0 && fits(waiting[0].bytes)) {
      const { bytes, go } = waiting.shift()!;
      used += bytes;
      go();
    }
  }

  function fits(bytes: number): boolean {
    return used === 0 || used + bytes <= limit;
  }

  return {
    acquire(bytes) {
      if (waiting.length === 0 && fits(bytes)) {
        used += bytes;
        return Promise.resolve();
      }
      return new Promise((go) => waiting.push({ bytes, go }));
    },
    release(bytes) {
      used -= bytes;
      admit();
    },
  };
}
