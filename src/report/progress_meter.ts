/** How fast something goes, over the last seconds: `now` in ms, on any clock that never goes back. */
export interface Meter {
  add(value: number, now: number): void;
  /** Per second; undefined until there is something to go by. */
  rate(now: number): number | undefined;
}

const WINDOW_MS = 10_000;
const SAMPLE_MS = 200;
const WARM_UP_MS = 1000;

export function meterOf(): Meter {
  const samples: { value: number; now: number }[] = [];
  return {
    add(value, now) {
      const last = samples.at(-1);
      if (last !== undefined && value < last.value) samples.length = 0;
      const beforeLast = samples.at(-2);
      if (beforeLast !== undefined && now - beforeLast.now < SAMPLE_MS) samples.pop();
      samples.push({ value, now });
      while (samples.length > 2 && now - samples[1].now > WINDOW_MS) samples.shift();
    },
    rate(now) {
      const [first] = samples;
      if (first === undefined || now - first.now < WARM_UP_MS) return undefined;
      return (samples.at(-1)!.value - first.value) / (now - first.now) * 1000;
    },
  };
}
