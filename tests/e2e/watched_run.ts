/** Runs of the executable that a test looks at, and kills, while they go on. */
import assert from "node:assert/strict";
import { type Place, startHoldfast } from "./holdfast.ts";

export interface WatchedRun {
  /** What it has printed so far, with `--json`. */
  said(): string;
  /** It sleeps until its next look at what is warming. */
  isWaiting(): boolean;
  /** Ends it at once, as a power failure would. Fails where it has ended before. */
  kill(): Promise<void>;
  /** Its exit code. */
  readonly ended: Promise<number>;
  hasEnded(): boolean;
}

export async function watch(place: Place, args: readonly string[]): Promise<WatchedRun> {
  const child = await startHoldfast(place, ["--json", ...args]);
  let said = "";
  const read = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) said += text;
  };
  const streams = Promise.all([read(child.stdout), read(child.stderr)]);
  let isOver = false;
  const ended = child.status.then(async ({ code }) => {
    isOver = true;
    await streams;
    return code;
  });
  return {
    said: () => said,
    isWaiting: () => said.slice(said.lastIndexOf('{"record":"phase"')).includes('"name":"wait"'),
    async kill() {
      assert.ok(!isOver, `it has ended before it was killed: ${said}`);
      child.kill("SIGKILL");
      assert.equal(await ended, 137, said);
    },
    ended,
    hasEnded: () => isOver,
  };
}

const LOOK_MS = 10;

/** Waits until something is so. Fails where the run ends before. */
export async function until(run: WatchedRun, isSo: () => boolean): Promise<void> {
  while (!isSo()) {
    assert.ok(!run.hasEnded(), `it has ended before: ${run.said()}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
