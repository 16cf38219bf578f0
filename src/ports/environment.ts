/** What a run takes from the outside world: passed in, so that a test can replay it. */
export interface Environment {
  readonly clock: Clock;
  readonly random: Random;
  readonly hostname: string;
  readonly user: string;
  readonly pid: number;
  readonly version: string;
}

export interface Clock {
  /** Nanoseconds since 1970, as precise as the platform has it. */
  now(): bigint;
  /** Resolves after `ms`; rejects with kind "interrupted" where the signal fires. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export interface Random {
  bytes(length: number): Uint8Array;
}
