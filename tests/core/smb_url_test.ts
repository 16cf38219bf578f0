import assert from "node:assert/strict";
import { isKind } from "../../src/core/error.ts";
import { parseSmbUrl, smbPlaceText, smbUrlText } from "../../src/core/smb_url.ts";

Deno.test("a URL names domain, user, host, port, share and path", () => {
  assert.deepEqual(parseSmbUrl("smb://OFFICE;ann@NAS.local:4450/Data/2026/My Photos/"), {
    domain: "OFFICE",
    user: "ann",
    host: "nas.local",
    port: 4450,
    share: "Data",
    path: ["2026", "My Photos"],
  });
});

Deno.test("user, port, share and path may be left out", () => {
  const nothing = { domain: "", user: "", port: 445, share: "", path: [] };
  assert.deepEqual(parseSmbUrl("smb://nas"), { ...nothing, host: "nas" });
  assert.deepEqual(parseSmbUrl("SMB://nas/"), { ...nothing, host: "nas" });
  assert.deepEqual(parseSmbUrl("smb://nas/data"), { ...nothing, host: "nas", share: "data" });
});

Deno.test("equal places have one text, and it reads back as the same place", () => {
  const texts = [
    ["smb://ann@NAS:445/data/", "smb://ann@nas/data"],
    ["smb://a%40b.c@nas/100%25/%3F", "smb://a%40b.c@nas/100%25/%3F"],
    ["smb://D;ann@nas/d/a%20b/ä", "smb://D;ann@nas/d/a b/ä"],
    ["smb://nas:1/$x/p%3Bq%3A", "smb://nas:1/$x/p%3Bq%3A"],
  ];
  for (const [given, text] of texts) {
    assert.equal(smbUrlText(parseSmbUrl(given)), text);
    assert.equal(smbUrlText(parseSmbUrl(text)), text);
    assert.deepEqual(parseSmbUrl(text), parseSmbUrl(given));
  }
});

Deno.test("a place is shown without its user", () => {
  assert.equal(smbPlaceText(parseSmbUrl("smb://ann@nas:1/d/a%25/b")), "//nas:1/d/a%/b");
  assert.equal(smbPlaceText(parseSmbUrl("smb://nas")), "//nas");
});

Deno.test("what is no SMB URL is refused, and a password in it is not repeated", () => {
  const wrong = [
    "smb://",
    "smb:///share",
    "smb://ann:geheim@nas/data",
    "smb://a;b;c@nas/data",
    "smb://D;@nas/data",
    "smb://nas:0/data",
    "smb://nas:70000/data",
    "smb://nas:x/data",
    "smb://n as/data",
    "smb://nas/data/../x",
    "smb://nas/data//x",
    "smb://nas//data",
    "smb://nas/a%5Cb",
    "smb://nas/a%2Fb",
    "smb://nas/100%",
    "smb://nas/data?x=1",
    "smb://nas/data#x",
  ];
  for (const text of wrong) {
    assert.throws(() => parseSmbUrl(text), (error) => {
      assert.ok(isKind(error, "usage"), text);
      assert.ok(!`${error.message} ${error.hint}`.includes("geheim"));
      return true;
    }, text);
  }
});
