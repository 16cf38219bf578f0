import { hex } from "../core/hash.ts";
import type { EntryRow } from "../core/index/rows.ts";
import { unpackStat } from "../core/stat_record.ts";
import { leaveFormer } from "./former_content.ts";
import { wasElsewhere } from "./found_content.ts";
import { leftUploadOf } from "./left_uploads.ts";
import { type KeyCondition, putOver } from "./put_over.ts";
import { checkClass, placeOf, storageClassOf } from "./object_place.ts";
import { confirm, isStoredAlready, isUnsettled, observeAgain } from "./observed_file.ts";
import { readStable, type StableContent } from "./read_stable.ts";
import { sealWhole } from "./seal_content.ts";
import type { StoreContext, Task } from "./store_context.ts";
import { storeLarge } from "./store_large.ts";
import { metadataFor, storedEntry } from "./store_marker.ts";

/** Reads a file and stores its content, unless an equal content is stored already. */
export async function storeFile(context: StoreContext, task: Task, row: EntryRow): Promise<void> {
  const { root } = context.options.sources.get(task.source)!;
  const file = await root.openFile(task.path, { record: row.stat });
  try {
    const current = await observeAgain(context, task, row, await file.stat(), "changed");
    const left = await leftUploadOf(context, task, current);
    const isLarge = unpackStat(current.stat).size > BigInt(context.options.partSize);
    if (isLarge || left !== undefined) {
      await storeLarge(context, task, { row: current, file, left });
    } else {
      await storeBytes(context, task, await readStable(context, task, current, file));
    }
  } finally {
    file.close();
  }
}

async function storeBytes(
  context: StoreContext,
  task: Task,
  { row, content, start }: StableContent,
): Promise<void> {
  const { store, hashing } = context.options;
  const digest = hashing.sha256(content);
  const racy = isUnsettled(context, task, row, start);
  const isSame = isStoredAlready(row, digest);
  if (isSame && !task.again) return confirm(context, task, row, { digest, racy });
  const sha256 = hex(digest);
  if (!isSame && wasElsewhere(context, task, { row, sha256, racy })) return;
  const { key, own } = placeOf(context, task, row.position);
  const { body, ...sealed } = await bodyOf(context, content);
  const metadata = await metadataFor(context, task, {
    ...{ position: row.position, own, sha256, ...sealed },
    ...{ stat: row.stat, attributes: row.attributes },
  });
  const storageClass = storageClassOf(context, task, row.stat, content.length);
  const bodySha256 = sealed.storedSha256 ?? sha256;
  const options = { metadata, storageClass, sha256: bodySha256 };
  const put = (condition: KeyCondition = {}) => store.put(key, body, { ...options, ...condition });
  const object = own ? await putOver(context, { key, row }, put) : await put();
  await checkClass(context, key, storageClass);
  const former = leaveFormer(context.log.index, row, { key, object, isSame });
  context.totals.objects++;
  context.totals.bytes += body.length;
  context.batch.stored(task.source, task.folder, storageClass, {
    ...storedEntry(task, object, { key, own }, row.position),
    ...former,
    size: body.length.toString(),
    ...{ sha256, ...sealed },
    ...(racy ? { racy: true as const } : {}),
  });
}

/** What is sent: an age file where the job encrypts. Nothing stays nothing. */
async function bodyOf(
  { options: { sealer, hashing } }: StoreContext,
  content: Uint8Array,
): Promise<{ body: Uint8Array; header?: number; storedSha256?: string }> {
  if (sealer === undefined || content.length === 0) return { body: content };
  const age = await sealer.begin();
  const body = sealWhole(age, content);
  return { body, header: age.header.length, storedSha256: hex(hashing.sha256(body)) };
}
