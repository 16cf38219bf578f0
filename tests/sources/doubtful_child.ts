/**
 * In place of a child that reads a share: the first so many of them (second argument) say of each file
 * that they are out of memory, as libsmbclient does where it believes in a connection that is gone.
 * Each adds a line to a file (first argument). A listing fails after its first entries, for all.
 */
import { STAT_RECORD_BYTES } from "../../src/core/stat_record.ts";
import { columnWriter } from "../../src/smb/entry_columns.ts";
import {
  FRAME_HEADER,
  frameHeader,
  type FrameKind,
  readFrameHeader,
  type SmbQuestion,
} from "../../src/smb/frame.ts";

const [file, lost] = Deno.args;
Deno.writeTextFileSync(file, ".\n", { append: true });
const isLost = Deno.readTextFileSync(file).length / 2 <= Number(lost);
const header = new Uint8Array(FRAME_HEADER);
const ENOMEM = 12, EIO = 5;

function say(kind: FrameKind, value: unknown): void {
  sayBytes(kind, new TextEncoder().encode(JSON.stringify(value)));
}

function sayBytes(kind: FrameKind, body: Uint8Array): void {
  Deno.stdout.writeSync(new Uint8Array([...frameHeader(kind, body.length), ...body]));
}

while (Deno.stdin.readSync(header) === FRAME_HEADER) {
  const body = new Uint8Array(readFrameHeader(header).length);
  Deno.stdin.readSync(body);
  const question: SmbQuestion = JSON.parse(new TextDecoder().decode(body));
  if (question.ask === "list") {
    const columns = columnWriter();
    columns.add(new TextEncoder().encode("seen"), new Uint8Array(STAT_RECORD_BYTES));
    sayBytes("data", columns.take());
    say("failed", { step: "read the folder", errno: EIO });
  } else if (question.ask === "stat" && isLost) say("failed", { step: "look at", errno: ENOMEM });
  else say("done", { text: "", record: "" });
}
