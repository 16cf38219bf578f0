/** A word of another tool, and what does the same here. */
export interface OldWord {
  readonly tool: string;
  /** As it is typed there. */
  readonly old: string;
  /** The command's name or the option that is not known here; undefined where the word is ours too. */
  readonly word?: string;
  /** As it is typed here, or a sentence where there is no command for it. */
  readonly now: string;
}

/**
 * The table of docs/coming_from.md, and what the program answers where such a word is typed
 * (DESIGN section 10). Ordered by tool.
 */
export const OLD_WORDS: readonly OldWord[] = [
  ...of("s3backuptool", [
    ["initdb", "holdfast init --job NAME --source DIR --repository URL"],
    ["backup", "holdfast backup"],
    ["list_remote", "holdfast ls --remote"],
    ["syncdb_remote", "holdfast rebuild"],
    ["stats", "holdfast stats"],
    ["restore", "holdfast restore --to DIR"],
  ]),
  ...of("S3 Smart Sync", [
    ["sync SRC BUCKET --prefix P", "holdfast sync SRC s3://BUCKET/P", "--prefix"],
    ["sync SRC BUCKET --delete", "holdfast sync SRC URL --delete"],
    ["status SRC", "holdfast status"],
    ["restore BUCKET", "holdfast restore --from URL --to DIR"],
  ]),
  ...of("BackupToS3", [
    ["--initialize", "holdfast init --job NAME --source DIR --repository URL"],
    ["--create-config", "holdfast init --job NAME --source DIR --repository URL"],
    ["--run-now", "holdfast backup"],
    ["--run-now-verify", "holdfast check"],
    ["--schedule", "run holdfast backup from cron or a systemd timer"],
    ["--sync-index-with-aws", "holdfast rebuild"],
    ["--list-index", "holdfast ls --recursive --long"],
    ["--s3-only", "holdfast ls --remote"],
    ["--show-deleted", "holdfast find '*' --all"],
    ["--deleted-report", "holdfast diff A B"],
    ["--show-moved", "holdfast history PATH"],
    ["--export-csv", "holdfast ls --recursive --json"],
    ["--generate-delete-script", "holdfast prune --dry-run"],
    [
      "name = HOST,SHARE,USER,PASSWORD,DOMAIN",
      "holdfast init --source NAME=smb://DOMAIN;USER@HOST/SHARE --password-file FILE",
    ],
    ["--test-connection", "holdfast doctor smb://USER@HOST/SHARE"],
    ["--list-index --share NAME", "holdfast ls NAME", "--share"],
    ["--password-env NAME", "password_env in the job's section", "--password-env"],
    [
      "--create-password-file FILE",
      "write it into a file that only you may read",
      "--create-password-file",
    ],
    ["--encrypt-config", "not needed: the config holds no password", "--encrypt-config"],
  ]),
  ...of("grsync", [
    ["--list-incomplete-uploads", "holdfast uploads"],
    ["--abort-incomplete-uploads", "holdfast uploads --abort"],
    ["--desc TEXT", "holdfast backup --description TEXT", "--desc"],
    ["--db FILE", "holdfast --state FILE", "--db"],
    ["--loglevel LEVEL", "holdfast --log-level LEVEL", "--loglevel"],
  ]),
  ...of("TAR tools for Deep Archive", [
    ["resume", "holdfast backup: every run goes on where the last one was cut off"],
    ["show", "holdfast ls"],
    ["show --collate N", "holdfast ls --collate N"],
    ["upload", "holdfast backup"],
    ["download", "holdfast restore --to DIR"],
    ["list", "holdfast ls"],
  ]),
  ...of("restic", [
    ["snapshots", "holdfast snapshots"],
    ["backup --tag TEXT", "holdfast backup --description TEXT", "--tag"],
    ["restore ID --target DIR", "holdfast restore --snapshot POSITION --to DIR", "--target"],
    ["--repo URL", "a job of the config, or --to URL and --from URL", "--repo"],
    ["--password-file FILE", "holdfast restore --to DIR --identity FILE", "--password-file"],
    ["key add", "holdfast key recipients --add RECIPIENT"],
    ["key list", "holdfast key recipients"],
    ["forget --keep-daily N", "holdfast forget --keep-daily N"],
    ["prune", "holdfast prune"],
    ["check --read-data-subset N%", "holdfast check --read-data=N", "--read-data-subset"],
    ["diff A B", "holdfast diff A B"],
    ["find PATTERN", "holdfast find PATTERN"],
    ["ls latest", "holdfast ls --snapshot latest"],
    [
      "mount DIR",
      "holdfast restore --select, or other tools: every object is a plain file",
      "mount",
    ],
    ["copy", "holdfast backup --to URL, of the same sources", "copy"],
    ["dump ID FILE", "holdfast restore PATH --to DIR", "dump"],
    ["unlock", "not needed: a lock ends with its process", "unlock"],
    ["repair index", "holdfast rebuild, or holdfast replay for the database alone", "repair"],
    ["migrate", "not needed: the database brings itself up to date", "migrate"],
    ["tag", "holdfast backup --description TEXT, when the snapshot is made", "tag"],
    ["self-update", "install the new executable over the old one", "self-update"],
  ]),
  ...of("kopia", [
    [
      "repository create s3",
      "holdfast init --job NAME --source DIR --repository URL",
      "repository",
    ],
    ["repository connect", "holdfast rebuild --from URL"],
    ["snapshot create DIR", "holdfast backup", "snapshot"],
    ["snapshot list", "holdfast snapshots"],
    ["policy set", "keys of the job's section of the config", "policy"],
    ["maintenance run", "holdfast forget, then holdfast prune", "maintenance"],
  ]),
  ...of("rclone", [
    ["sync SRC remote:bucket", "holdfast sync SRC URL --delete"],
    ["copy SRC remote:bucket", "holdfast sync SRC URL"],
    ["--track-renames", "not needed: renames are always found", "--track-renames"],
    ["--backup-dir DIR", "not needed: what was is in the snapshots", "--backup-dir"],
    ["--bwlimit RATE", "holdfast backup --limit-upload RATE --limit-download RATE", "--bwlimit"],
    ["--bwlimit '08:00,2M 18:00,off'", 'holdfast backup --limit-upload "08:00-18:00 2 MiB,none"'],
    ["--max-delete N", "max_delete in the job's section", "--max-delete"],
    ["--transfers N", "upload_workers in the job's section", "--transfers"],
    ["--checksum", "holdfast check --read-data", "--checksum"],
    ["lsl remote:bucket", "holdfast ls --remote", "lsl"],
    ["lsf remote:bucket", "holdfast ls --remote --json", "lsf"],
    ["size remote:bucket", "holdfast stats", "size"],
    ["cleanup remote:bucket", "holdfast uploads --abort", "cleanup"],
    ["ncdu", "holdfast stats", "ncdu"],
  ]),
  ...of("aws s3, s3cmd, s5cmd", [
    ["aws s3 sync SRC URL --delete", "holdfast sync SRC URL --delete"],
    ["aws s3 cp --recursive", "holdfast sync SRC URL", "cp"],
    ["aws s3 ls --summarize", "holdfast cost", "--summarize"],
    ["s3cmd du", "holdfast cost", "du"],
    ["aws s3 mv", "rename the file, then holdfast backup", "mv"],
    ["s3cmd put --recursive", "holdfast sync SRC URL", "put"],
    ["s3cmd get --recursive", "holdfast restore --from URL --to DIR", "get"],
    ["s3cmd --delete-removed", "holdfast sync SRC URL --delete", "--delete-removed"],
    ["s3cmd multipart", "holdfast uploads", "multipart"],
    ["s3cmd abortmp", "holdfast uploads --abort", "abortmp"],
    ["--endpoint-url URL", "holdfast sync SRC URL --endpoint URL", "--endpoint-url"],
  ]),
  ...of("age", [
    ["age-keygen -o FILE", "holdfast key generate --output FILE"],
    ["age -r RECIPIENT", "recipients in the job's section, or holdfast init --recipient"],
    ["age -d -i FILE", "holdfast restore --to DIR --identity FILE"],
    ["age -d PACK | zstd -d | tar -x", "holdfast decrypt PACK --to DIR --identity FILE"],
  ]),
  ...of("rsync", [
    ["rsync -a SRC DEST", "holdfast sync SRC file:///DEST", "-a"],
    ["--delete", "holdfast sync SRC URL --delete"],
    ["--bwlimit=RATE", "holdfast backup --limit-upload RATE"],
    ["--link-dest=DIR", "not needed: unchanged files are never sent again", "--link-dest"],
    ["--fuzzy", "not needed: renames are always found", "--fuzzy"],
  ]),
];

/** The first entry for a command's name or an option, such as `initdb` or `--track-renames`. */
export function oldWord(word: string): OldWord | undefined {
  return OLD_WORDS.find((entry) => entry.word === word);
}

type Row = readonly [old: string, now: string, word?: string];

/** A single word stands for itself; of several, the row names the one that is not known here. */
function of(tool: string, rows: readonly Row[]): OldWord[] {
  return rows.map(([old, now, word = old.includes(" ") ? undefined : old.replace(/=.*$/, "")]) => ({
    ...{ tool, old, now },
    ...(word === undefined ? {} : { word }),
  }));
}
