import assert from "node:assert/strict";
import { parseConfig } from "../../src/cli/config.ts";
import { HoldfastError } from "../../src/core/error.ts";
import { errorLines } from "../../src/report/error_text.ts";
import { ALICE, BOB, QUANTUM } from "../core/recipients.ts";
import { assertGolden } from "./golden.ts";

const place = { file: "holdfast.toml", folder: "/etc/holdfast", home: "/home/me" };
const parse = (text: string) => parseConfig(text, place);

function errorOf(text: string): string {
  try {
    parse(text);
  } catch (error) {
    assert.ok(error instanceof HoldfastError && error.kind === "usage", String(error));
    return errorLines(error).join("\n");
  }
  return "no error";
}

Deno.test("a small config has every default", () => {
  const { jobs } = parse('[job.photos]\nsources = "photos"\nrepository = "s3://bucket/a/b/"\n');
  const { text: _, ...job } = jobs.get("photos")!;
  assert.deepEqual(job, {
    name: "photos",
    sources: [{ name: "", path: "/etc/holdfast/photos", exclude: [], include: [] }],
    repository: { kind: "s3", url: "s3://bucket/a/b", bucket: "bucket", prefix: "a/b" },
    layout: "mirror",
    recipients: [],
    encryption: "none",
    storageClass: "STANDARD",
    classes: [],
    s3: {
      endpoint: undefined,
      region: undefined,
      profile: undefined,
      forcePathStyle: false,
      sse: undefined,
      sseKmsKey: undefined,
    },
    maxDelete: { percent: 5, entries: 1000 },
    delete: false,
    renames: "auto",
    archivedRenames: "alias",
    archivedList: undefined,
    maxCost: undefined,
    tier: "Bulk",
    days: 7,
    egress: "internet",
    prices: [],
    limits: { upload: [], download: [] },
    keep: {
      last: undefined,
      daily: undefined,
      weekly: undefined,
      monthly: undefined,
      yearly: undefined,
      within: undefined,
    },
    ignoreFile: ".holdfastignore",
    oneFileSystem: false,
    trustMtime: false,
    observations: "changes",
    partSize: 16 * 1024 * 1024,
    packSize: 512 * 1024 * 1024,
    chunkThreshold: 16 * 1024 * 1024,
    uploadWorkers: 4,
    minArchiveSize: 128 * 1024,
    logDir: undefined,
    logKeep: 30,
    shares: {
      ...{ connections: 4, encryption: "negotiated", acls: false, streams: false },
      snapshot: undefined,
    },
  });
});

Deno.test("shares are read with their logins, a source's own before the job's", () => {
  const { jobs } = parse(`
[job.office]
sources = [
  { name = "a", path = "smb://OFFICE;ann@NAS/docs/" },
  { name = "b", path = "smb://bob@nas:4450/home/bob", password_env = "BOB_PASSWORD" },
  { name = "c", path = "smb://nas/public", auth = "guest" },
  { name = "d", path = "smb://nas/team", auth = "kerberos" },
  { name = "e", path = "/local" },
]
repository = "s3://my-bucket"
password_file = "nas.password"
smb_connections = 8
smb_encryption = "required"
smb_streams = true
smb_snapshot = "latest"
`);
  const { sources, shares } = jobs.get("office")!;
  assert.deepEqual(shares, {
    ...{ connections: 8, encryption: "required", acls: false, streams: true, snapshot: "latest" },
  });
  assert.deepEqual(sources.map(({ path, share }) => [path, share?.login]), [
    ["smb://OFFICE;ann@nas/docs", { way: "password", file: "/etc/holdfast/nas.password" }],
    ["smb://bob@nas:4450/home/bob", { way: "password", variable: "BOB_PASSWORD" }],
    ["smb://nas/public", { way: "guest" }],
    ["smb://nas/team", { way: "kerberos" }],
    ["/local", undefined],
  ]);
  const place = { domain: "", user: "bob", host: "nas", port: 4450, share: "home", path: ["bob"] };
  assert.deepEqual(sources[1].share?.place, place);
});

