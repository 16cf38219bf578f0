/** Object Lock's retention modes, as the config writes them. */
export const LOCK_MODES = ["governance", "compliance"] as const;
export type LockMode = (typeof LOCK_MODES)[number];

/** `lock` and `lock_mode` of a job. */
export interface LockSetting {
  /** "compliance": nobody at all can shorten it, the owner of the account neither. */
  readonly mode: LockMode;
  /** Milliseconds for which a version is kept from when it is stored. */
  readonly ms: number;
}

/** What keeps one version of an object. */
export interface ObjectLock {
  readonly mode: LockMode;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** The lock of what is stored now (ms since 1970): to whole seconds, as stores keep them. */
export function lockFrom({ mode, ms }: LockSetting, now: number): ObjectLock {
  return { mode, until: Math.ceil((now + ms) / 1000) * 1000 };
}
