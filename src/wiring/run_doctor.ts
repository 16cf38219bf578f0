import type { ShareConfig } from "../cli/job_config.ts";
import type { DoctorOptions, ToolInput } from "../cli/runner.ts";
import { HoldfastError, isKind } from "../core/error.ts";
import { EXIT } from "../core/exit_code.ts";
import { textOfBytes } from "../core/path_text.ts";
import { nameAt, recordAt } from "../core/scan/listing.ts";
import { type SmbPlace, smbPlaceText } from "../core/smb_url.ts";
import { unpackStat } from "../core/stat_record.ts";
import { counted } from "../report/count_text.ts";
import type { DiagnosisRecord } from "../report/records.ts";
import { diagnosisLines } from "../report/share_text.ts";
import { type SmbChild, startChild } from "../smb/child_process.ts";
import { connect, greet } from "../smb/negotiate.ts";
import { errnoOf, openingError } from "../smb/opening_error.ts";
import {
  type ListedFolder,
  listFolder,
  login,
  readRemote,
  sharesOf,
  statOf,
} from "../smb/share_calls.ts";
import { childCommand } from "./child_command.ts";
import { loginTo } from "./share_login.ts";

const WATCHDOG_MS = 2 * 60_000;
const GREETING_MS = 10_000;
const READ_BYTES = 64 * 1024;

/** `holdfast doctor`: each step needs the ones before it, so the first that fails is the last. */
export async function runDoctor(input: ToolInput<DoctorOptions>): Promise<number> {
  const { output, options: { share }, signal } = input;
  const { place } = share;
  const child = startChild(childCommand(), WATCHDOG_MS);
  const stop = () => void child.end();
  signal.addEventListener("abort", stop);
  try {
    for await (const found of diagnose(input, child)) {
      signal.throwIfAborted();
      output.record(found);
      output.text(...diagnosisLines(found));
      if (!found.ok) return EXIT.failed;
    }
    output.text(`${smbPlaceText(place)} can be backed up`);
    return EXIT.done;
  } finally {
    signal.removeEventListener("abort", stop);
    await child.end();
  }
}

async function* diagnose(
  { options: { share }, askSecret }: ToolInput<DoctorOptions>,
  child: SmbChild,
): AsyncGenerator<DiagnosisRecord> {
  const { place } = share;
  const names = [place.share, ...place.path];
  // Asked for before anything is tried: a person may take long, and a server not.
  const known = await loginTo(share, { encryption: "negotiated", askSecret });
  yield await step("library", async () => `libsmbclient ${await login(child, known)}`);
  yield await step("port", async () => {
    (await connect(place, GREETING_MS)).close();
    return `${place.host} answers at port ${place.port}`;
  });
  yield await step("protocol", () => protocolOf(place));
  yield await step("sign-in", () => signIn(child, share));
  if (place.share === "") return;
  let folder: ListedFolder | undefined;
  yield await step("list", async () => {
    folder = await listFolder(child, names).catch((error) => {
      throw openingError(place, error, errnoOf(error) !== undefined && place.path.length > 0);
    });
    return `${counted(folder.listing.count, "entry", "entries")} in ${smbPlaceText(place)}`;
  });
  if (folder === undefined) return;
  const { listing } = folder;
  yield await step("read", () => readFirst(child, names, listing));
}

async function step(name: string, attempt: () => Promise<string>): Promise<DiagnosisRecord> {
  try {
    return { record: "diagnosis", step: name, ok: true, text: await attempt(), hint: null };
  } catch (error) {
    if (isKind(error, "interrupted")) throw error;
    const text = error instanceof Error ? error.message : String(error);
    const hint = error instanceof HoldfastError ? error.hint : undefined;
    return { record: "diagnosis", step: name, ok: false, text, hint: hint ?? null };
  }
}

async function protocolOf(place: SmbPlace): Promise<string> {
  const before = Date.now();
  const { dialect, signing, encrypts, time } = await greet(place, GREETING_MS);
  const behind = Math.round((before - Number(time / 1_000_000n)) / 1000);
  const clock = Math.abs(behind) < 2
    ? "its clock is right"
    : `its clock is ${Math.abs(behind)} s ${behind > 0 ? "behind" : "ahead"}`;
  const encryption = encrypts ? "it can encrypt" : "it cannot encrypt";
  return `SMB ${dialect}, signing ${signing}, ${encryption}, ${clock}`;
}

/** The share itself, or where that is refused the list of shares, which every user may see. */
async function signIn(child: SmbChild, { place, login }: ShareConfig): Promise<string> {
  const ticket = login.way === "kerberos" ? "the ticket's owner" : "";
  const who = place.user || ticket || "a guest";
  if (place.share === "") {
    await sharesOf(child).catch((error) => {
      throw openingError(place, error, false);
    });
    return `the server knows ${who}`;
  }
  try {
    await statOf(child, [place.share]);
    return `the server lets ${who} into ${place.share}`;
  } catch (error) {
    // Of a folder below it the user may still have the rights; a guest is told of shares in any case.
    const isKnown = errnoOf(error) === "EACCES" && login.way !== "guest" &&
      await sharesOf(child).then(() => true, () => false);
    if (isKnown) return `the server knows ${who}, who may not look at ${place.share} itself`;
    throw openingError(place, error, false);
  }
}

async function readFirst(
  child: SmbChild,
  folder: readonly string[],
  listing: ListedFolder["listing"],
): Promise<string> {
  for (let i = 0; i < listing.count; i++) {
    const { type, size } = unpackStat(recordAt(listing, i));
    if (type !== "file" || size === 0n) continue;
    const name = textOfBytes(nameAt(listing, i));
    const into = new Uint8Array(Math.min(READ_BYTES, Number(size)));
    const { length } = await readRemote(child, [...folder, name], { offset: 0, into });
    return `${length} bytes of ${name}`;
  }
  return "there is no file in it to read";
}