Deno.test("a share without a login is a guest's where its URL names no user, else it is asked for", () => {
  const login = (text: string) => parse(text).jobs.get("photos")!.sources[0].share?.login;
  assert.deepEqual(login(share("smb://nas/a")), { way: "guest" });
  assert.deepEqual(login(share("smb://ann@nas/a")), { way: "password" });
});

function share(source: string, ...lines: string[]): string {
  const more = lines.map((line) => `${line}\n`).join("");
  return `[job.photos]\nsources = ["${source}"]\nrepository = "s3://bucket"\n${more}`;
}

Deno.test("every key is read", () => {
  const { jobs } = parse(`
[job.all]
sources = [
  { name = "docs", path = "~/docs", exclude = ["*.bak"] },
  { name = "mail", path = "/var/mail", include = ["keep.tmp"] },
]
repository = "s3://my.bucket"
layout = "mirror"
compression = "none"
storage_class = "GLACIER_IR"
endpoint = "http://127.0.0.1:9000/"
region = "eu-central-1"
profile = "backup"
force_path_style = true
sse = "aws:kms"
sse_kms_key = "arn:aws:kms:eu-central-1:111122223333:key/x"
batch_role = "arn:aws:iam::111122223333:role/x"
delete = true
max_delete = "10 %/500"
renames = "alias"
archived_renames = "upload"
archived_list = "archived.tsv"
limit_upload = ["08:00-18:00 2 MiB", "18:00-08:00 none"]
limit_download = "10 MiB"
keep_last = 3
keep_daily = 7
keep_weekly = 4
keep_monthly = 12
keep_yearly = 5
keep_within = "30d"
exclude = ["*.tmp", "!a.tmp"]
include = ["b.tmp"]
ignore_file = ""
one_file_system = true
trust_mtime = true
observations = "all"
part_size = "64 MiB"
upload_workers = 8
min_archive_size = "1 MiB"
log_dir = "logs"
log_keep = 5
`);
  const job = jobs.get("all")!;
  assert.deepEqual(job.sources, [
    {
      name: "docs",
      path: "/home/me/docs",
      exclude: ["*.tmp", "!a.tmp", "*.bak"],
      include: ["b.tmp"],
    },
    {
      name: "mail",
      path: "/var/mail",
      exclude: ["*.tmp", "!a.tmp"],
      include: ["b.tmp", "keep.tmp"],
    },
  ]);
  assert.equal(job.s3.endpoint, "http://127.0.0.1:9000");
  assert.equal(job.s3.batchRole?.account, "111122223333");
  assert.deepEqual(job.maxDelete, { percent: 10, entries: 500 });
  assert.deepEqual([job.delete, job.renames, job.archivedRenames], [true, "alias", "upload"]);
  assert.equal(job.archivedList, "/etc/holdfast/archived.tsv");
  assert.deepEqual(job.limits, {
    upload: [
      { from: 480, to: 1080, rate: 2 * 1024 * 1024 },
      { from: 1080, to: 480, rate: undefined },
    ],
    download: [{ from: 0, to: 1440, rate: 10 * 1024 * 1024 }],
  });
  assert.deepEqual(job.keep, {
    ...{ last: 3, daily: 7, weekly: 4, monthly: 12, yearly: 5 },
    within: 30 * 24 * 3600 * 1000,
  });
  assert.equal(job.partSize, 64 * 1024 * 1024);
  assert.equal(job.minArchiveSize, 1024 * 1024);
  assert.equal(job.logDir, "/etc/holdfast/logs");
  assert.equal(job.ignoreFile, "");
});

const pack = (lines: string) => `[job.a]\nsources = "/a"\nrepository = "s3://bucket"\n${lines}`;
const PACK = 'layout = "pack"\n';
const NAMES_ALICE = `recipients = ["${ALICE}"]\n`;

