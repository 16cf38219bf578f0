import { isKind, messageOf } from "../core/error.ts";
import { callFailureOf } from "./call_failure.ts";
import { openLibrary } from "./client_library.ts";
import { openSession, type SmbSession } from "./client_session.ts";
import { lookAt, readRange } from "./file_reader.ts";
import { readFolder } from "./folder_entries.ts";
import {
  FRAME_HEADER,
  frameHeader,
  type FrameKind,
  readFrameHeader,
  type SmbDone,
  type SmbFailed,
  type SmbQuestion,
} from "./frame.ts";
import { readDescriptor } from "./security_descriptor.ts";
import { readShares } from "./share_list.ts";

/**
 * The child's side: answers questions from standard input one after the other, each with the calls
 * that it takes, and ends where the input ends. Nothing in it is asynchronous: no two calls overlap.
 */
export function answerQuestions(): void {
  // Whoever types ctrl-c means the parent, which ends its children when it is done.
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGINT", () => {});
  const child: Child = { session: undefined };
  loadLibrary();
  const header = new Uint8Array(FRAME_HEADER);
  while (readExactly(header)) {
    const body = new Uint8Array(readFrameHeader(header).length);
    if (!readExactly(body)) return;
    answer(child, JSON.parse(decoder.decode(body)));
  }
}

/** It takes longer than all else of a start: the login may come later. */
function loadLibrary(): void {
  try {
    openLibrary();
  } catch {
    // Whoever sends the login is told.
  }
}

interface Child {
  session: SmbSession | undefined;
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();

function answer(child: Child, question: SmbQuestion): void {
  try {
    sayJson("done", doAsked(child, question));
  } catch (error) {
    sayJson("failed", failedOf(error));
  }
}

function failedOf(error: unknown): SmbFailed {
  const failure = callFailureOf(error);
  if (failure !== undefined) return failure;
  const hint = isKind(error, "failed", "usage") ? error.hint : undefined;
  return { message: messageOf(error), ...(hint === undefined ? {} : { hint }) };
}

function doAsked(child: Child, question: SmbQuestion): SmbDone {
  if (question.ask === "login") {
    child.session = openSession(question.login);
    return { text: libraryVersion(child.session) };
  }
  const { session } = child;
  if (session === undefined) throw new Error("no login was sent");
  switch (question.ask) {
    case "list":
      return doneWith(readFolder(session, question.path, (columns) => say("data", columns)));
    case "stat":
      return doneWith(lookAt(session, question.path));
    case "shares":
      return { text: JSON.stringify(readShares(session)) };
    case "descriptor":
      return { text: readDescriptor(session, question.path) };
    case "read": {
      const { content, record } = readRange(session, question.path, question.range);
      say("data", content);
      return doneWith(record);
    }
  }
}

function libraryVersion({ call }: SmbSession): string {
  const version = call.smbc_version();
  return version === null ? "unknown" : Deno.UnsafePointerView.getCString(version);
}

function doneWith(record: Uint8Array | undefined): SmbDone {
  return record === undefined ? {} : { record: record.toHex() };
}

/** False where the input ended before. */
function readExactly(into: Uint8Array): boolean {
  for (let at = 0; at < into.length;) {
    const got = Deno.stdin.readSync(into.subarray(at));
    if (got === null) return false;
    at += got;
  }
  return true;
}

function sayJson(kind: FrameKind, value: SmbDone | SmbFailed): void {
  say(kind, encoder.encode(JSON.stringify(value)));
}

/** Copying so few bytes is cheaper than waking the parent twice. */
const SMALL = 32 * 1024;

function say(kind: FrameKind, body: Uint8Array): void {
  const header = frameHeader(kind, body.length);
  if (body.length > SMALL) {
    writeAll(header);
    return writeAll(body);
  }
  const both = new Uint8Array(header.length + body.length);
  both.set(header);
  both.set(body, header.length);
  writeAll(both);
}

function writeAll(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}
