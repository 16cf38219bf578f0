import type { PackOptions } from "../../src/app/pack_context.ts";
import { frameAt } from "../../src/core/pack/zstd_frames.ts";
import { linesOfFrames } from "../../src/app/frame_text.ts";
import { readPackIndex } from "../../src/core/pack/pack_index_reader.ts";
import { packIndexKey, packOfKey } from "../../src/core/pack/pack_layout.ts";
import { type TarEvent, tarReader } from "../../src/core/pack/tar_reader.ts";
import { textOfBytes, textOfJson } from "../../src/core/path_text.ts";
import { generateIdentity } from "../../src/crypto/age_identities.ts";
import { ageOpener } from "../../src/crypto/age_opener.ts";
import { ageSealer } from "../../src/crypto/age_sealer.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import type { Opener } from "../../src/ports/cipher.ts";
import type { World } from "./app_world.ts";

export interface TestKeys {
  readonly identity: string;
  readonly recipient: string;
  readonly opener: Opener;
}

export async function testKeys(): Promise<TestKeys> {
  const { identity, recipient } = await generateIdentity({ postQuantum: false });
  return { identity, recipient, opener: await ageOpener([identity]) };
}

/** Packs encrypted for the keys, or not encrypted. */
export async function packOptions(
  world: Pick<World, "environment">,
  keys?: TestKeys,
  more: Partial<PackOptions> = {},
): Promise<PackOptions> {
  const recipients = keys === undefined ? [] : [keys.recipient];
  return {
    sealer: keys === undefined ? undefined : await ageSealer(recipients),
    ...{ recipients, random: world.environment.random, otherThread: () => undefined },
    ...{ packSize: 512 * 2 ** 20, chunkThreshold: 16 * 2 ** 20, ...more },
  };
}

/** Keys of the packs in the store. */
export function packKeys({ store }: World): string[] {
  return [...store.objects.keys()].filter((key) =>
    packOfKey(key) !== undefined && store.current(key) !== undefined
  ).sort();
}

/** Names of a pack's members with their contents as text, in order; fails where it does not end well. */
export async function membersOf(
  { store }: World,
  key: string,
  keys?: TestKeys,
): Promise<{ name: string; content: string }[]> {
  const { body } = store.current(key)!;
  const stream = keys === undefined ? body : await keys.opener.open(body);
  const members: { name: string; content: string }[] = [];
  const reader = tarReader();
  for (let at = 0; at < stream.length;) {
    const { kind, length } = frameAt(stream, at)!;
    const frame = stream.subarray(at, at + length);
    at += length;
    if (kind === "skippable") continue;
    note(members, reader.push(platformHashing.decompress(frame)));
  }
  reader.end();
  return members;
}

function note(members: { name: string; content: string }[], events: readonly TarEvent[]): void {
  for (const event of events) {
    if (event.kind === "member") {
      members.push({ name: textOfBytes(event.member.path), content: "" });
    } else if (event.kind === "content") {
      members.at(-1)!.content += new TextDecoder("latin1").decode(event.bytes);
    }
  }
}

/** Members that an encrypted pack's index lists, by name. */
export async function indexedMembers(
  world: World,
  key: string,
  keys: TestKeys,
): Promise<string[]> {
  const { pack } = packOfKey(key)!;
  const body = await keys.opener.open(world.store.current(packIndexKey(pack, true))!.body);
  const index = readPackIndex(linesOfFrames(platformHashing, body), { pack, isEncrypted: true });
  return [...index.members].flatMap((member) => {
    if (member.is === "chunk") return [`.holdfast/chunks/${member.sha256}`];
    if (member.is !== "entry" || member.at === undefined) return [];
    const path = textOfJson(member.path);
    if (member.list !== undefined) return [`${path}.holdfast-chunks`];
    return [member.entry.type === "folder" ? `${path}/` : path];
  }).filter((name) => name !== "/");
}
