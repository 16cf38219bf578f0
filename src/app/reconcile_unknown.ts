import { ownerOf } from "../core/index/key_claim.ts";
import { isLive } from "../core/index/rows.ts";
import { keyOfPath, repositoryBelow } from "../core/mirror/object_key.ts";
import { joinPath, textOfJson } from "../core/path_text.ts";
import type { FoundObject } from "../ports/work_tables.ts";
import { eachInParallel } from "./in_parallel.ts";
import { historyText } from "./log_base.ts";
import type { ReconcileContext } from "./reconcile_context.ts";

export interface UnknownCounts {
  readonly objects: number;
  readonly bytes: number;
}

/**
 * Tells what of the strangers the log has stored once: content of older states, which is known and
 * `prune`'s. Two passes over one type of events each. Returns what is left, told as unknown, but for
 * what lies where an entry's content is not, as far as the log knows: that stays, too.
 */
export async function tellUnknown(context: ReconcileContext): Promise<UnknownCounts> {
  const { log, unknown, found, breathe } = context;
  for (const type of ["ObjectsStored", "ObjectCopied"] as const) {
    for (const event of log.events({ type })) {
      if (event.type !== type) continue;
      const { source, folders } = event.data;
      for (const { path, objects } of folders) {
        for (const { key, name, type: kind } of objects) {
          const own = () => joinPath(textOfJson(path), textOfJson(name));
          const place = key ?? keyOfPath(source, own(), kind === "folder");
          if (!isLacking(context, place)) unknown.find(place);
        }
      }
      const pause = breathe();
      if (pause !== undefined) await pause;
    }
  }
  findOthers(context);
  let [objects, bytes] = [0, 0];
  for (const object of unknown.notAskedFor()) {
    if (isOfOther(context, object)) continue;
    found.unknownThere(object);
    objects++;
    bytes += object.size;
    const pause = breathe();
    if (pause !== undefined) await pause;
  }
  found.flush();
  if (objects > 0 && log.base !== undefined) {
    const text = `${
      historyText(log.base.position)
    }: of what is unknown, older states may have some`;
    context.emit({ kind: "notice", text });
  }
  return { objects, bytes };
}

/** An entry has this key as its own, and its content is nowhere. */
function isLacking({ log: { index } }: Pick<ReconcileContext, "log">, key: string): boolean {
  const row = ownerOf(index, key);
  return isLive(row) && row.content.stored <= 0;
}

/** A repository whose prefix is within ours was made by an older program: `init` refuses that. */
function findOthers({ unknown, others, emit }: ReconcileContext): void {
  for (const { key } of unknown.notAskedFor()) {
    const prefix = repositoryBelow(key);
    if (prefix === undefined) continue;
    others.push(prefix);
    emit({
      kind: "notice",
      text: `another repository is at ${prefix}: its objects are left alone`,
    });
  }
}

function isOfOther({ others }: Pick<ReconcileContext, "others">, { key }: FoundObject): boolean {
  return others.some((prefix) => key.startsWith(prefix));
}

/** Looks at so many, then goes on with what was seen of them. */
const PAGE = 1000;
/** Requests under way at once. */
const IN_FLIGHT = 64;

/** What a look has told of each unknown object, in order of their keys. */
export async function* lookedAtEach<Seen>(
  { unknown, others, signal }: Pick<ReconcileContext, "unknown" | "others" | "signal">,
  look: (object: FoundObject) => Promise<Seen>,
): AsyncGenerator<Seen> {
  let page: FoundObject[] = [];
  async function* take(): AsyncGenerator<Seen> {
    const seen = new Array<Seen>(page.length);
    await eachInParallel(page.entries(), IN_FLIGHT, async ([i, object]) => {
      signal.throwIfAborted();
      seen[i] = await look(object);
    });
    page = [];
    yield* seen;
  }
  for (const object of unknown.notAskedFor()) {
    if (isOfOther({ others }, object)) continue;
    if (page.push(object) >= PAGE) yield* take();
  }
  yield* take();
}