Deno.test("recipients are what turns encryption on, in either layout", () => {
  const read = (lines: string) => {
    const { layout, recipients, encryption } = parse(pack(lines)).jobs.get("a")!;
    return [layout, recipients, encryption];
  };
  assert.deepEqual(read(PACK + NAMES_ALICE), ["pack", [ALICE], "age"]);
  assert.deepEqual(read(`encryption = "age"\n${NAMES_ALICE}`), ["mirror", [ALICE], "age"]);
  assert.deepEqual(read(PACK + 'encryption = "none"\n'), ["pack", [], "none"]);
  assert.deepEqual(read('encryption = "none"\nrecipients = []\n'), ["mirror", [], "none"]);
  const both = [ALICE, BOB];
  assert.deepEqual(read(`${PACK}recipients = ${JSON.stringify(both)}\n`), ["pack", both, "age"]);
  assert.deepEqual(read(`${PACK}recipients = ["${QUANTUM}"]\n`), ["pack", [QUANTUM], "age"]);
});

Deno.test("recipients of two kinds are refused: together they are as weak as the weaker", () => {
  const message = errorOf(pack(`${PACK}recipients = ["${ALICE}", "${BOB}", "${QUANTUM}"]\n`));
  assert.match(message, /recipients 1 and 3 are of two kinds/);
});

Deno.test("the keys of the pack layout are read", () => {
  const sizes = 'pack_size = "1 GiB"\nchunk_threshold = "4 MiB"\ncompression = "zstd"\n';
  const job = parse(pack(PACK + NAMES_ALICE + sizes)).jobs.get("a")!;
  assert.deepEqual([job.packSize, job.chunkThreshold], [1 << 30, 4 << 20]);
});

Deno.test("max_delete is entries, a share, or both", () => {
  const read = (value: string) =>
    parse(`[job.a]\nsources = "/a"\nrepository = "file:///b"\nmax_delete = ${value}\n`)
      .jobs.get("a")!.maxDelete;
  assert.deepEqual(read("500"), { percent: 100, entries: 500 });
  assert.deepEqual(read('"20 %"'), { percent: 20, entries: Number.MAX_SAFE_INTEGER });
  assert.deepEqual(read('"5%/1,000"'), { percent: 5, entries: 1000 });
});

Deno.test("rules for classes are read in their order", () => {
  const { jobs } = parse(`
[job.a]
sources = "/a"
repository = "s3://bucket"

[[job.a.classes]]
class = "STANDARD"
match = ["*.xmp", "/index/"]

[[job.a.classes]]
class = "DEEP_ARCHIVE"
min_size = "1 MiB"
max_size = 5000000
older_than = "30d"
`);
  const { classes, text } = jobs.get("a")!;
  assert.deepEqual(classes, [
    { storageClass: "STANDARD", match: ["*.xmp", "/index/"] },
    {
      storageClass: "DEEP_ARCHIVE",
      ...{ minSize: 1 << 20, maxSize: 5_000_000, olderThan: 30 * 24 * 3600 * 1000 },
    },
  ]);
  assert.match(text, /DEEP_ARCHIVE/, "they are in the config digest");
});

const job = (lines: string) =>
  `[job.photos]\nsources = ["/a"]\nrepository = "s3://bucket"\n${lines}`;

interface WrittenPrice {
  readonly item: string;
  readonly region?: string;
  readonly storageClass?: string;
  readonly tier?: string;
  readonly from?: number;
  readonly date?: string;
}

function price({ item, region = "r", storageClass, tier, from, date }: WrittenPrice): string {
  const lines = [`region = "${region}"`, `item = "${item}"`, 'usd = 1\nsource = "a page"'];
  if (storageClass !== undefined) lines.push(`storage_class = "${storageClass}"`);
  if (tier !== undefined) lines.push(`tier = "${tier}"`);
  if (from !== undefined) lines.push(`from = ${from}`);
  return `[[prices]]\n${lines.join("\n")}\ndate = "${date ?? "2026-11-21"}"\n`;
}

