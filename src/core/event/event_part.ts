import { pathOfKey } from "../mirror/object_key.ts";
import { displayPath, joinPath, type JsonPath, type PathText, textOfJson } from "../path_text.ts";
import type { AnyEvent } from "./event.ts";

/**
 * What an event says of the entries at and below a path (`[source/]path`, "" for all): the event
 * itself where it is about one entry, a batch with the other entries left out, undefined where
 * nothing is left. Uploads are found by the key that their path has; one whose object has another
 * key (core/mirror/object_key.ts) only by its UploadStarted.
 */
export function partOfEvent(event: AnyEvent, path: PathText): AnyEvent | undefined {
  switch (event.type) {
    case "EntriesObserved": {
      const folders = event.data.folders.map((folder) => ({
        ...folder,
        entries: folder.entries.filter(({ name }) =>
          isBelow(path, event.data.source, folder.path, name)
        ),
      })).filter(({ entries }) => entries.length > 0);
      return folders.length === 0 ? undefined : { ...event, data: { ...event.data, folders } };
    }
    case "ObjectsStored":
    case "MembersPacked":
    case "ObjectCopied": {
      const { folders: all, source } = event.data;
      const folders = all.map((folder) => ({
        ...folder,
        objects: (folder.objects as { name: JsonPath }[]).filter(({ name }) =>
          isBelow(path, source, folder.path, name)
        ),
      })).filter(({ objects }) => objects.length > 0);
      if (folders.length === 0) return undefined;
      return { ...event, data: { ...event.data, folders } } as AnyEvent;
    }
    case "MembersLost": {
      const { source } = event.data;
      const folders = event.data.folders.map((folder) => ({
        ...folder,
        entries: folder.entries.filter(({ name }) => isBelow(path, source, folder.path, name)),
      })).filter(({ entries }) => entries.length > 0);
      return folders.length === 0 ? undefined : { ...event, data: { source, folders } };
    }
    case "RenamePlanned":
    case "RenameAliased": {
      const { source } = event.data;
      const renames = event.data.renames.filter((rename) => isBelow(path, source, rename.path));
      if (renames.length === 0) return undefined;
      return { ...event, data: { source, renames } } as AnyEvent;
    }
    case "RenameSettled": {
      const { source } = event.data;
      const paths = event.data.paths.filter((item) => isBelow(path, source, item.path));
      const obsolete = event.data.obsolete.filter((object) =>
        object.path !== undefined && isBelow(path, source, object.path)
      );
      if (paths.length + obsolete.length === 0) return undefined;
      return { ...event, data: { source, paths, obsolete } };
    }
    case "DeletionPlanned":
    case "ObjectDeleted": {
      const objects = event.data.objects.filter((object) =>
        object.path !== undefined && isBelow(path, object.source ?? "", object.path)
      );
      if (objects.length === 0) return undefined;
      return { ...event, data: { ...event.data, objects } } as AnyEvent;
    }
    case "ObjectVerified": {
      const { source } = event.data;
      const folders = event.data.folders.map((folder) => ({
        ...folder,
        names: folder.names.filter((name) => isBelow(path, source, folder.path, name)),
      })).filter(({ names }) => names.length > 0);
      return folders.length === 0 ? undefined : { ...event, data: { ...event.data, folders } };
    }
    case "ObjectMissing":
    case "ObjectDamaged":
      return isBelow(path, event.data.source, event.data.path) ? event : undefined;
    case "DifferencesFound": {
      const objects = event.data.objects.filter((object) =>
        object.path !== undefined && isBelow(path, object.source ?? "", object.path)
      );
      return objects.length === 0 ? undefined : { ...event, data: { ...event.data, objects } };
    }
    case "ObjectHealed": {
      const { source } = event.data;
      const objects = event.data.objects.filter((object) => isBelow(path, source, object.path));
      return objects.length === 0 ? undefined : { ...event, data: { source, objects } };
    }
    case "ObjectDiscovered":
      return isAtOrBelow(path, textOfJson(event.data.path)) ? event : undefined;
    case "ObjectsRefused": {
      const entries = event.data.entries.filter((entry) =>
        isBelow(path, event.data.source, entry.path)
      );
      return entries.length === 0 ? undefined : { ...event, data: { ...event.data, entries } };
    }
    case "EntriesRestored": {
      const failed = event.data.failed.filter((entry) => isBelow(path, "", entry.path));
      return failed.length === 0 ? undefined : { ...event, data: { ...event.data, failed } };
    }
    case "ScanRefused": {
      const sample = event.data.sample.filter((entry) => isBelow(path, event.data.source, entry));
      return sample.length === 0 ? undefined : { ...event, data: { ...event.data, sample } };
    }
    case "UploadStarted":
      return isBelow(path, event.data.source, event.data.path) ? event : undefined;
    case "UploadCreated":
    case "UploadResumed":
    case "UploadAborted":
      return isAtOrBelow(path, pathOfKey(event.data.key)) ? event : undefined;
    default:
      return undefined;
  }
}

