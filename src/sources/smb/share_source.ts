import { isKind } from "../../core/error.ts";
import { bytesOfText, type PathText } from "../../core/path_text.ts";
import { indexOf, recordAt } from "../../core/scan/listing.ts";
import { SMB_PORT, type SmbPlace } from "../../core/smb_url.ts";
import { FILE_CODE, unpackStat } from "../../core/stat_record.ts";
import type { FolderListing, Source, SourceFolder, SourceRoot } from "../../ports/source.ts";
import { childPool, type SmbPool } from "../../smb/child_pool.ts";
import { type ChildCommand, type SmbChild, WATCHDOG_MS } from "../../smb/child_process.ts";
import type { SmbLogin } from "../../smb/client_session.ts";
import { withListed } from "../../smb/entry_record.ts";
import { greet } from "../../smb/negotiate.ts";
import { errnoOf, openingError } from "../../smb/opening_error.ts";
import { latestVersion } from "../../smb/previous_versions.ts";
import { isCutOff } from "../../smb/smb_error.ts";
import { type ListedFolder, listFolder, readRemote, statOf } from "../../smb/share_calls.ts";
import { filesAhead } from "./files_ahead.ts";
import { type KeptAttributes, keptAttributes, type KeptOptions } from "./kept_attributes.ts";
import { listingAhead } from "./listing_ahead.ts";
import { shareFile } from "./share_file.ts";
import { noSymlink, shareFolder } from "./share_folder.ts";
import { namesOf, type ShareWalk } from "./share_walk.ts";
import { singleFileFolder } from "./single_file.ts";

export interface ShareSourceOptions {
  /** With a share. */
  readonly place: SmbPlace;
  /** Asked when the source is opened. */
  readonly login: () => Promise<SmbLogin>;
  readonly command: ChildCommand;
  readonly connections: number;
  readonly signal: AbortSignal;
  /** What is kept beside contents, times and DOS attributes; nothing by default. */
  readonly keep?: KeptOptions;
  /** The name of a previous version to read in place of what is there now, or "latest". */
  readonly version?: string;
  /** Told of what could not be read beside contents. */
  readonly notice?: (text: string) => void;
  /** As the pool has them. */
  readonly watchdog?: number;
  readonly patience?: number;
  readonly begun?: SmbChild | undefined;
}

/** Milliseconds. */
const PATIENCE = 2 * 60_000;

/**
 * A share of a Windows (SMB) server, or a folder or file of one, without mounting it. It cannot keep:
 * - changes of attributes or content that leave size and times as they were, on servers whose change
 *   time is the time of modification (Samba);
 * - what a Samba server's symlinks are: it shows what they lead to;
 * - names that Windows cannot have: a Samba server shows a short form of them;
 * - hard links: each name is a file.
 */
export function openShareSource(options: ShareSourceOptions): Source {
  return { fidelity: "share", open: () => openShare(options) };
}

async function openShare(options: ShareSourceOptions): Promise<SourceRoot> {
  const { place, command, connections, signal, begun } = options;
  const { watchdog = WATCHDOG_MS, patience = PATIENCE } = options;
  const login = await options.login();
  const pool = childPool({ command, login, connections, signal, watchdog, patience, begun });
  try {
    const version = options.version === "latest"
      ? await latestVersion(login, place.share, signal)
      : options.version;
    const top = [place.share, ...(version === undefined ? [] : [version])];
    const { keep = { acls: false, streams: false }, notice = () => {} } = options;
    const { share } = place;
    const attributesOf = keptAttributes({ ...keep, pool, login, share, signal, notice });
    return await openRoot({ pool, place, top, attributesOf });
  } catch (error) {
    await pool.close();
    throw error;
  }
}

interface Opening {
  readonly pool: SmbPool;
  readonly place: SmbPlace;
  /** The share, and the previous version of it. */
  readonly top: readonly string[];
  readonly attributesOf: KeptAttributes;
}

