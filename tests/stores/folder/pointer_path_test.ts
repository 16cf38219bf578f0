import assert from "node:assert/strict";
import fc from "fast-check";
import {
  byteText,
  keyOfByteText,
  pointerNames,
  readPointerName,
} from "../../../src/stores/folder/pointer_path.ts";
import { anyKey } from "./any_key.ts";
import { seed } from "../../seed.ts";

Deno.test(`a key is read back from its pointer's names, which every disk holds (seed ${seed})`, () => {
  fc.assert(
    fc.property(anyKey, (key) => {
      const names = pointerNames(key);
      for (const name of names) {
        assert.match(name, /^[a-z0-9._%-]*[=+~]$/);
        assert.ok(name.length <= 139, name);
      }
      const text = names.map((name) => readPointerName(name)!.text).join("");
      assert.equal(keyOfByteText(text), key);
      assert.deepEqual(
        names.map((name) => readPointerName(name)!.isPointer),
        names.map((_, i) => i === names.length - 1),
      );
    }),
    { numRuns: 2_000, seed },
  );
});

Deno.test(`levels sorted by their texts give the keys' byte order (seed ${seed})`, () => {
  fc.assert(
    fc.property(anyKey, anyKey, (a, b) => {
      fc.pre(a !== b);
      const [left, right] = [pointerNames(a), pointerNames(b)];
      const differs = left.findIndex((name, i) => name !== right[i]);
      const [one, two] = [left, right].map((names) => readPointerName(names[differs])!.text);
      assert.notEqual(one, two, "two names of one level are not the same text");
      assert.equal(one < two, byteText(a) < byteText(b));
    }),
    { numRuns: 2_000, seed },
  );
});

Deno.test("a name that is not of the hierarchy is none", () => {
  for (const name of ["", ".DS_Store", ".nfs0001", "A=", "a%2", "a%2F=", "a", "é="]) {
    assert.equal(readPointerName(name), undefined, name);
  }
});
