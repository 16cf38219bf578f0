import type { ErrorKind } from "./error.ts";

/** What the process says at its end (DESIGN section 10, docs/exit_codes.md). */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  entries: 3,
  guard: 4,
  damage: 5,
  cost: 6,
  noRepository: 10,
  locked: 11,
  key: 12,
  warming: 13,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** One sentence a code: the table of docs/exit_codes.md. */
export const EXIT_MEANINGS: { readonly [name in keyof typeof EXIT]: string } = {
  done: "done",
  failed: "failed: the message says at what; repeating the command carries on",
  usage: "wrong arguments or config; nothing was done",
  entries: "done, but some entries could not be read, stored or restored; they are listed",
  guard: "refused by a guard that protects data; nothing was removed",
  damage: "damage or loss found",
  cost: "the cost limit was reached, or nobody approved a cost; nothing more was paid for",
  noRepository: "no repository, or no database for it on this machine; nothing was written",
  locked: "another process or machine is writing this job",
  key: "wrong or missing key",
  warming: "restore requested, the objects are still warming",
  interrupted: "interrupted (SIGINT, SIGTERM); repeating the command carries on",
};

const KIND_CODES: { readonly [kind in ErrorKind]: ExitCode } = {
  usage: EXIT.usage,
  "no-repository": EXIT.noRepository,
  locked: EXIT.locked,
  key: EXIT.key,
  guard: EXIT.guard,
  damage: EXIT.damage,
  cost: EXIT.cost,
  entry: EXIT.entries,
  gone: EXIT.failed,
  conflict: EXIT.failed,
  refused: EXIT.failed,
  denied: EXIT.failed,
  unreachable: EXIT.failed,
  "disk-full": EXIT.failed,
  interrupted: EXIT.interrupted,
  failed: EXIT.failed,
};

export function exitCodeOf(kind: ErrorKind): ExitCode {
  return KIND_CODES[kind];
}

/**
 * Which of several codes the process ends with, most important first. The findings of a run are
 * 5, 4, 6, 13, 3. What stopped a run goes before its findings, for the run is not complete; only
 * damage goes before a mere failure.
 */
export const EXIT_PRECEDENCE: readonly ExitCode[] = [
  EXIT.interrupted,
  EXIT.usage,
  EXIT.noRepository,
  EXIT.locked,
  EXIT.key,
  EXIT.damage,
  EXIT.failed,
  EXIT.guard,
  EXIT.cost,
  EXIT.warming,
  EXIT.entries,
  EXIT.done,
];

/** The code for a run that met several; 0 for none. */
export function worstExitCode(codes: readonly ExitCode[]): ExitCode {
  return EXIT_PRECEDENCE.find((code) => codes.includes(code)) ?? EXIT.done;
}
