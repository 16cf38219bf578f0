import type { Layout } from "../core/event/event.ts";
import type { JobValues } from "./config_keys.ts";
import type { Problems } from "./config_problems.ts";
import type { TomlPath } from "./toml_lines.ts";

const MIB = 1024 * 1024;
export const DEFAULT_PART_SIZE = 16 * MIB;
export const DEFAULT_PACK_SIZE = 512 * MIB;

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const MOST_PARTS = 10_000;

/** Keys of one layout that say nothing in the other, and why. */
const MEANINGLESS: Readonly<Record<Layout, Partial<Record<keyof JobValues, string>>>> = {
  mirror: {
    pack_size: "there are no packs in the mirror layout",
    chunk_threshold: "the mirror layout stores each file as one object",
  },
  pack: {
    renames: "a rename changes only the index in the pack layout",
    archived_renames: "a rename changes only the index in the pack layout",
    archived_list: "there are no renames to be settled in the pack layout",
    delete: "in the pack layout nothing is deleted but by forget and prune",
  },
};

/** What layout, encryption and sizes have to do with each other; `section` is what was written. */
export function checkLayoutKeys(
  values: JobValues,
  section: Readonly<Record<string, unknown>>,
  path: TomlPath,
  problems: Problems,
): void {
  // What could not be read is a problem already.
  const isRead = (key: keyof JobValues) => section[key] === undefined || values[key] !== undefined;
  if (!isRead("layout")) return;
  const layout = values.layout ?? "mirror";
  for (const [key, why] of Object.entries(MEANINGLESS[layout])) {
    if (values[key as keyof JobValues] === undefined) continue;
    const other = layout === "mirror" ? ', or add layout = "pack"' : "";
    problems.add([...path, key], why, `remove this line${other}`);
  }
  if (layout === "pack" && section.classes !== undefined) {
    const why = "a pack has many files and one class";
    problems.add([...path, "classes"], why, "remove the rules and set storage_class");
  }
  checkCompression(values, path, problems);
  const problem = isRead("encryption") && isRead("recipients")
    ? encryptionProblem(values)
    : undefined;
  if (problem !== undefined) {
    problems.add([...path, problem.key], problem.what, ENCRYPTION_HINTS[problem.way]);
  }
  const { part_size = DEFAULT_PART_SIZE, pack_size = DEFAULT_PACK_SIZE } = values;
  // One more part begins below pack_size, and one may be the tail of an interrupted pack.
  if (layout === "pack" && pack_size / part_size > MOST_PARTS - 2) {
    problems.add(
      [...path, "pack_size"],
      `such a pack has more than ${MOST_PARTS} parts of part_size, and S3 takes no more`,
      "make pack_size smaller, or part_size larger",
    );
  }
}

function checkCompression(
  { layout = "mirror", compression }: JobValues,
  path: TomlPath,
  problems: Problems,
): void {
  const place = [...path, "compression"];
  if (layout === "pack" && compression === "none") {
    const why = "packs are always compressed: one file is fetched by the zstd frame that holds it";
    problems.add(place, why, "remove this line");
  }
  if (layout === "mirror" && compression === "zstd") {
    const why = "the mirror layout stores files as they are in this version";
    problems.add(place, why, 'remove this line, or add layout = "pack", which always compresses');
  }
}

export interface EncryptionSettings {
  readonly layout?: Layout | undefined;
  readonly encryption?: "age" | "none" | undefined;
  readonly recipients?: readonly string[] | undefined;
}

interface EncryptionProblem {
  readonly key: "encryption" | "layout";
  readonly what: string;
  readonly way: keyof typeof ENCRYPTION_HINTS;
}

/** Whether everything will be encrypted, or openly nothing: never by having said nothing. */
export function encryptionProblem(
  { layout = "mirror", encryption, recipients = [] }: EncryptionSettings,
): EncryptionProblem | undefined {
  const isNone = encryption === "none";
  if (recipients.length > 0) {
    const what = '"none", and there are recipients to encrypt for';
    return isNone ? { key: "encryption", what, way: "contradiction" } : undefined;
  }
  if (encryption === "age") {
    const what = '"age", and there are no recipients to encrypt for';
    return { key: "encryption", what, way: "missing" };
  }
  if (layout === "mirror" || isNone) return undefined;
  const what = "the pack layout encrypts, and there are no recipients to encrypt for";
  return { key: "layout", what, way: "missing" };
}

const ENCRYPTION_HINTS = {
  contradiction: "remove one of the two lines",
  missing: "make a key with `holdfast key generate --output FILE` and add " +
    'recipients = ["age1…"], which it prints; or write encryption = "none" on purpose: then ' +
    "everyone who can read the repository can read all of it",
};
