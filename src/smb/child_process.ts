import { HoldfastError } from "../core/error.ts";
import { childEnvironment } from "./child_environment.ts";
import {
  FRAME_HEADER,
  frameHeader,
  readFrameHeader,
  type SmbDone,
  type SmbFailed,
  type SmbQuestion,
} from "./frame.ts";
import { pipeReader } from "./pipe_reader.ts";

/** How the child is started: this very program with its hidden word. */
export interface ChildCommand {
  readonly program: string;
  readonly args: readonly string[];
}

/** The parent's side of one child. */
export interface SmbChild {
  /**
   * Asks. Questions are sent at once and answered in their order; the bodies of data frames come in
   * order, the only one in `into` where that is given and large enough. Resolves with what "done" or
   * "failed" says. Throws kind "unreachable" where the child has ended or said nothing for as long as
   * the watchdog waits: it is dead then.
   */
  ask(question: SmbQuestion, into?: Uint8Array): Promise<SmbAnswer>;
  /** Nothing may be asked any more. */
  isDead(): boolean;
  /** By performance.now(). */
  readonly startedAt: number;
  /** Ends it at once and waits for its end. */
  end(): Promise<void>;
}

export interface SmbAnswer {
  readonly data: readonly Uint8Array[];
  readonly said: SmbDone | SmbFailed;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Milliseconds. The library gives up a hung server by itself: this is for a hung library. */
export const WATCHDOG_MS = 5 * 60_000;

/** A folder is read to its end before its first entry comes: millions of entries take minutes. */
const LONGER_FOR_LISTS = 10;

/** Starts a child. `watchdog`: milliseconds for an answer, then it is ended. */
export function startChild(command: ChildCommand, watchdog: number): SmbChild {
  const startedAt = performance.now();
  const process = new Deno.Command(command.program, {
    args: [...command.args],
    env: childEnvironment(),
    clearEnv: true,
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const input = process.stdin.getWriter();
  const output = pipeReader(process.stdout);
  const header = new Uint8Array(FRAME_HEADER);
  let dead: HoldfastError | undefined;
  let isEnded = false;
  let answered: Promise<unknown> = Promise.resolve();
  const ended = process.status.then((status) => {
    isEnded = true;
    dead ??= lost(status.signal === null ? `exit code ${status.code}` : `signal ${status.signal}`);
  });

  function kill(why: HoldfastError): void {
    dead ??= why;
    if (!isEnded) process.kill("SIGKILL");
  }

  /** Throws why the child is dead where its output ends. */
  async function fill(into: Uint8Array): Promise<void> {
    if (!await output.fill(into)) throw await whyDead();
  }

  async function readAnswer(into: Uint8Array | undefined): Promise<SmbAnswer> {
    const data: Uint8Array[] = [];
    for (;;) {
      await fill(header);
      const { kind, length } = readFrameHeader(header);
      const isOurs = kind === "data" && into !== undefined && length <= into.length;
      const body = isOurs ? into.subarray(0, length) : new Uint8Array(length);
      await fill(body);
      if (kind === "data") data.push(body);
      else return { data, said: JSON.parse(decoder.decode(body)) };
    }
  }

  async function whyDead(): Promise<HoldfastError> {
    await ended;
    return dead!;
  }

  return {
    startedAt,
    async ask(question, into) {
      if (dead !== undefined) throw dead;
      const wait = watchdog * (question.ask === "list" ? LONGER_FOR_LISTS : 1);
      const timer = setTimeout(() => kill(hangs(wait)), wait);
      try {
        // Where it cannot be written the output ends, too.
        input.write(frameOf(question)).catch(() => {});
        const answer = answered.then(() => readAnswer(into));
        answered = answer.catch(() => {});
        return await answer;
      } catch (error) {
        kill(error instanceof HoldfastError ? error : lost("an error of its pipe"));
        throw error;
      } finally {
        clearTimeout(timer);
      }
    },
    isDead: () => dead !== undefined,
    async end() {
      kill(lost("its end was asked for"));
      await ended;
      await Promise.allSettled([input.abort(), output.cancel()]);
    },
  };
}

function frameOf(question: SmbQuestion): Uint8Array<ArrayBuffer> {
  const body = encoder.encode(JSON.stringify(question));
  const frame = new Uint8Array(FRAME_HEADER + body.length);
  frame.set(frameHeader("ask", body.length));
  frame.set(body, FRAME_HEADER);
  return frame;
}

function lost(how: string): HoldfastError {
  return new HoldfastError("unreachable", `the process that reads the share has ended (${how})`, {
    hint: "run again: what was not read is read then",
  });
}

function hangs(watchdog: number): HoldfastError {
  return new HoldfastError(
    "unreachable",
    `the server says nothing any more (for ${Math.round(watchdog / 1000)} s)`,
    { hint: "look at the server and the network, then run again" },
  );
}