const wrong: Record<string, string> = {
  "a price without where it is from":
    '[[prices]]\nregion = "eu-central-1"\nitem = "storage"\nstorage_class = "GLACIER"\nusd = 0.1\n',
  "prices that say too little, too much, and nothing known": [
    '[[prices]]\nregion = "r"\nitem = "egress"\nstorage_class = "GLACIER"\nusd = "1"\n',
    'source = "a page"\ndate = "yesterday"\n\n',
    '[[prices]]\nregion = "r"\nitem = "storge"\nusd = -1\nsource = "a page"\ndate = "2026-11"\n',
    'teir = "bulk"\n\n',
    '[[prices]]\nregion = "r"\nitem = "put"\ntier = "Bulk"\nusd = 1\nsource = "p"\ndate = 2026-11-21\n',
  ].join(""),
  "prices that are a number": "prices = 5\n",
  "prices that no bill ever asks for": [
    ["retrieval-request", "GLACIER"],
    ["retrieval", "GLACIER"],
    ["retrieval", "DEEP_ARCHIVE", "Expedited"],
    ["retrieval", "STANDARD_IA", "Bulk"],
    ["retrieval", "STANDARD"],
    ["retrieval-request", "GLACIER_IR"],
    ["storage", "deep_archive"],
    ["storage", "DEEP_ARCHIVE_ACCESS"],
    ["monitoring", "GLACIER"],
  ].map(([item, storageClass, tier]) => price({ item, storageClass, tier })).join("\n"),
  "steps that begin twice, or not at 0": [
    ...[price({ item: "egress" }), price({ item: "egress", from: 10 })],
    ...[price({ item: "egress", from: 0 }), price({ item: "egress", region: "r2", from: 100 })],
  ].join("\n"),
  "a day that there is not": price({ item: "egress", date: "2026-02-30" }) +
    price({ item: "egress", date: "2026-99" }),
  "a limit in quotes": job('max_cost = "5 EUR"\negress = "nothing"\n'),
  "not TOML": "[job.photos]\nsources = [/a]\n",
  "a key twice": job('region = "a"\nregion = "b"\n'),
  "a misspelled key": job('\nexlude = ["*.tmp"]\n'),
  "an unknown key": job("# colours\n\ncolour = true\n"),
  "a key of a later version": job('log_store = "s3://other"\n'),
  "a pack without recipients": job(PACK),
  "a misspelled layout, and nothing that follows from it": job('layout = "pakc"\npack_size = 1\n'),
  "age without recipients": job('encryption = "age"\n'),
  "none with recipients": job(PACK + NAMES_ALICE + 'encryption = "none"\n'),
  "one recipient without brackets": job(`recipients = "${ALICE}"\n`),
  "a recipient that is cut off": job(`recipients = [\n  "${ALICE}",\n  "${BOB.slice(0, -1)}"]\n`),
  "an SSH key as recipient": job('recipients = ["ssh-ed25519 AAAA"]\n'),
  "a plugin's recipient": job('recipients = ["age1yubikey1qqqq"]\n'),
  "a recipient twice": job(`recipients = ["${ALICE}", "${ALICE}"]\n`),
  "packs that are not compressed": job(PACK + NAMES_ALICE + 'compression = "none"\n'),
  "a mirror that is compressed": job('compression = "zstd"\n'),
  "a pack size in the mirror layout": job('pack_size = "1 GiB"\nchunk_threshold = "8 MiB"\n'),
  "keys of the mirror layout with packs": job(
    PACK + NAMES_ALICE + 'renames = "copy"\ndelete = true\n',
  ),
  "a pack that is too small": job(`${PACK}${NAMES_ALICE}pack_size = "1 MiB"\n`),
  "a chunk threshold above TAR members": job(
    `${PACK}${NAMES_ALICE}chunk_threshold = "32 MiB"\n`,
  ),
  "a pack of too many parts": job(
    `${PACK}${NAMES_ALICE}pack_size = "64 GiB"\npart_size = "5 MiB"\n`,
  ),
  "a job's key at the top": 'region = "a"\n',
  "an unknown table": "[jobs.photos]\n",
  "no repository": '[job.photos]\nsources = ["/a"]\n',
  "no sources": '[job.photos]\nrepository = "s3://bucket"\n',
  "empty sources": '[job.photos]\nsources = []\nrepository = "s3://bucket"\n',
  "a bad job name": '[job."My Photos"]\nsources = ["/a"]\nrepository = "s3://bucket"\n',
  "two sources without names":
    '[job.photos]\nsources = ["/a",\n  "/b"]\nrepository = "s3://bucket"\n',
  "two sources of one name":
    '[job.photos]\nsources = [\n{ name = "a", path = "/a" },\n{ name = "a", path = "/b" }]\n' +
    'repository = "s3://bucket"\n',
  "a misspelled key of a source":
    '[job.photos]\nsources = [{ path = "/a", nmae = "b" }]\nrepository = "s3://bucket"\n',
  "a source name that is no name": '[[job.photos.sources]]\npath = "/a"\nname = "a/b"\n',
  "a server without a share": share("smb://ann@nas"),
  "a password in a share's URL": share("smb://ann:very-secret@nas/a"),
  "a guest with a user": share("smb://ann@nas/a", 'auth = "guest"'),
  "a ticket and a password": share("smb://ann@nas/a", 'auth = "kerberos"', 'password_env = "P"'),
  "two passwords": share("smb://ann@nas/a", 'password_env = "P"', 'password_file = "p"'),
  "a password without a user": share("smb://nas/a", 'password_file = "p"'),
  "descriptors at another port": share("smb://ann@nas:4450/a", "smb_acls = true"),
  "a previous version that is none": share("smb://ann@nas/a", 'smb_snapshot = "yesterday"'),
  "too many connections": share("smb://ann@nas/a", "smb_connections = 17"),
  "share keys without a share": share("/a", "smb_connections = 4", 'auth = "guest"'),
  "a login of a path":
    '[job.photos]\nsources = [{ path = "/a", auth = "guest" }]\nrepository = "s3://bucket"\n',
  "a source of another kind": share("ftp://nas/a"),
  "a vault": '[job.photos]\nsources = ["/a"]\nrepository = "glacier://vault"\n',
  "a path for a URL": '[job.photos]\nsources = ["/a"]\nrepository = "/backup"\n',
  "a folder URL with a host": '[job.photos]\nsources = ["/a"]\nrepository = "file://backup/x"\n',
  "credentials in the URL":
    '[job.photos]\nsources = ["/a"]\nrepository = "s3://key:very-secret@bucket"\n',
  "an S3 key for a folder":
    '[job.photos]\nsources = ["/a"]\nrepository = "file:///b"\nregion = "a"\n',
  "a misspelled class": job('storage_class = "STANDRAD"\n'),
  "a class in lower case": job('storage_class = "standard_ia"\n'),
  "rules that are no tables": job('classes = ["GLACIER"]\n'),
  "a rule without a class": job('[[job.photos.classes]]\nmatch = ["*.iso"]\n'),
  "a rule for everything": job('[[job.photos.classes]]\nclass = "GLACIER"\n'),
  "rules with a misspelled class, key and age, and sizes that no file has": job(
    '[[job.photos.classes]]\nclass = "GLACIR"\nolder_then = "30d"\n\n' +
      '[[job.photos.classes]]\nclass = "GLACIER"\nmin_size = "2 MiB"\nmax_size = "1 MiB"\n' +
      "older_than = 30\n\n" +
      '[[job.photos.classes]]\nclass = "GLACIER"\nmatch = []\n',
  ),
  "rules with packs": job(
    PACK + NAMES_ALICE + '[[job.photos.classes]]\nclass = "GLACIER"\nmatch = ["*.iso"]\n',
  ),
  "archived renames that nobody knows": job('archived_renames = "uplaod"\n'),
  "archived renames with packs": job(PACK + NAMES_ALICE + 'archived_renames = "copy"\n'),
  "a size without a good unit": job('part_size = "16M"\n'),
  "a part that is too small": job('part_size = "1 MiB"\n'),
  "a number as text": job('upload_workers = "4"\n'),
  "a flag as text": job('trust_mtime = "yes"\n'),
  "an exception with a !": job('include = ["!a"]\n'),
  "a pattern that is no text": job("exclude = [\n  1]\n"),
  "a role that is none": job('batch_role = "holdfast"\n'),
  "a KMS key without KMS": job('sse_kms_key = "a"\n'),
  "an endpoint without http": job('endpoint = "localhost:9000"\n'),
  "renames that nobody knows": job('renames = "copies"\n'),
  "a limit of nothing": job('limit_upload = "0"\n'),
  "a limit without a size": job("limit_upload = true\n"),
  "limits that overlap": job(
    'limit_upload = [\n"08:00-18:00 2 MiB", "17:00-20:00 none"]\n',
  ),
  "a time that is none": job('limit_download = ["08:00-25:00 2 MiB"]\n'),
  "two limits for the rest of the day": job('limit_download = ["1 MiB", "none"]\n'),
  "a duration without a unit": job("keep_within = 30\n"),
  "a lock without a unit": job("lock = 30\n"),
  "a mode without a lock": job('lock_mode = "compliance"\n'),
  "a lock that a folder cannot have":
    '[job.a]\nsources = "/a"\nrepository = "file:///b"\nlock = "30d"\n',
  "nothing to keep": job("keep_last = 0\n"),
  "a share above 100": job('max_delete = "200 %"\n'),
  "several at once": job('exlude = ["a"]\nregion = 1\ntier = "bulk"\n') + "[job.b]\n",
};

