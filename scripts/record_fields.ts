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
  collated: {
    from: "ls --collate, for each folder down to the depth",
    fields: {
      path: "path; the one that was asked for, or an empty one, for what is directly in it",
      entries: "below it, itself among them, those left out that a deeper one of these has",
      files: "of these, files",
      bytes: "their content",
      stored_bytes: "of that, what is stored as it was last observed",
    },
  },
  member: {
    from: "decrypt --dry-run, for each entry of each pack",
    fields: {
      file: "the pack, from the folder that was named",
      path: "path",
      type: "file, folder, symlink, block, char or fifo",
      mode: "permission bits, four octal digits",
      uid: "owner",
      gid: "group",
      size: "bytes; 0 for all but files",
      mtime: "time of the last change, with nanoseconds",
      target: "of a symlink, else null",
      sha256: "of a file's content, null where the pack does not tell it",
      here: "false where only the pack's index names it: its content is stored elsewhere",
    },
  },
  object: {
    from: "ls --remote",
    fields: {
      key: "object key below the repository's prefix",
      size: "bytes as stored",
      storage_class: "S3's name of the class",
      modified: "when it was stored",
      etag: "the store's mark of the content, without quotes",
    },
  },
  identity: {
    from: "key generate",
    fields: {
      file: "where the new identity is",
      recipient: "its public half",
      kind: "x25519 or post-quantum",
      passphrase: "whether the file is sealed with one",
    },
  },
  recipient: {
    from: "key recipients",
    fields: {
      recipient: "age recipient",
      kind: "x25519 or post-quantum, or null where it is not known",
      config: "whether the job's section names it",
      repository: "whether repository.json does",
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
      content: "complete, partial or index only: how much of it the store still has",
      lost: "entries whose content the store does not have any more",
      forgotten: "position of the event that forgot it, or null",
      description: "what the run was called, or null",
    },
  },
  found: {
    from: "find --all",
    fields: {
      path: "path",
      type: "what it was last",
      ranges:
        "when it fitted: positions from (inclusive) and until (exclusive, null for still), and the snapshots in between",
    },
  },
  difference: {
    from: "diff",
    fields: {
      kind: "added, removed, content, metadata or renamed",
      path: "path in the second state; of what was removed in the first",
      from: "of what was renamed: its path in the first state, else null",
      type: "file, folder, symlink, block, char or fifo",
      changed: "which of type, content, mode, owner, mtime, attributes differ",
      bytes_before: "size of a file in the first state, else 0",
      bytes_after: "in the second",
    },
  },
  history: {
    from: "history",
    fields: {
      position: "of the event that says it",
      at: "when it was recorded",
      path: "of the entry after it",
      run: "id of the run that recorded it",
      command: "of that run, or null",
      host: "it ran on, or null",
      user: "who ran it, or null",
      what:
        "seen, changed, unstable, reverted, unchanged, reread, removed, settled, renamed, left, moved, linked, stored, copied, aliased, deleted, verified, missing, damaged, unreadable, refused, discovered or not restored",
      details: "by what it is: keys, versions, hashes, reasons, fields with before and after",
    },
  },
  forget: {
    from: "forget",
    fields: {
      position: "the snapshot",
      at: "when it was made",
      keep: "whether it is kept",
      reasons: "each reason, in words",
      gaps: "entries that could not be read and are as last known",
      lost: "entries whose content the store does not have any more",
    },
  },
  upload: {
    from: "uploads",
    fields: {
      key: "of the object that it was to become",
      upload: "the store's id",
      path: "of the entry, or null where the key tells none",
      known: "whether this job has begun it",
      since: "when it was begun",
      age_seconds: "how long ago",
      parts: "parts in the store",
      bytes: "their size",
    },
  },
  status: {
    from: "status",
    fields: {
      job: "the job",
      url: "of the repository",
      repository: "its id",
      log: "the log's id",
      database: "its file",
      database_bytes: "its size",
      position: "of the log's last event",
      head: "hash of the log's last event",
      entries: "entries known",
      files: "of these, files",
      bytes: "their content",
      unstored_entries: "entries not stored as they were last observed",
      unstored_files: "of these, files",
      unstored_bytes: "their content",
      unreadable: "entries that could not be read",
      snapshots: "how many there are",
      snapshot: "the newest (position, at, age_seconds, entries, bytes, gaps), or null",
      snapshot_without_gaps: "the newest good one: no gaps, nothing lost; or null",
      last_good_age_seconds: "how long ago that was made, or null",
      sources_left: "sources that the config has no more, kept (source, path, entries)",
      renames_unsettled: "moved entries whose content is still to be copied to its own key",
      renames_aliased: "moved entries whose content stays under its former key",
      unshipped: "events of the log that are not in the repository yet",
      last_runs:
        "the newest of each command (run, command, host, pid, started, finished, exit, interrupted)",
      open_runs: "runs without an end; at_work where it is the writer",
      interrupted_runs: "runs that were cut off, of the last 100",
      writer: "who writes the job now (pid, host, since), or null",
      refused_scans:
        "sources whose last scan a guard refused (at, position, source, guard, missing, limit, sample)",
      uploads_open: "how many multipart uploads are open",
      uploads: "open multipart uploads (key, source, started, upload)",
      store: "what the store was last found to lack (at, url, lacking: reason by feature), or null",
    },
  },
  stats: {
    from: "stats",
    fields: {
      entries: "entries known",
      sources: "each with name, counts by type, bytes, stored_bytes",
      largest: "the largest files (path, bytes)",
      events: "of each type (type, events, bytes as stored)",
      log_events: "events in all",
      log_bytes: "their size as stored",
      database_bytes: "size of the database",
      database_bytes_per_entry: "for each entry, or null",
    },
  },
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
      job: "the job, or null for decrypt",
      exit: "the exit code",
      seconds: "how long it took",
      totals: "counts by name",
    },
  },
  phase: {
    from: "a new phase of a run",
    fields: {
      name:
        "probe, scan, upload, ship, checkpoint, restore, replay, read, list, check, prune, undo or verify",
      subject: "source or file, or null",
    },
  },
  progress: {
    from: "at most once a second",
    fields: {
      phase: "scan, upload, restore, replay, read, check, prune or undo",
      done: "entries, events or packs so far",
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
