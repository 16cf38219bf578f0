import { HoldfastError } from "../core/error.ts";
import type { FolderListing } from "../core/scan/listing.ts";
import type { SmbAnswer, SmbChild } from "./child_process.ts";
import { listingOf, readColumns } from "./entry_columns.ts";
import type { SmbDone, SmbQuestion } from "./frame.ts";
import type { SmbLogin } from "./client_session.ts";
import type { ListedShare } from "./share_list.ts";
import { smbEntryError } from "./smb_error.ts";

/**
 * What is asked of a child, as functions. A path is names, the share first. All throw kind "entry"
 * where the server refused it, "unreachable" where it was lost.
 */
export interface ListedFolder {
  readonly listing: FolderListing;
  /** The folder's own record; undefined where the server does not tell it in a listing. */
  readonly record: Uint8Array | undefined;
}

export async function listFolder(child: SmbChild, path: readonly string[]): Promise<ListedFolder> {
  const { data, said } = await ask(child, { ask: "list", path }, { path });
  return { listing: listingOf(data.map(readColumns)), record: recordIn(said) };
}

/** Without what only a listing tells (entry_record.ts). */
export async function statOf(child: SmbChild, path: readonly string[]): Promise<Uint8Array> {
  const { said } = await ask(child, { ask: "stat", path }, { path });
  return recordIn(said)!;
}

/** Sets the child up; the version of its library. Throws kind "failed" where it has none. */
export async function login(child: SmbChild, login: SmbLogin): Promise<string> {
  return (await ask(child, { ask: "login", login }, { path: [] })).said.text!;
}

export async function sharesOf(child: SmbChild): Promise<ListedShare[]> {
  return JSON.parse((await ask(child, { ask: "shares" }, { path: [] })).said.text!);
}

/** The security descriptor, as security_descriptor.ts has it. */
export async function descriptorOf(child: SmbChild, path: readonly string[]): Promise<string> {
  return (await ask(child, { ask: "descriptor", path }, { path })).said.text!;
}

export interface ReadRange {
  /** Less than was asked for where the file has become shorter. */
  readonly length: number;
  /** As the file was after the last byte was read; without what only a listing tells. */
  readonly record: Uint8Array;
}

/** Reads so many bytes of a file, at most READ_BYTES, from an offset on. */
export async function readRemote(
  child: SmbChild,
  path: readonly string[],
  { offset, into }: { readonly offset: number; readonly into: Uint8Array },
): Promise<ReadRange> {
  const range = { offset, length: into.length };
  const { data, said } = await ask(child, { ask: "read", path, range }, { path, into });
  return { length: data[0].length, record: recordIn(said)! };
}

function recordIn({ record }: SmbDone): Uint8Array | undefined {
  return record === undefined ? undefined : Uint8Array.fromHex(record);
}

async function ask(
  child: SmbChild,
  question: SmbQuestion,
  { path, into }: { readonly path: readonly string[]; readonly into?: Uint8Array },
): Promise<SmbAnswer & { readonly said: SmbDone }> {
  const { data, said } = await child.ask(question, into);
  if ("errno" in said) throw smbEntryError(said, path.slice(1));
  if ("message" in said) throw new HoldfastError("failed", said.message, { hint: said.hint });
  return { data, said };
}
