import { HoldfastError, isKind, messageOf } from "../../core/error.ts";
import { compareText, displayPath } from "../../core/path_text.ts";
import { DESCRIPTOR_ATTRIBUTE, streamAttribute } from "../../core/share_attributes.ts";
import type { Attribute } from "../../ports/source.ts";
import { type AlternateStream, alternateStreams } from "../../smb/alternate_streams.ts";
import type { SmbPool } from "../../smb/child_pool.ts";
import type { SmbLogin } from "../../smb/client_session.ts";
import { descriptorOf, readRemote } from "../../smb/share_calls.ts";

export interface KeptOptions {
  /** Security descriptors. */
  readonly acls: boolean;
  /** Alternate data streams. */
  readonly streams: boolean;
}

export interface KeptContext extends KeptOptions {
  readonly pool: SmbPool;
  readonly login: SmbLogin;
  readonly share: string;
  readonly signal: AbortSignal;
  /** Told once for each kind of failure: none of them fails a file. */
  readonly notice: (text: string) => void;
}

/** What a share has beside contents, times and DOS attributes, as attributes of its entries. */
export type KeptAttributes = (names: readonly string[]) => Attribute[] | Promise<Attribute[]>;

/** An attribute holds no more (XATTR_SIZE_MAX of Linux): a larger stream is told and left out. */
const MOST_STREAM_BYTES = 64 * 1024 - 1;

const encoder = new TextEncoder();

export function keptAttributes(context: KeptContext): KeptAttributes {
  const { acls, streams, pool, notice } = context;
  if (!acls && !streams) return () => [];
  const told = new Set<string>();
  const streamsOf = streamLister(context);

  function tell(what: string, text: string): void {
    if (told.has(what)) return;
    told.add(what);
    notice(text);
  }

  async function descriptor(names: readonly string[]): Promise<Attribute[]> {
    try {
      const text = await pool.use((child) => descriptorOf(child, names));
      return [{ name: DESCRIPTOR_ATTRIBUTE, value: encoder.encode(text) }];
    } catch (error) {
      if (!isKind(error, "entry")) throw error;
      tell("acls", `${error.message}; others are not told of`);
      return [];
    }
  }

  async function contentsOfStreams(names: readonly string[]): Promise<Attribute[]> {
    const found: Attribute[] = [];
    try {
      for (const { name, size } of await streamsOf(names)) {
        if (size > MOST_STREAM_BYTES) {
          const shown = displayPath(names.slice(1).join("/"));
          tell(`${shown}:${name}`, `the stream ${name} of ${shown} is above 64 KiB: not kept`);
          continue;
        }
        found.push({ name: streamAttribute(name), value: await readStream(names, name, size) });
      }
    } catch (error) {
      if (!(error instanceof HoldfastError) || isKind(error, "unreachable", "interrupted")) {
        throw error;
      }
      tell("streams", `streams are not kept: ${messageOf(error)}`);
    }
    return found;
  }

  async function readStream(
    names: readonly string[],
    stream: string,
    size: number,
  ): Promise<Uint8Array> {
    const path = [...names.slice(0, -1), `${names.at(-1)}:${stream}`];
    // A NUL is behind it.
    const value = new Uint8Array(size + 1);
    const into = value.subarray(0, size);
    const { length } = await pool.use((child) => readRemote(child, path, { offset: 0, into }));
    return length === size ? value : value.slice(0, length + 1);
  }

  return async (names) => {
    const found = await Promise.all([
      ...(acls ? [descriptor(names)] : []),
      // The root of a share has none that a path could name.
      ...(streams && names.length > 1 ? [contentsOfStreams(names)] : []),
    ]);
    return found.flat().sort((a, b) => compareText(a.name, b.name));
  };
}

/** Questions that come together are asked together: each run of smbclient signs in anew. */
const TOGETHER = 256;
const GATHER_MS = 5;

function streamLister(
  { login, share, signal }: KeptContext,
): (names: readonly string[]) => Promise<AlternateStream[]> {
  let gathered: { names: readonly string[]; answer: PromiseWithResolvers<AlternateStream[]> }[] =
    [];

  async function ask(): Promise<void> {
    const asked = gathered;
    gathered = [];
    try {
      const paths = asked.map(({ names }) => names.slice(1));
      const answers = await alternateStreams({ login, share, signal }, paths);
      for (const [i, { answer }] of asked.entries()) answer.resolve(answers[i]);
    } catch (error) {
      for (const { answer } of asked) answer.reject(error);
    }
  }

  return (names) => {
    const answer = Promise.withResolvers<AlternateStream[]>();
    gathered.push({ names, answer });
    if (gathered.length === 1) setTimeout(ask, GATHER_MS);
    else if (gathered.length >= TOGETHER) ask();
    return answer.promise;
  };
}
