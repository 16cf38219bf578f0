import assert from "node:assert/strict";
import { dirname } from "node:path";
import {
  appendJobSection,
  type JobSection,
  planJobSection,
  sectionText,
} from "../../src/cli/config_append.ts";
import { fakeSystem } from "./fake_system.ts";

const section: JobSection = {
  name: "photos",
  sources: [{ name: "", path: '/home/me/My "Photos"\\\n\x7f' }],
  repository: "s3://bucket/photos",
};

function withFile(test: (file: string, init: (section: JobSection) => void) => void): void {
  const system = fakeSystem();
  const file = `${system.folder}/new/holdfast.toml`;
  const present = () => {
    try {
      return Deno.statSync(file).isFile;
    } catch {
      return false;
    }
  };
  try {
    test(
      file,
      (wanted) => appendJobSection(planJobSection(system, { file, present: present() }, wanted)),
    );
  } finally {
    system.remove();
  }
}

Deno.test("init makes the file for its user alone", () => {
  withFile((file, init) => {
    init(section);
    assert.equal(Deno.readTextFileSync(file), sectionText(section));
    assert.equal(Deno.statSync(file).mode! & 0o777, 0o600);
    assert.equal(Deno.statSync(dirname(file)).mode! & 0o777, 0o700);
  });
});

Deno.test("what init writes is read back as it was meant", () => {
  const system = fakeSystem();
  try {
    const plan = planJobSection(system, { file: "/none/holdfast.toml", present: false }, {
      ...section,
      storageClass: "GLACIER_IR",
      endpoint: "https://s3.example.com",
      region: "eu-central-1",
      profile: "backup",
      forcePathStyle: true,
      sources: [{ name: "döcs", path: "/d" }, { name: "b", path: section.sources[0].path }],
    });
    assert.deepEqual(plan.job.sources.map(({ name, path }) => [name, path]), [
      ["döcs", "/d"],
      ["b", section.sources[0].path],
    ]);
    assert.equal(plan.job.storageClass, "GLACIER_IR");
    assert.equal(plan.job.s3.forcePathStyle, true);
    assert.equal(plan.job.s3.endpoint, "https://s3.example.com");
  } finally {
    system.remove();
  }
});

Deno.test("init appends, and never touches what is there", () => {
  withFile((file, init) => {
    init(section);
    const before = Deno.readTextFileSync(file) + "# mine, without a newline";
    Deno.writeTextFileSync(file, before);
    init({ ...section, name: "mail" });
    const after = Deno.readTextFileSync(file);
    assert.ok(after.startsWith(`${before}\n\n[job.mail]\n`), after);
  });
});

Deno.test("the same init again changes nothing, also after patterns were added by hand", () => {
  withFile((file, init) => {
    init(section);
    Deno.writeTextFileSync(file, 'exclude = ["*.tmp"]\n', { append: true });
    const before = Deno.readTextFileSync(file);
    init(section);
    assert.equal(Deno.readTextFileSync(file), before);
  });
});

Deno.test("another init under the same name is refused with the line", () => {
  withFile((file, init) => {
    init({ ...section, name: "mail" });
    init(section);
    assert.throws(() => init({ ...section, repository: "s3://other" }), {
      kind: "usage",
      message: `${file}:5: job photos is there with other settings`,
    });
  });
});

Deno.test("a config with errors is not appended to", () => {
  withFile((file, init) => {
    init(section);
    Deno.writeTextFileSync(file, "colour = 1\n", { append: true });
    assert.throws(() => init({ ...section, name: "mail" }), /job\.photos\.colour: unknown key/);
  });
});

Deno.test("a wrong option is named", () => {
  withFile((_, init) => {
    const cases: [Partial<JobSection>, RegExp][] = [
      [{ name: "My Job" }, /^--job: "My Job"/],
      [{ repository: "/backup" }, /^--repository: /],
      [{ storageClass: "COLD" }, /^--storage-class: /],
      [{ endpoint: "localhost" }, /^--endpoint: /],
      [{ sources: [{ name: "", path: "/a" }, { name: "b", path: "/b" }] }, /^--source: /],
    ];
    for (const [wrong, message] of cases) {
      assert.throws(() => init({ ...section, ...wrong }), { kind: "usage", message });
    }
  });
});
