import type { OutputRecord } from "../src/report/records.ts";

/** The fields of each record, as docs/cli.md lists them; a test compares them with real records. */
export const RECORD_FIELDS: {
  readonly [name in OutputRecord["record"]]: {
    readonly from: string;
    readonly fields: Readonly<Record<string, string>>;
  };
} = {
  entry: {
    from: "ls",
    fields: {
      path: "path",
      type: "file, folder, symlink, block, char or fifo",
      mode: "permission bits, four octal digits",
      uid: "owner",
      gid: "group",
      size: "bytes; 0 for all but files",
      mtime: "time of the last change, with nanoseconds",
      target: "of a symlink, else null",
      sha256: "of a file's content, null where it is not stored yet",
    },
  },
  snapshot: {
    from: "snapshots",
    fields: {
      position: "its name: a position in the log",
      at: "when it was made",
      entries: "entries in it",
      bytes: "their content",
      gaps: "entries that could not be read and are as last known",
      sources: "name and content digest of each source",
    },
  },
  status: { from: "status", fields: { "…": "facts by name, as status prints them" } },
  stats: { from: "stats", fields: { "…": "facts by name, as stats prints them" } },
  step: {
    from: "--dry-run",
    fields: {
      action: "what would be done",
      path: "to which entry",
      size: "bytes to be sent or written",
      reason: "why",
    },
  },
  summary: {
    from: "the end of every run",
    fields: {
      command: "the command",
      job: "the job",
      exit: "the exit code",
      seconds: "how long it took",
      totals: "counts by name",
    },
  },
  phase: {
    from: "a new phase of a run",
    fields: {
      name: "probe, scan, upload, ship, restore, replay or verify",
      subject: "source or file, or null",
    },
  },
  progress: {
    from: "at most once a second",
    fields: {
      phase: "scan, upload, restore or replay",
      done: "entries or events so far",
      total: "of how many, or null",
      bytes: "content so far, or null",
      total_bytes: "of how many, or null",
      path: "an entry being worked on, or null",
    },
  },
  notice: { from: "what is worth knowing and no failure", fields: { text: "a sentence" } },
  "entry-error": {
    from: "an entry that failed; the run goes on",
    fields: { path: "path", reason: "why" },
  },
  error: {
    from: "the end of a run that failed",
    fields: {
      kind: "what kind of error",
      message: "what happened",
      context: "to what, by name",
      hint: "what to do next, or null",
      exit: "the exit code",
    },
  },
};
