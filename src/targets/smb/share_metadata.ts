import {
  DOS_ATTRIBUTE_NAME,
  DOS_DERIVED,
  DOS_SETTABLE,
  dosText,
} from "../../core/dos_attributes.ts";
import { isKind } from "../../core/error.ts";
import type { PathText } from "../../core/path_text.ts";
import { DESCRIPTOR_ATTRIBUTE, streamOfAttribute } from "../../core/share_attributes.ts";
import { type EntryStat, NO_OWNER } from "../../core/stat_record.ts";
import type { Attribute } from "../../ports/source.ts";
import { setRemoteAttributes, setRemoteTime, writeRemoteStream } from "../../smb/remote_writes.ts";
import { writeDescriptor } from "../../smb/security_descriptor.ts";
import type { ShareCalls } from "./share_calls.ts";

const decoder = new TextDecoder();

/** Runs what may fail without failing the entry; its reason is a problem then. */
function attempt(problems: string[], what: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!isKind(error, "entry")) throw error;
    problems.push(`${what}: ${error.context.errno}`);
  }
}

/**
 * Streams and then the time, which writing a stream changes: before the file has its name. Returns what
 * could not be kept.
 */
export function setContents(
  { session, call }: ShareCalls,
  path: PathText,
  stat: EntryStat,
  attributes: readonly Attribute[],
): string[] {
  const problems: string[] = [];
  for (const { name, value } of attributes) {
    const stream = streamOfAttribute(name);
    if (stream === undefined) continue;
    // Without the NUL behind it.
    const content = value.slice(0, -1);
    attempt(
      problems,
      `stream ${stream}`,
      () => call(path, (names) => writeRemoteStream(session, names, { name: stream, content })),
    );
  }
  attempt(
    problems,
    "times",
    () => call(path, (names) => setRemoteTime(session, names, stat.mtime)),
  );
  return problems;
}

/** DOS attributes and the security descriptor: last, for they may bar whoever restores. */
export function setRights(
  { session, call }: ShareCalls,
  path: PathText,
  stat: EntryStat,
  attributes: readonly Attribute[],
): string[] {
  const problems: string[] = [];
  const { dos = 0 } = stat;
  // What comes from a share has those that it had; all else what the server gives to new files.
  const isOfShare = dos !== 0 || (stat.uid === NO_OWNER && stat.gid === NO_OWNER);
  if (isOfShare) {
    attempt(
      problems,
      "DOS attributes",
      () => call(path, (names) => setRemoteAttributes(session, names, dos)),
    );
  }
  const others = dos & ~DOS_SETTABLE & ~DOS_DERIVED;
  if (others !== 0) problems.push(`DOS attributes ${dosText(others)}: only the server sets them`);
  for (const { name, value } of attributes) {
    if (name === DESCRIPTOR_ATTRIBUTE) {
      if (session.hasDescriptors) {
        attempt(
          problems,
          "security descriptor",
          () => call(path, (names) => writeDescriptor(session, names, decoder.decode(value))),
        );
      } else problems.push("security descriptor: set at port 445 only");
    } else if (streamOfAttribute(name) === undefined && name !== DOS_ATTRIBUTE_NAME) {
      problems.push(`attribute ${name}: a share has none`);
    }
  }
  return problems;
}
