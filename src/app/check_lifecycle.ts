import { HoldfastError, isKind } from "../core/error.ts";
import { lifecycleDangers } from "../core/lifecycle_danger.ts";
import type { ObjectStore } from "../ports/object_store.ts";

/**
 * Refuses a bucket whose lifecycle rules would expire the repository, or move what it needs at once
 * into an archive. Returns a notice where the rules cannot be read. Throws kind "guard".
 */
export async function checkLifecycle(store: ObjectStore): Promise<string | undefined> {
  if (store.lifecycle === undefined) return undefined;
  let found: Awaited<ReturnType<NonNullable<ObjectStore["lifecycle"]>>>;
  try {
    found = await store.lifecycle();
  } catch (error) {
    // A store that knows no such rules may take the question for one about an object.
    const isAnswer = isKind(error, "denied", "refused", "gone", "failed");
    if (!isAnswer || error.context.code === "NoSuchBucket") throw error;
    return "the bucket's lifecycle rules could not be read: see that none expires or archives " +
      "anything under .holdfast/";
  }
  const dangers = lifecycleDangers(found.rules, found.keyPrefix);
  if (dangers.length === 0) return undefined;
  throw new HoldfastError("guard", dangers.join("; "), {
    context: { url: store.url },
    hint: "limit the rule to another prefix, or remove it; nothing was written",
  });
}
