import type { S3Client, S3ClientConfig } from "@aws-sdk/client-s3";
import { HoldfastError, messageOf } from "../../core/error.ts";
import { verdictOf } from "./error_hint.ts";
import { failureOf } from "./failure.ts";
import {
  defaultRetryPolicy,
  type RetryPolicy,
  type S3StoreOptions,
  usesPathStyle,
} from "./options.ts";
import { openTransport } from "./open_transport.ts";
import type { Transport } from "./transport.ts";

export type Sdk = typeof import("@aws-sdk/client-s3");

/** The SDK's client, and what the short way takes from it. */
export interface Connection {
  readonly sdk: Sdk;
  readonly client: S3Client;
  readonly transport: Transport;
  readonly region: string;
  /** Where the bucket's keys begin, as the SDK resolved it. */
  readonly address: Address;
}

export interface Address {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  /** "/" or "/bucket/". */
  readonly basePath: string;
}

export function retryPolicy(options: S3StoreOptions): RetryPolicy {
  return { ...defaultRetryPolicy, ...options.retry };
}

/** Loads the SDK: 60 ms and 4 MB that no other command should pay for. */
export async function connect(options: S3StoreOptions): Promise<Connection> {
  const sdk = await import("@aws-sdk/client-s3");
  const transport = await openTransport(retryPolicy(options));
  const region = await regionOf(sdk, options);
  const client = new sdk.S3Client(clientConfig(options, transport, region));
  return { sdk, client, transport, region, address: await addressOf(sdk, client, options.bucket) };
}

function clientConfig(
  options: S3StoreOptions,
  transport: Transport,
  region: string,
): S3ClientConfig {
  const checksums = options.features?.checksums.works ?? true;
  return {
    region,
    ...given("endpoint", options.endpoint),
    ...given("profile", options.profile),
    ...given("credentials", options.credentials),
    forcePathStyle: usesPathStyle(options),
    // One try each: the waiting is retry.ts's, which has no limit and tells the run why it waits.
    maxAttempts: 1,
    requestHandler: transport as S3ClientConfig["requestHandler"],
    requestChecksumCalculation: checksums ? "WHEN_SUPPORTED" : "WHEN_REQUIRED",
    // Contents are compared with their SHA-256 by whoever reads them.
    responseChecksumValidation: "WHEN_REQUIRED",
    customUserAgent: [["holdfast", options.version]],
  };
}

function given<K extends string, V>(name: K, value: V | undefined): { [key in K]?: V } {
  return (value === undefined ? {} : { [name]: value }) as { [key in K]?: V };
}

/** The configured or the SDK's region; S3-compatible stores behind an endpoint mostly ignore it. */
async function regionOf(sdk: Sdk, options: S3StoreOptions): Promise<string> {
  if (options.region !== undefined) return options.region;
  const probe = new sdk.S3Client({ ...given("profile", options.profile) });
  try {
    return await probe.config.region();
  } catch (error) {
    if (options.endpoint !== undefined) return "us-east-1";
    throw new HoldfastError("usage", `no region is known for bucket ${options.bucket}`, {
      context: { bucket: options.bucket },
      hint: "set `region` in the job, AWS_REGION in the environment or region in the AWS profile",
      cause: new Error(messageOf(error)),
    });
  } finally {
    probe.destroy();
  }
}

/** Asks the SDK where it would send a request, without sending it. */
async function addressOf(sdk: Sdk, client: S3Client, bucket: string): Promise<Address> {
  let found: Address | undefined;
  const command = new sdk.HeadObjectCommand({ Bucket: bucket, Key: "k" });
  command.middlewareStack.add(
    () => (args) => {
      const { protocol, hostname, port, path } = args.request as Address & { path: string };
      found = { protocol, hostname, port, basePath: path.slice(0, -1) };
      return Promise.resolve({ response: undefined, output: { $metadata: {} } });
    },
    { step: "build", name: "addressOnly", priority: "high" },
  );
  try {
    await client.send(command);
  } catch (error) {
    throw addressError(bucket, error);
  }
  return found!;
}

/** The SDK looks for credentials first, so their absence shows here. */
function addressError(bucket: string, error: unknown): HoldfastError {
  const { kind, hint } = verdictOf("HeadObject", failureOf(error));
  const isAboutKeys = kind === "denied" || kind === "unreachable";
  const what = isAboutKeys ? "no credentials for bucket" : "no address for bucket";
  return new HoldfastError(isAboutKeys ? kind : "usage", `${what} ${bucket}: ${messageOf(error)}`, {
    context: { bucket },
    hint: isAboutKeys && hint !== undefined ? hint : "correct `repository` or `endpoint`",
    cause: error,
  });
}

/** S3 itself, not another store that speaks its language. */
export function isAws({ hostname }: Pick<Address, "hostname">): boolean {
  return /(?:^|\.)amazonaws\.com(?:\.cn)?$/.test(hostname);
}

/** `http://127.0.0.1:9000`, for messages. */
export function endpointText({ protocol, hostname, port }: Address): string {
  return `${protocol}//${hostname}${port === undefined ? "" : `:${port}`}`;
}