async function openRoot(opening: Opening): Promise<SourceRoot> {
  const { pool, place, top, attributesOf } = opening;
  const window = racyWindowOf(place);
  const first = await listFirst(opening);
  const only = first.isFile ? place.path.at(-1) : undefined;
  const root = [...top, ...(only === undefined ? place.path : place.path.slice(0, -1))];
  const { listed } = first;
  const record = listed.record ?? await pool.use((child) => statOf(child, root));
  const list = (path: PathText) => pool.use((child) => listFolder(child, namesOf({ root }, path)));
  const walk: ShareWalk = {
    ...{ pool, root, attributesOf },
    identity: await identityOf(pool, place, root.length === 1 ? record : undefined),
    racyWindow: await window,
    ahead: listingAhead(list, 2 * pool.connections),
    files: filesAhead((path, into) =>
      pool.use((child) => readRemote(child, namesOf({ root }, path), { offset: 0, into }))
    ),
  };
  walk.ahead.put("", listed);
  const ids = new Set([unpackStat(record).fileId]);
  const folder = only === undefined
    ? shareFolder(walk, { path: "", ids })
    : singleFileFolder(walk, only);
  return {
    single: only !== undefined,
    stat: record,
    folder: await begun(folder),
    openFile: (path, seen) => shareFile(walk, path, seen),
    expectFile: (path, record) => walk.files.expect(path, record),
    readTarget(path) {
      throw noSymlink(path);
    },
    readAttributes: (path) => attributesOf(namesOf(walk, path)),
    async statAt(path, seen) {
      try {
        const found = await pool.use((child) => statOf(child, namesOf(walk, path)));
        return withListed(found, seen?.record);
      } catch (error) {
        if (isKind(error, "entry")) return undefined;
        throw error;
      }
    },
    close: () => pool.close(),
  };
}

/** With what was listed of it to open the source, and the folders below it listed ahead from now on. */
async function begun(folder: SourceFolder): Promise<SourceFolder> {
  let first: FolderListing | undefined = await folder.list();
  return {
    ...folder,
    list() {
      const listing = first ?? folder.list();
      first = undefined;
      return listing;
    },
  };
}

/** Lists the root, or the folder above where that is a file. Throws what openingError makes of it. */
async function listFirst(
  { pool, place, top }: Opening,
): Promise<{ readonly listed: ListedFolder; readonly isFile: boolean }> {
  const names = [...top, ...place.path];
  const list = (path: readonly string[]) => opened(pool, (child) => listFolder(child, path));
  try {
    return { listed: await list(names), isFile: false };
  } catch (error) {
    if (place.path.length === 0) throw openingError(place, error, false);
    const isFile = errnoOf(error) === "ENOTDIR";
    const above = await list(isFile ? names.slice(0, -1) : top).catch(() => undefined);
    if (isFile && above !== undefined) {
      const i = indexOf(above.listing, bytesOfText(place.path.at(-1)!));
      if (i >= 0 && recordAt(above.listing, i)[0] === FILE_CODE) {
        return { listed: above, isFile: true };
      }
    }
    throw openingError(place, error, above !== undefined);
  }
}

/** At the first contact nothing is waited for: only what was cut off is tried once more. */
async function opened<T>(pool: SmbPool, work: (child: SmbChild) => Promise<T>): Promise<T> {
  try {
    return await pool.useOnce(work);
  } catch (error) {
    if (!isCutOff(error)) throw error;
    return await pool.useOnce(work);
  }
}

/** Some servers keep two seconds, and another clock stamps (DESIGN section 5, racy). */
const SHARE_WINDOW = 3_000_000_000n;
const GREETING_MS = 5000;

/** As much longer as the server's clock is behind this one. */
async function racyWindowOf(place: SmbPlace): Promise<bigint> {
  try {
    const before = BigInt(Date.now()) * 1_000_000n;
    const { time } = await greet(place, GREETING_MS);
    return SHARE_WINDOW + (time < before ? before - time : 0n);
  } catch {
    // What keeps the server from answering is told by what follows.
    return SHARE_WINDOW;
  }
}

/**
 * Server, share, and the file id of the share's root: another disk behind the same share, or none, is
 * told by it. Of the source's own root where that of the share may not be looked at.
 */
async function identityOf(
  pool: SmbPool,
  { host, port, share, path }: SmbPlace,
  known: Uint8Array | undefined,
): Promise<string> {
  const look = (names: readonly string[]) => pool.use((child) => statOf(child, names));
  const record = known ?? await look([share]).catch(() => look([share, ...path]));
  const server = port === SMB_PORT ? host : `${host}:${port}`;
  const id = unpackStat(record).fileId.toString(16);
  return `smb:${server}/${share.toLowerCase()}:${id}`;
}
