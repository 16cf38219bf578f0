import assert from "node:assert/strict";
import { isKind } from "../../src/core/error.ts";
import { openLibrary } from "../../src/smb/client_library.ts";

const linux = { libc: "libc.so.6", errnoSymbol: "__errno_location" } as const;

function failureOf(libraries: string[]) {
  try {
    openLibrary({ ...linux, libraries, install: "install the package libsmbclient" });
  } catch (error) {
    if (isKind(error, "failed")) return error;
    throw error;
  }
  return assert.fail("the library was opened");
}

Deno.test("a missing library says what to install, or to mount the share", () => {
  const error = failureOf(["libsmbclient-that-nobody-has.so.0"]);
  assert.equal(error.message, "libsmbclient is not installed");
  assert.match(error.hint!, /^install the package libsmbclient, or mount the share/);
});

Deno.test({
  name: "a library without the calls is told as too old",
  ignore: Deno.build.os !== "linux",
  fn() {
    assert.match(failureOf(["libc.so.6"]).message, /older than Samba/);
  },
});