/** `[source/]path` of each entry of a batch, with what the event says of it in a word. */
export function entriesOfEvent(
  event: AnyEvent,
): { readonly path: PathText; readonly what: string }[] {
  const place = (source: string, ...names: JsonPath[]) => ({ path: placeOf(source, names) });
  switch (event.type) {
    case "EntriesObserved":
      return event.data.folders.flatMap(({ path, entries }) =>
        entries.map(({ name, change, from }) => ({
          ...place(event.data.source, path, name),
          what: from === undefined ? change : `${change} from ${displayPath(textOfJson(from))}`,
        }))
      );
    case "MembersLost":
      return event.data.folders.flatMap(({ path, entries }) =>
        entries.map(({ name }) => ({ ...place(event.data.source, path, name), what: "lost" }))
      );
    case "ObjectsStored":
    case "MembersPacked":
    case "ObjectCopied": {
      const isAdopted = event.type === "ObjectsStored" && event.data.adopted !== undefined;
      const what = event.type === "ObjectCopied" ? "copied" : isAdopted ? "adopted" : "stored";
      return event.data.folders.flatMap(({ path, objects }) =>
        objects.map(({ name }) => ({ ...place(event.data.source, path, name), what }))
      );
    }
    case "RenamePlanned":
    case "RenameAliased":
      return event.data.renames.map(({ path, way, from, why }) => ({
        ...place(event.data.source, path),
        what: `${way} of ${from}: ${why}`,
      }));
    case "RenameSettled":
      return event.data.paths.map(({ path }) => ({
        ...place(event.data.source, path),
        what: "settled",
      }));
    case "DeletionPlanned":
    case "ObjectDeleted": {
      const what = event.type === "ObjectDeleted" ? "object deleted" : "object to be deleted";
      return event.data.objects.flatMap(({ source = "", path, key }) =>
        path === undefined ? [] : [{ ...place(source, path), what: `${what}: ${key}` }]
      );
    }
    case "DifferencesFound":
      return event.data.objects.flatMap(({ is, source = "", path, key }) =>
        path === undefined ? [] : [{ ...place(source, path), what: `${is}: ${key}` }]
      );
    case "ObjectVerified":
      return event.data.folders.flatMap(({ path, names }) =>
        names.map((name) => ({ ...place(event.data.source, path, name), what: "verified" }))
      );
    case "ObjectsRefused":
      return event.data.entries.map(({ path, reason }) => ({
        ...place(event.data.source, path),
        what: `refused: ${reason}`,
      }));
    case "EntriesRestored":
      return event.data.failed.map(({ path, reason }) => ({
        ...place("", path),
        what: `failed: ${reason}`,
      }));
    case "ScanRefused":
      return event.data.sample.map((path) => ({
        ...place(event.data.source, path),
        what: "missing",
      }));
    default:
      return [];
  }
}

function isBelow(wanted: PathText, source: string, ...names: JsonPath[]): boolean {
  return isAtOrBelow(wanted, placeOf(source, names));
}

function placeOf(source: string, names: readonly JsonPath[]): PathText {
  return names.map(textOfJson).filter((name) => name !== "").reduce(joinPath, source);
}

function isAtOrBelow(wanted: PathText, place: PathText): boolean {
  return wanted === "" || place === wanted || place.startsWith(`${wanted}/`);
}
