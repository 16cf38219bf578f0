import { HoldfastError } from "../core/error.ts";
import type { SignalSink } from "../core/signal.ts";
import { planExtents } from "./plan_extents.ts";
import type { PackedExtent, PackReader } from "./pack_reader.ts";

/**
 * A content from another pack that has it, too, where its own does not give it. Throws the failure
 * where none does.
 */
export async function readElsewhere(
  reader: PackReader,
  { pack, sha256 }: PackedExtent,
  failure: HoldfastError,
): Promise<Uint8Array> {
  for (const place of reader.packs.places(sha256)) {
    if (place.pack === pack) continue;
    const content = await readOne(reader, place);
    if (content === undefined) continue;
    reader.replaced(failure);
    return content;
  }
  throw failure;
}

async function readOne(reader: PackReader, place: PackedExtent): Promise<Uint8Array | undefined> {
  for (const planned of await planExtents(reader, [place])) {
    if ("failure" in planned) continue;
    for await (const frame of reader.read(planned.pack, planned.fetch)) {
      for (const { content } of frame) if (!(content instanceof HoldfastError)) return content;
    }
  }
  return undefined;
}

/** Nothing is lost, but a pack is faulty: that is told once. */
export function faultyPacks(emit: SignalSink): (failure: HoldfastError) => void {
  const told = new Set<unknown>();
  return ({ message, context: { key } }) => {
    if (told.has(key)) return;
    told.add(key);
    const text = `${message}; what another pack has, too, is read there: see \`holdfast check\``;
    emit({ kind: "notice", text });
  };
}
