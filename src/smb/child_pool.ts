import { HoldfastError, isKind } from "../core/error.ts";
import { type ChildCommand, type SmbChild, startChild } from "./child_process.ts";
import type { SmbLogin } from "./client_session.ts";
import { demandEncryption } from "./negotiate.ts";
import { login as signIn } from "./share_calls.ts";
import { isDoubtful } from "./smb_error.ts";

export interface PoolOptions {
  readonly command: ChildCommand;
  readonly login: SmbLogin;
  /** Children at most, each with a connection of its own. */
  readonly connections: number;
  /** Milliseconds without a byte from a child after which it is ended. */
  readonly watchdog: number;
  /** Milliseconds for which a lost server is tried again, from its loss on. */
  readonly patience: number;
  /** Ends all waiting. */
  readonly signal: AbortSignal;
  /** The first child, started before; nothing was asked of it. */
  readonly begun?: SmbChild | undefined;
}

/** Children at work for one server, started as they are needed. */
export interface SmbPool {
  /**
   * Does the work with a child of its own, and from its start with another one where the server or the
   * child was lost, until patience ends: then, and at once from then on, it throws kind "unreachable".
   * An error that may be the entry's or the session's is the entry's where new children have it, too.
   */
  use<T>(work: (child: SmbChild) => Promise<T>): Promise<T>;
  /** As `use`, without a second try. */
  useOnce<T>(work: (child: SmbChild) => Promise<T>): Promise<T>;
  readonly connections: number;
  /** Ends the children, whatever they do. */
  close(): Promise<void>;
}

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 15_000;
/** Children that are asked about an error that may be the entry's or the session's. */
const ASKED_IN_DOUBT = 3;
/** So many such errors were the entries' own, and no session was lost since: the next are believed. */
const BELIEVED_AFTER = 3;
/** A further child pays where work waits longer than so many starts of one take, one after the other. */
const STARTS_WAITED = 1.5;

export function childPool(options: PoolOptions): SmbPool {
  const { command, login, connections, watchdog, patience, signal } = options;
  const children = new Set<SmbChild>();
  const idle: SmbChild[] = [];
  const waiting: PromiseWithResolvers<SmbChild>[] = [];
  const signedIn = new WeakMap<SmbChild, Promise<unknown>>();
  let isStarting = false;
  let growing: ReturnType<typeof setTimeout> | undefined;
  /** Milliseconds that the last start took. */
  let startTook = 0;
  let first = options.begun;
  let isClosed = false;
  let lostSince: number | undefined;
  let givenUp: HoldfastError | undefined;
  /** Errors in doubt that were the entries' own. */
  let believed = 0;
  /** Their sessions are old, and are to end. */
  const retired = new WeakSet<SmbChild>();
  const ending = new Set<Promise<void>>();

  function take(): Promise<SmbChild> {
    checkOpen();
    const rested = idle.pop();
    if (rested !== undefined) return Promise.resolve(rested);
    const place = Promise.withResolvers<SmbChild>();
    waiting.push(place);
    growLater();
    return place.promise;
  }

  function growLater(): void {
    if (isStarting || waiting.length === 0 || children.size >= connections) return;
    isStarting = true;
    if (children.size === 0) grow();
    else growing = setTimeout(grow, STARTS_WAITED * startTook);
  }

  async function grow(): Promise<void> {
    if (waiting.length > 0 && !isClosed) await startOne();
    isStarting = false;
    growLater();
  }

  /** What is asked of it first is sent with the login: nobody waits for an answer in between. */
  async function startOne(): Promise<void> {
    const child = first ?? startChild(command, watchdog);
    first = undefined;
    children.add(child);
    try {
      if (login.encryption === "required") await demandEncryption(login, login.timeout);
    } catch (error) {
      children.delete(child);
      await child.end();
      waiting.shift()?.reject(error);
      return;
    }
    const signing = signIn(child, login);
    signedIn.set(child, signing);
    hand(child);
    try {
      await signing;
      startTook = performance.now() - child.startedAt;
    } catch {
      // Whoever it was handed to is told.
    }
  }

  function hand(child: SmbChild): void {
    const next = waiting.shift();
    if (next === undefined) idle.push(child);
    else next.resolve(child);
  }

  /** What has cut one session off has mostly cut off all. */
  function retireAll(): void {
    for (const child of children) retired.add(child);
    for (const child of idle.splice(0)) ending.add(give(child, true));
  }

  async function give(child: SmbChild, isSpoilt: boolean): Promise<void> {
    if (!isSpoilt && !retired.has(child) && !child.isDead() && !isClosed) return hand(child);
    children.delete(child);
    await child.end();
    growLater();
  }

  function checkOpen(): void {
    signal.throwIfAborted();
    if (isClosed) throw closed();
  }

  async function useOnce<T>(work: (child: SmbChild) => Promise<T>): Promise<T> {
    const child = await take();
    let isSpoilt = true;
    try {
      const working = work(child);
      // Where it could not sign in, that is the error.
      working.catch(() => {});
      await signedIn.get(child);
      const result = await working;
      isSpoilt = false;
      lostSince = undefined;
      return result;
    } catch (error) {
      // A session that was lost leaves handles behind that nobody may use again.
      isSpoilt = !isKind(error, "entry") || isInDoubt(error);
      throw error;
    } finally {
      await give(child, isSpoilt);
    }
  }

  function isInDoubt(error: unknown): boolean {
    return believed < BELIEVED_AFTER && isDoubtful(error);
  }

  /** Throws the error where it is not worth another try. */
  function noteFailure(error: unknown, asked: number): void {
    if (isClosed) throw error;
    if (isKind(error, "unreachable")) {
      lostSince ??= performance.now();
      if (performance.now() - lostSince >= patience) throw givenUp = error;
      believed = 0;
    } else {
      if (!isInDoubt(error)) throw error;
      if (asked >= ASKED_IN_DOUBT) {
        believed++;
        throw error;
      }
    }
    retireAll();
  }

  return {
    connections,
    useOnce,
    async use(work) {
      let asked = 0;
      for (let pause = FIRST_PAUSE_MS;; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
        if (givenUp !== undefined) throw givenUp;
        try {
          const result = await useOnce(work);
          if (asked > 0) believed = 0;
          return result;
        } catch (error) {
          asked = isKind(error, "entry") ? asked + 1 : 0;
          noteFailure(error, asked);
        }
        await sleep(pause, signal);
      }
    },
    async close() {
      isClosed = true;
      clearTimeout(growing);
      for (const place of waiting.splice(0)) place.reject(closed());
      await Promise.all([...ending, ...[...children].map((child) => child.end())]);
    },
  };
}

function closed(): HoldfastError {
  return new HoldfastError("unreachable", "the share was closed");
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}
