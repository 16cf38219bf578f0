import type {
  FoundClassRow,
  ObjectId,
  RestoreJobRow,
  RestoreObjectRow,
  WarmUpRow,
} from "../core/index/restore_rows.ts";

/** Restore jobs, as commands ask for them. */
export interface RestoreModel {
  /** Oldest first. */
  jobs(): RestoreJobRow[];
  job(job: number): RestoreJobRow | undefined;
  /** Of the next job. */
  nextNumber(): number;
  /** How much a job awaits, by what is known of the objects. */
  awaited(job: number): AwaitedCount[];
  /** All that a job awaits, in byte order of keys. */
  objects(job: number): Iterable<AwaitedRow>;
  object(job: number, id: ObjectId): RestoreObjectRow | undefined;
  /** Of any object, whether a job awaits it or not. */
  warmUp(id: ObjectId): WarmUpRow | undefined;
  /** Where the store was found to have it in another class or archive tier than it was stored in. */
  foundClass(id: ObjectId): FoundClassRow | undefined;
  hasFoundClasses(): boolean;
}

export interface AwaitedRow {
  readonly object: RestoreObjectRow;
  readonly warmUp: WarmUpRow | undefined;
}

export interface AwaitedCount {
  readonly state: WarmUpRow["state"] | "cold";
  readonly objects: number;
}
