import { isAbsolute, relative, sep } from "node:path";
import {
  decryptPacks,
  type DecryptReport,
  type ListDeps,
  listPacks,
} from "../app/decrypt_packs.ts";
import type { DecryptOptions, ToolInput } from "../cli/runner.ts";
import { HoldfastError, messageOf } from "../core/error.ts";
import { hex } from "../core/hash.ts";
import { textOfBytes } from "../core/path_text.ts";
import { formatSize } from "../core/size_text.ts";
import { unpackStat } from "../core/stat_record.ts";
import { platformHashing } from "../crypto/hashing.ts";
import type { CatalogEntry, MemberCatalog } from "../ports/member_catalog.ts";
import type { PackFile } from "../ports/pack_file.ts";
import { counted } from "../report/count_text.ts";
import { longEntryLine } from "../report/entry_text.ts";
import { memberRecord, recordLine } from "../report/records.ts";
import { sqliteCatalog } from "../sqlite/member_catalog.ts";
import { openLocalTarget } from "../targets/local/local_target.ts";
import { systemEnvironment } from "./environment.ts";
import { lineBuffer } from "./line_buffer.ts";
import { findLocalPacks } from "./local_packs.ts";
import { identitiesOf } from "./open_keys.ts";
import { realPath } from "./own_paths.ts";

type DecryptInput = ToolInput<DecryptOptions>;

/** `holdfast decrypt`: needs no config, no database and no store. */
export async function runDecrypt(input: DecryptInput): Promise<number> {
  const { options, globals, output, signal } = input;
  const { paths, to, overwrite } = options;
  const started = performance.now();
  refuseWithin(paths, to);
  const files = findLocalPacks(paths);
  const { clock, random } = systemEnvironment();
  const deps: ListDeps = {
    ...{ hashing: platformHashing, clock, signal, windows: Deno.build.os === "windows" },
    ...{ emit: output.signal, identities: () => identitiesOf(input) },
  };
  noteAbsent(input, files);
  if (globals.dryRun) return await list(input, deps, files);
  const report = await decryptPacks(
    {
      ...deps,
      openTarget: () => openLocalTarget(to, { random: random.bytes }),
      openCatalog: () => openCatalog(to, hex(random.bytes(8))),
    },
    files,
    { overwrite },
  );
  show(input, report, performance.now() - started);
  return report.exitCode;
}

/** What is decrypted could be taken for packs the next time. */
function refuseWithin(paths: readonly string[], to: string): void {
  const target = realPath(to);
  for (const path of paths) {
    const below = relative(realPath(path), target);
    if (below === ".." || below.startsWith(`..${sep}`) || isAbsolute(below)) continue;
    throw new HoldfastError("usage", `the target ${to} is in ${path}, where the packs are`, {
      hint: "name a folder elsewhere with --to",
    });
  }
}

/** An index tells what is in a pack, not what is in it. */
function noteAbsent(
  { output }: DecryptInput,
  { packs, indexes }: ReturnType<typeof findLocalPacks>,
) {
  const here = new Set(packs.map(({ pack }) => pack));
  const absent = indexes.filter(({ pack }) => !here.has(pack)).length;
  if (absent === 0) return;
  const whose = absent === 1 ? "a pack that is" : `${absent} packs that are`;
  const text = `there are indexes of ${whose} not here: what only those have is not restored`;
  output.signal({ kind: "notice", text });
}

async function list(
  { output }: DecryptInput,
  deps: ListDeps,
  files: ReturnType<typeof findLocalPacks>,
): Promise<number> {
  const lines = lineBuffer(output.json ? output.raw : output.text);
  let last: PackFile | undefined;
  const { exitCode } = await listPacks(deps, files, (entry, file) => {
    if (!output.json && last !== file) lines.add(`${file.name}:`);
    last = file;
    lines.add(output.json ? recordOf(entry, file) : lineOf(entry, output.zone));
  });
  lines.flush();
  return exitCode;
}

function lineOf(entry: CatalogEntry, zone: DecryptInput["output"]["zone"]): string {
  return longEntryLine(entry.path, unpackStat(entry.stat), { zone, ...targetOf(entry) });
}

function recordOf(entry: CatalogEntry, file: PackFile): string {
  const { path, stat, sha256, place } = entry;
  const more = { ...targetOf(entry), ...(sha256 === null ? {} : { sha256: hex(sha256) }) };
  const here = place !== undefined || sha256 === null;
  return recordLine(memberRecord(path, unpackStat(stat), { ...more, file: file.name, here }));
}

function targetOf({ target }: CatalogEntry): { target?: string } {
  return target === null ? {} : { target: textOfBytes(target) };
}

const WORK = /^\.holdfast-decrypt-[0-9a-f]{16}$/;

/** In a folder of the target, which is taken away with it; so are those of runs that were killed. */
function openCatalog(to: string, id: string): MemberCatalog {
  try {
    for (const { name, isDirectory } of Deno.readDirSync(to)) {
      if (isDirectory && WORK.test(name)) Deno.removeSync(`${to}/${name}`, { recursive: true });
    }
    const folder = `${to}/.holdfast-decrypt-${id}`;
    Deno.mkdirSync(folder, { mode: 0o700 });
    const catalog = sqliteCatalog(folder);
    return {
      ...catalog,
      close() {
        catalog.close();
        Deno.removeSync(folder);
      },
    };
  } catch (cause) {
    if (cause instanceof HoldfastError) throw cause;
    throw new HoldfastError("failed", `cannot write to the target ${to}: ${messageOf(cause)}`, {
      context: { path: to },
      hint: "name a folder that can be written to with --to",
      cause,
    });
  }
}

function show({ output, options }: DecryptInput, report: DecryptReport, ms: number): void {
  const { packs, damaged, entries, bytes, present, failed } = report;
  output.summary({
    ...{ record: "summary", command: "decrypt", job: null, exit: report.exitCode },
    seconds: Math.round(ms) / 1000,
    totals: { packs, damaged, entries, bytes, present, failed },
  }, [
    `decrypted ${counted(entries, "entry", "entries")}, ${formatSize(bytes)}, of ` +
    `${counted(packs, "pack")}, to ${options.to}`,
    ...(present > 0 ? [`${present} of them were there already`] : []),
    ...(damaged > 0 ? [`damaged: ${counted(damaged, "file")} of the packs and their indexes`] : []),
    ...(failed > 0 ? [`${counted(failed, "entry", "entries")} could not be restored`] : []),
    ...[...report.limits].map(([reason, count]) =>
      `not kept for ${counted(count, "entry", "entries")}: ${reason}`
    ),
    ...report.targetLimits.map((limit) => `note: ${limit}`),
  ]);
}
