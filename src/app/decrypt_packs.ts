import type { HoldfastError } from "../core/error.ts";
import { EXIT, type ExitCode, worstExitCode } from "../core/exit_code.ts";
import type { SignalSink } from "../core/signal.ts";
import type { Opener } from "../ports/cipher.ts";
import type { Clock } from "../ports/environment.ts";
import type { Hashing } from "../ports/hashing.ts";
import type { CatalogEntry, MemberCatalog } from "../ports/member_catalog.ts";
import type { PackFile } from "../ports/pack_file.ts";
import type { RestoreTarget } from "../ports/restore_target.ts";
import { breather } from "./breather.ts";
import { orderedPacks, type PackFiles, proveIdentities } from "./decrypt_prepare.ts";
import { contentReader } from "./decrypt_reader.ts";
import { surveyPack } from "./decrypt_survey.ts";
import type { OrderedPack, SurveyDeps, SurveySink } from "./decrypt_survey_state.ts";
import { type DecryptProgress, type DecryptWork, fail } from "./decrypt_work.ts";
import { writeCatalog } from "./decrypt_write.ts";
import type { Overwrite } from "./restore_conflict.ts";

export interface ListDeps {
  readonly hashing: Hashing;
  readonly clock: Clock;
  readonly emit: SignalSink;
  readonly signal: AbortSignal;
  readonly windows: boolean;
  /** Asked where something is encrypted; undefined where nobody named an identity. */
  readonly identities: () => Promise<Opener | undefined>;
}

export interface DecryptDeps extends ListDeps {
  /** Called once it is certain that the packs can be opened; closed at the end. */
  readonly openTarget: () => RestoreTarget;
  /** Called once the target is open; closed at the end. */
  readonly openCatalog: () => MemberCatalog;
}

export interface DecryptReport {
  readonly exitCode: ExitCode;
  readonly packs: number;
  /** Packs, and indexes, that are not what was stored. */
  readonly damaged: number;
  readonly entries: number;
  readonly bytes: number;
  /** There already, and as wanted. */
  readonly present: number;
  readonly failed: number;
  /** What could not be kept, by reason. */
  readonly limits: ReadonlyMap<string, number>;
  /** What the target cannot keep of any entry. */
  readonly targetLimits: readonly string[];
}

/**
 * Writes what is in packs at hand into the target, of each entry the newest version there is. The packs
 * are read twice: first for what they have, then for the contents that are wanted. Throws kind "key"
 * before anything is written where they cannot be opened.
 */
export async function decryptPacks(
  deps: DecryptDeps,
  files: PackFiles,
  { overwrite }: { readonly overwrite: Overwrite },
): Promise<DecryptReport> {
  const { packs, ...survey } = await prepared(deps, files);
  const target = deps.openTarget();
  try {
    const catalog = deps.openCatalog();
    const contents = contentReader({ ...survey, catalog, packs: packs.map(({ file }) => file) });
    const progress = noProgress();
    const work: DecryptWork = {
      ...{ ...survey, catalog, contents, target, emit: deps.emit, overwrite, progress },
      ...{ parents: new Map(), unwritten: new Set() },
    };
    const sink = { ...sinkOf(deps, progress), ...catalogSink(catalog) };
    try {
      await surveyAll(deps, survey, packs, sink);
      progress.total = catalog.settle();
      tellLost(deps, progress, catalog);
      deps.emit({ kind: "phase", name: "restore" });
      await writeCatalog(work);
      return reportOf(packs, sink.damagedFiles.size, progress, target.limits);
    } finally {
      contents.close();
      catalog.close();
    }
  } finally {
    target.close();
  }
}

/** Tells what is in packs at hand, member by member, and of the indexes beside them what they add. */
export async function listPacks(
  deps: ListDeps,
  files: PackFiles,
  each: (entry: CatalogEntry, file: PackFile) => void,
): Promise<DecryptReport> {
  const { packs, ...survey } = await prepared(deps, files);
  const progress = noProgress();
  const sink = {
    ...sinkOf(deps, progress),
    frame: () => 0,
    content: () => {},
    entry(entry: CatalogEntry) {
      progress.entries++;
      each(entry, packs[entry.age.pack].file);
    },
    lost: ({ path, reason }: { path: string; reason: string }) =>
      fail({ progress, emit: deps.emit }, path, { kind: "damage", message: reason }),
  };
  await surveyAll(deps, survey, packs, sink);
  return reportOf(packs, sink.damagedFiles.size, progress, []);
}

type Prepared = SurveyDeps & { readonly packs: readonly OrderedPack[] };

async function prepared(deps: ListDeps, files: PackFiles): Promise<Prepared> {
  const { hashing, clock, signal, windows, identities } = deps;
  const opener = await proveIdentities(files, identities);
  const packs = await orderedPacks({ hashing, opener }, files);
  return { packs, hashing, opener, windows, breathe: breather(clock, signal) };
}

async function surveyAll(
  { emit }: ListDeps,
  survey: SurveyDeps,
  packs: readonly OrderedPack[],
  sink: SurveySink,
): Promise<void> {
  const totalBytes = packs.reduce((sum, { file }) => sum + file.size, 0);
  emit({ kind: "phase", name: "read" });
  let bytes = 0;
  for (const [done, pack] of packs.entries()) {
    const { name, size } = pack.file;
    emit({ kind: "read", done, total: packs.length, bytes, totalBytes, current: name });
    await surveyPack(survey, pack, sink);
    bytes += size;
  }
}

function noProgress(): DecryptProgress {
  return {
    ...{ total: { entries: 0, bytes: 0 }, done: 0, entries: 0, bytes: 0, present: 0, failed: 0 },
    ...{ damaged: false, limits: new Map() },
  };
}

/** What is told at once, whatever becomes of the rest. */
function sinkOf({ emit }: ListDeps, progress: DecryptProgress) {
  const damagedFiles = new Set<PackFile>();
  return {
    damagedFiles,
    damage(file: PackFile, reason: string) {
      damagedFiles.add(file);
      progress.damaged = true;
      emit({ kind: "entry-error", path: file.name, reason });
    },
    refused(file: PackFile, path: string, error: HoldfastError) {
      if (error.kind === "damage") damagedFiles.add(file);
      const message = `${error.message}, in ${file.name}`;
      fail({ progress, emit }, path, { kind: error.kind, message });
    },
  };
}

function catalogSink(catalog: MemberCatalog): Omit<SurveySink, "damage" | "refused"> {
  return {
    frame: (frame) => catalog.addFrame(frame),
    content: (content) => catalog.addContent(content),
    entry: (entry) => catalog.addEntry(entry),
    lost: (entry) => catalog.addLost(entry),
  };
}

/** What the packs should have, and no copy of them has. */
function tellLost({ emit }: ListDeps, progress: DecryptProgress, catalog: MemberCatalog): void {
  for (const { path, reason, isOlder } of catalog.lost()) {
    const instead = isOlder ? "; the version before it is taken" : "";
    fail({ progress, emit }, path, { kind: "damage", message: reason + instead });
  }
}

function reportOf(
  packs: readonly OrderedPack[],
  damaged: number,
  { entries, bytes, present, failed, limits, damaged: isDamaged }: DecryptProgress,
  targetLimits: readonly string[],
): DecryptReport {
  const codes: ExitCode[] = [];
  if (isDamaged) codes.push(EXIT.damage);
  if (failed > 0) codes.push(EXIT.entries);
  return {
    ...{ exitCode: worstExitCode(codes), packs: packs.length, damaged },
    ...{ entries, bytes, present, failed, limits, targetLimits },
  };
}
