import assert from "node:assert/strict";
import {
  ARCHIVED_RENAMES,
  decideFolder,
  decideRename,
  type RenameFacts,
  wayOfObject,
} from "../../src/core/plan/rename_plan.ts";

const facts: RenameFacts = {
  ...{ mode: "auto", archived: "alias", versions: false, storageClass: null, takesKey: true },
};

Deno.test("a moved file: the object decides, and archived_renames about archived ones", () => {
  const cases: [then: string, given: Partial<RenameFacts>][] = [
    ["copy", {}],
    ["alias", { versions: true }],
    ["copy", { versions: true, mode: "copy" }],
    ["alias", { storageClass: "STANDARD_IA" }],
    ["alias", { storageClass: "GLACIER_IR", archived: "upload" }],
    ["alias", { takesKey: false, mode: "copy", archived: "upload" }],
    ["alias", { storageClass: "DEEP_ARCHIVE" }],
    ["alias", { storageClass: "DEEP_ARCHIVE", mode: "copy" }],
    ["upload", { storageClass: "DEEP_ARCHIVE", archived: "upload" }],
    ["upload", { storageClass: "GLACIER", archived: "upload", versions: true }],
    ["warm-up", { storageClass: "GLACIER", archived: "copy" }],
    ["alias", { storageClass: "GLACIER", archived: "copy", mode: "alias" }],
    ["alias", { storageClass: "GLACIER", archived: "copy", isShared: true }],
    ["alias", { storageClass: "GLACIER", archived: "upload", takesKey: false }],
    ["copy", { storageClass: "INTELLIGENT_TIERING", mode: "copy" }],
    ["alias", { storageClass: "INTELLIGENT_TIERING", mode: "copy", isFoundArchived: true }],
    ["warm-up", { storageClass: null, archived: "copy", isFoundArchived: true }],
  ];
  for (const [then, given] of cases) {
    const { way, why } = decideRename({ ...facts, ...given });
    assert.equal(way, then, JSON.stringify(given));
    assert.match(why, /./);
  }
});

Deno.test("why an object stays is said of its class, and of an archive that its class does not tell of", () => {
  const why = (given: Partial<RenameFacts>) => decideRename({ ...facts, ...given }).why;
  assert.match(why({ storageClass: "STANDARD_IA" }), /retrieval and a minimum duration/);
  const tiering = { storageClass: "INTELLIGENT_TIERING" };
  assert.match(why(tiering), /begins again in its dearest tier/);
  assert.match(why({ storageClass: "GLACIER" }), /an object in GLACIER must be restored/);
  assert.match(why({ ...tiering, isFoundArchived: true }), /the object is archived/);
});

Deno.test("a moved folder is one decision, and its archived objects take the others along", () => {
  const deep = { storageClass: "DEEP_ARCHIVE", takesKey: true };
  const plain = { storageClass: null, takesKey: true };
  const infrequent = { storageClass: "STANDARD_IA", takesKey: true };
  const cases: [
    then: string,
    given: Partial<RenameFacts>,
    objects: (typeof deep | typeof plain)[],
  ][] = [
    ["copy", {}, [plain]],
    ["alias", {}, [plain, deep]],
    ["alias", { versions: true, archived: "upload" }, [plain]],
    ["upload", { versions: true, archived: "upload" }, [plain, deep, plain]],
    ["warm-up", { archived: "copy" }, [deep, plain]],
    ["alias", { archived: "copy" }, [deep, infrequent]],
    ["alias", { archived: "upload", mode: "alias" }, [deep]],
    ["alias", { archived: "upload" }, [deep, { ...plain, takesKey: false }]],
  ];
  for (const [then, given, objects] of cases) {
    assert.equal(decideFolder({ ...facts, ...given }, objects).way, then, JSON.stringify(given));
  }
});

Deno.test("an alias of a whole folder looks at none of its objects", () => {
  const objects = {
    [Symbol.iterator](): Iterator<never> {
      throw new Error("looked");
    },
  };
  assert.equal(decideFolder({ ...facts, versions: true }, objects).way, "alias");
});

Deno.test("in a folder only archived objects are sent again or warmed up", () => {
  assert.equal(wayOfObject("upload", { storageClass: "GLACIER" }), "upload");
  assert.equal(wayOfObject("upload", { storageClass: null }), "copy");
  assert.equal(wayOfObject("upload", { storageClass: null, isFoundArchived: true }), "upload");
  assert.equal(wayOfObject("warm-up", { storageClass: "STANDARD_IA" }), "copy");
  assert.equal(wayOfObject("alias", { storageClass: null }), "alias");
  assert.deepEqual(ARCHIVED_RENAMES, ["alias", "copy", "upload"]);
});
