import type { Clock, Random } from "../../ports/environment.ts";
import type { Disk } from "./disk.ts";
import type { FolderSync } from "./folder_sync.ts";
import type { StoreLayout } from "./store_layout.ts";

/** What the parts of an open folder store share. */
export interface StoreState {
  readonly disk: Disk;
  readonly layout: StoreLayout;
  readonly folders: FolderSync;
  readonly clock: Clock;
  readonly random: Random;
  /** False where the file system has no hard links. */
  readonly links: boolean;
  /** This process's folder in `pending/`. */
  readonly pending: string;
}

/** Milliseconds since 1970. */
export function nowMs(clock: Clock): number {
  return Number(clock.now() / 1_000_000n);
}

/** A name that sorts by time and is unique: milliseconds in base 36, "-", 48 random bits. */
export function timedName(clock: Clock, random: Random): string {
  const digits = Array.from(random.bytes(6), (byte) => byte.toString(16).padStart(2, "0"));
  return `${nowMs(clock).toString(36).padStart(9, "0")}-${digits.join("")}`;
}
