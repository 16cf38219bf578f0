import assert from "node:assert/strict";
import type { PathText } from "../../src/core/path_text.ts";
import { listingOf } from "../../src/smb/entry_columns.ts";
import type { ListedFolder } from "../../src/smb/share_calls.ts";
import { listingAhead } from "../../src/sources/smb/listing_ahead.ts";

/** A server whose answers come when the test says so. */
function heldServer(most: number) {
  const asked: PathText[] = [];
  const answers = new Map<PathText, PromiseWithResolvers<ListedFolder>>();
  const ahead = listingAhead((path) => {
    asked.push(path);
    const answer = Promise.withResolvers<ListedFolder>();
    answers.set(path, answer);
    return answer.promise;
  }, most);
  const folder = { listing: listingOf([]), record: undefined };
  return { ahead, asked, answers, tell: (path: PathText) => answers.get(path)!.resolve(folder) };
}

Deno.test("what the walk comes to next is listed before, in its order and no more than so many", () => {
  const { ahead, asked } = heldServer(2);
  ahead.expect(["a", "b", "c"]);
  assert.deepEqual(asked, ["a", "b"]);
  ahead.take("a");
  assert.deepEqual(asked, ["a", "b", "c"]);
  ahead.expect(["a/x", "a/y"]);
  ahead.take("a/x");
  assert.deepEqual(asked, ["a", "b", "c", "a/x"]);
});

Deno.test("a folder is listed once, whether it was expected or not", async () => {
  const { ahead, asked, tell } = heldServer(1);
  ahead.expect(["a", "b"]);
  const taken = ahead.take("a");
  tell("a");
  assert.equal((await taken).listing.count, 0);
  assert.deepEqual(asked, ["a", "b"]);
  ahead.take("other");
  ahead.take("b");
  assert.deepEqual(asked, ["a", "b", "other"]);
});

Deno.test("below a folder that the walk has left nothing is expected any more", () => {
  const { ahead, asked } = heldServer(1);
  ahead.expect(["a", "b"]);
  ahead.take("a");
  ahead.expect(["a/1", "a/2"]);
  assert.deepEqual(asked, ["a", "b"]);
  ahead.leave("a");
  ahead.take("b");
  assert.deepEqual(asked, ["a", "b"]);
  ahead.leave("");
  ahead.take("a/1");
  assert.deepEqual(asked, ["a", "b", "a/1"]);
});

Deno.test("a listing that failed before it was needed fails where it is taken, and only there", async () => {
  const { ahead, answers } = heldServer(2);
  ahead.expect(["a", "b"]);
  answers.get("a")!.reject(new Error("no"));
  answers.get("b")!.reject(new Error("never taken"));
  await new Promise((resolve) => setTimeout(resolve, 0));
  await assert.rejects(ahead.take("a"), /no/);
});
