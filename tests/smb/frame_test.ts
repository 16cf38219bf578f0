import assert from "node:assert/strict";
import { isKind } from "../../src/core/error.ts";
import { FRAME_KINDS, frameHeader, readFrameHeader } from "../../src/smb/frame.ts";

Deno.test("a frame's header comes back", () => {
  for (const kind of FRAME_KINDS) {
    for (const length of [0, 1, 8 << 20]) {
      assert.deepEqual(readFrameHeader(frameHeader(kind, length)), { kind, length });
    }
  }
});

Deno.test("what something else wrote to the pipe is no frame", () => {
  const texts = ["smbd: warn", "\0\0\0\0\0\0\0\0", "\x09SMB\0\0\0\0", "\x01SMB\xff\xff\xff\xff"];
  for (const text of texts) {
    const bytes = Uint8Array.from(text.slice(0, 8), (character) => character.charCodeAt(0));
    assert.throws(() => readFrameHeader(bytes), (error) => isKind(error, "failed"), text);
  }
});