Deno.test("every error says file, line, key and a way out", () => {
  const text = Object.entries(wrong).map(([name, toml]) =>
    `--- ${name}\n${toml.trimEnd()}\n=>\n${errorOf(toml)}\n`
  ).join("\n");
  assertGolden("config_errors.txt", text);
  for (const [name, toml] of Object.entries(wrong)) {
    assert.match(errorOf(toml), /holdfast\.toml:\d+: /, name);
  }
});

Deno.test("prices of the config are those of every job, and a limit may be fractional", () => {
  const row = 'region = "file"\nitem = "egress"\nusd = 0.02\nsource = "a page"\n';
  const { jobs } = parse(
    `[[prices]]\n${row}date = 2026-11-21\n\n[[prices]]\n${row}from = 100\ndate = "2026-11"\n\n[job.a]\nsources = "/a"\nrepository = "s3://bucket"\n` +
      'max_cost = 2.5\negress = "none"\n\n[job.b]\nsources = "/b"\nrepository = "s3://bucket"\n',
  );
  const first = { region: "file", item: "egress", usd: 0.02, source: "a page", date: "2026-11-21" };
  const rows = [first, { ...first, from: 100, date: "2026-11" }];
  const [a, b] = [jobs.get("a")!, jobs.get("b")!];
  assert.deepEqual([a.prices, b.prices], [rows, rows]);
  assert.deepEqual([a.maxCost, a.egress, b.maxCost], [2.5, "none", undefined]);
});

Deno.test("no message repeats a secret from the config", () => {
  const secret = "AGE-SECRET-KEY-1QQPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";
  for (
    const toml of [`"${secret}"`, `["${secret}"]`, `[["${secret}"]]`, `["${ALICE}", "${secret}"]`]
  ) {
    const message = errorOf(job(`recipients = ${toml}\n`));
    assert.match(message, /recipient/);
    assert.doesNotMatch(message, /QQPZ/);
  }
  assert.match(errorOf(job(`recipients = ["${secret}"]\n`)), /identity, which has to stay secret/);
  assert.doesNotMatch(errorOf(wrong["credentials in the URL"]), /very-secret/);
});
