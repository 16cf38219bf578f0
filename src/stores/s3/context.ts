import { EVERY_FEATURE } from "../../core/every_feature.ts";
import type { StoreFeatures } from "../../ports/object_store.ts";
import { HoldfastError } from "../../core/error.ts";
import { connect, type Connection, endpointText, retryPolicy } from "./connection.ts";
import type { S3StoreOptions } from "./options.ts";
import { backoff, openRetries, type Retries, type Tries } from "./retry.ts";
import type { Call, Place } from "./s3_error.ts";
import { keyRefusal } from "./s3_key.ts";
import { hasShortWay, openShortWay, type ShortWay } from "./short_way.ts";

/** What every operation of one opened store shares. */
export interface StoreContext {
  readonly options: S3StoreOptions;
  readonly features: StoreFeatures;
  readonly url: string;
  /** "" or "prefix/". */
  readonly keyPrefix: string;
  readonly prefixBytes: number;
  /** Connects at the first use. */
  session(): Promise<Session>;
  /** Runs one call of S3 with retries; errors become HoldfastErrors. */
  call<T>(call: Call, attempt: (session: Session, tries: Tries) => Promise<T>): Promise<T>;
  /** Waits after the n-th failure in a row. */
  pause(failures: number): Promise<void>;
  /** Bucket and whole key for a command. Throws "refused" for a key that S3 cannot hold. */
  target(key: string): { Bucket: string; Key: string };
  close(): void;
}

export interface Session {
  readonly connection: Connection;
  readonly retries: Retries;
  readonly shortWay: ShortWay | undefined;
  /** For `client.send`. */
  readonly send: { readonly abortSignal?: AbortSignal };
}

export function openContext(options: S3StoreOptions): StoreContext {
  const keyPrefix = options.prefix === "" ? "" : `${options.prefix}/`;
  const prefixBytes = new TextEncoder().encode(keyPrefix).length;
  const url = `s3://${options.bucket}${options.prefix === "" ? "" : `/${options.prefix}`}`;
  let opened: Promise<Session> | undefined;
  let closed = false;

  const session = () => {
    if (closed) throw new HoldfastError("failed", `the store ${url} is closed`);
    // A failure is not kept: the next call may find the network or the credentials back.
    return opened ??= openSession(options, url).catch((error) => {
      opened = undefined;
      throw error;
    });
  };
  return {
    options,
    features: options.features ?? EVERY_FEATURE,
    url,
    keyPrefix,
    prefixBytes,
    session,
    async call(call, attempt) {
      const at = await session();
      return at.retries.run(call, (tries) => attempt(at, tries));
    },
    pause: (failures) =>
      options.clock.sleep(backoff(retryPolicy(options), failures), options.signal),
    target(key) {
      const reason = keyRefusal(key, prefixBytes);
      if (reason === undefined) return { Bucket: options.bucket, Key: keyPrefix + key };
      throw new HoldfastError(
        "refused",
        `the key ${JSON.stringify(key)} cannot be held: ${reason}`,
        {
          context: { key, code: "KeyRefused" },
        },
      );
    },
    close() {
      closed = true;
      // The client closes the transport with itself.
      opened?.then(({ connection }) => connection.client.destroy(), () => {});
    },
  };
}

async function openSession(options: S3StoreOptions, url: string): Promise<Session> {
  const connection = await connect(options);
  const { bucket, clock, signal, version } = options;
  const place: Place = { url, bucket, endpoint: endpointText(connection.address) };
  const settings = { policy: retryPolicy(options), clock, place };
  const isShort = options.puts !== "always-client" && hasShortWay(bucket);
  return {
    connection,
    retries: openRetries(signal === undefined ? settings : { ...settings, signal }),
    shortWay: isShort ? openShortWay(connection, version, clock) : undefined,
    send: signal === undefined ? {} : { abortSignal: signal },
  };
}
