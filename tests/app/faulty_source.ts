import { HoldfastError } from "../../src/core/error.ts";
import { joinPath, type PathText } from "../../src/core/path_text.ts";
import type { DirectFile, DirectFolder, DirectRoot, DirectSource } from "../../src/ports/source.ts";

/** Where a source may go wrong; paths are from its root. */
export interface Faults {
  /** Before a folder is listed; may throw. */
  readonly list?: (path: PathText) => void;
  /** Before a folder is entered; may throw. */
  readonly enter?: (path: PathText) => void;
  /** Before a file is opened for reading; may throw. */
  readonly openFile?: (path: PathText) => void;
  /** When a file has been read into the buffer; may throw. */
  readonly read?: (path: PathText) => void;
  /** The identity of the file system that a folder claims to be on. */
  readonly fileSystem?: (path: PathText, actual: string) => string;
}

export function unreadable(path: PathText): HoldfastError {
  return new HoldfastError("entry", "EACCES: permission denied", { context: { path } });
}

/** A real source that goes wrong where it is told to. */
export function faultySource(source: DirectSource, faults: Faults): DirectSource {
  return { ...source, open: () => faultyRoot(source.open(), faults) };
}

function faultyRoot(root: DirectRoot, faults: Faults): DirectRoot {
  return {
    ...root,
    folder: faultyFolder(root.folder, "", faults),
    openFile(path) {
      faults.openFile?.(path);
      return faultyFile(root.openFile(path), path, faults);
    },
  };
}

function faultyFolder(folder: DirectFolder, path: PathText, faults: Faults): DirectFolder {
  return {
    fileSystem: faults.fileSystem?.(path, folder.fileSystem) ?? folder.fileSystem,
    racyWindow: folder.racyWindow,
    list() {
      faults.list?.(path);
      return folder.list();
    },
    enter(name) {
      const inner = joinPath(path, name);
      faults.enter?.(inner);
      return faultyFolder(folder.enter(name), inner, faults);
    },
    readTarget: (name) => folder.readTarget(name),
    readAttributes: (name) => folder.readAttributes(name),
    close: () => folder.close(),
  };
}

function faultyFile(file: DirectFile, path: PathText, faults: Faults): DirectFile {
  return {
    stat: () => file.stat(),
    async read(buffer) {
      const length = await file.read(buffer);
      faults.read?.(path);
      return length;
    },
    close: () => file.close(),
  };
}
