import { HoldfastError, messageOf } from "../core/error.ts";

/** What a server says of itself before anybody signs in. */
export interface ServerGreeting {
  /** "3.1.1" */
  readonly dialect: string;
  /** "required" where it takes nothing that is not signed. */
  readonly signing: "enabled" | "required";
  readonly encrypts: boolean;
  /** Of its clock: ns since 1970. */
  readonly time: bigint;
}

const HEADER = 64;
const DIALECTS: ReadonlyMap<number, string> = new Map([
  [0x0202, "2.0.2"],
  [0x0210, "2.1"],
  [0x0300, "3.0"],
  [0x0302, "3.0.2"],
  [0x0311, "3.1.1"],
]);
const PREAUTH_INTEGRITY = 1, ENCRYPTION = 2;
const SHA_512 = 1, AES_128_CCM = 1, AES_128_GCM = 2;
const SIGNING_REQUIRED = 2;
const CAN_ENCRYPT = 0x40;
const DIALECT_3_1_1 = 0x0311;

/**
 * Asks a server for its dialect and nothing else: SMB2 NEGOTIATE (MS-SMB2 2.2.3, 2.2.4), over a
 * connection of its own. Throws kind "unreachable" where it does not answer, "refused" where it speaks no
 * SMB2.
 */
export async function greet(
  server: { readonly host: string; readonly port: number },
  timeout: number,
): Promise<ServerGreeting> {
  const connection = await connect(server, timeout);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    connection.close();
  }, timeout);
  try {
    await writeAll(connection, negotiatePacket());
    const length = new DataView((await read(connection, 4)).buffer).getUint32(0);
    return greetingIn(new DataView((await read(connection, length & 0xff_ffff)).buffer));
  } catch (error) {
    if (error instanceof HoldfastError) throw error;
    throw unreachable(isLate ? "it does not answer" : messageOf(error));
  } finally {
    clearTimeout(timer);
    if (!isLate) connection.close();
  }
}

/** Throws kind "unreachable" where nothing answers within so many milliseconds. */
export async function connect(
  { host, port }: { readonly host: string; readonly port: number },
  timeout: number,
): Promise<Deno.TcpConn> {
  const connecting = Deno.connect({ hostname: host, port });
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(unreachable("it does not answer")), timeout);
  try {
    return await Promise.race([connecting, late.promise]);
  } catch (error) {
    // One that comes after all is not wanted any more.
    connecting.then((connection) => connection.close(), () => {});
    throw error instanceof HoldfastError ? error : unreachable(messageOf(error));
  } finally {
    clearTimeout(timer);
  }
}

function unreachable(why: string): HoldfastError {
  return new HoldfastError("unreachable", why.replace(/ \(os error \d+\)$/, ""), {
    hint: "look whether the server is on, its name and port are right, and no firewall is between",
  });
}

async function writeAll(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

async function read(connection: Deno.TcpConn, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const got = await connection.read(bytes.subarray(at));
    if (got === null) throw noSmb2();
    at += got;
  }
  return bytes;
}

function noSmb2(): HoldfastError {
  return new HoldfastError("refused", "it speaks no SMB2", {
    hint: "turn on SMB2 or later at the server; SMB1 is not spoken",
  });
}

function negotiatePacket(): Uint8Array {
  const dialects = [...DIALECTS.keys()];
  const contextsAt = HEADER + 36 + dialects.length * 2 + 2;
  const packet = new Uint8Array(4 + contextsAt + 56 + 14);
  new DataView(packet.buffer).setUint32(0, packet.length - 4);
  const view = new DataView(packet.buffer, 4);
  view.setUint32(0, 0xfe534d42);
  view.setUint16(4, HEADER, true);
  view.setUint16(14, 1, true); // credits
  view.setUint16(HEADER, 36, true);
  view.setUint16(HEADER + 2, dialects.length, true);
  view.setUint16(HEADER + 4, 1, true); // signing enabled
  view.setUint32(HEADER + 8, CAN_ENCRYPT, true);
  crypto.getRandomValues(packet.subarray(4 + HEADER + 12, 4 + HEADER + 28)); // client GUID
  view.setUint32(HEADER + 28, contextsAt, true);
  view.setUint16(HEADER + 32, 2, true);
  for (const [i, dialect] of dialects.entries()) {
    view.setUint16(HEADER + 36 + i * 2, dialect, true);
  }
  setContexts(view, contextsAt, packet.subarray(4));
  return packet;
}

/** Those that dialect 3.1.1 demands; each begins at a multiple of 8. */
function setContexts(view: DataView, at: number, packet: Uint8Array): void {
  view.setUint16(at, PREAUTH_INTEGRITY, true);
  view.setUint16(at + 2, 38, true);
  view.setUint16(at + 8, 1, true);
  view.setUint16(at + 10, 32, true); // bytes of salt
  view.setUint16(at + 12, SHA_512, true);
  crypto.getRandomValues(packet.subarray(at + 14, at + 46));
  const next = at + 48;
  view.setUint16(next, ENCRYPTION, true);
  view.setUint16(next + 2, 6, true);
  view.setUint16(next + 8, 2, true);
  view.setUint16(next + 10, AES_128_GCM, true);
  view.setUint16(next + 12, AES_128_CCM, true);
}

const EPOCH_DIFFERENCE = 116_444_736_000_000_000n;

function greetingIn(packet: DataView): ServerGreeting {
  const isAnswer = packet.byteLength >= HEADER + 64 && packet.getUint32(0) === 0xfe534d42 &&
    packet.getUint32(8, true) === 0;
  const number = isAnswer ? packet.getUint16(HEADER + 4, true) : 0;
  const dialect = DIALECTS.get(number);
  if (dialect === undefined) throw noSmb2();
  const mode = packet.getUint16(HEADER + 2, true);
  return {
    dialect,
    signing: (mode & SIGNING_REQUIRED) === 0 ? "enabled" : "required",
    encrypts: number === DIALECT_3_1_1
      ? hasCipher(packet)
      : (packet.getUint32(HEADER + 24, true) & CAN_ENCRYPT) !== 0,
    time: (packet.getBigUint64(HEADER + 40, true) - EPOCH_DIFFERENCE) * 100n,
  };
}

/** Dialect 3.1.1 agrees on a cipher in a context, 0 for none. */
function hasCipher(packet: DataView): boolean {
  const count = packet.getUint16(HEADER + 6, true);
  let at = packet.getUint32(HEADER + 60, true);
  for (let i = 0; i < count && at + 12 <= packet.byteLength; i++) {
    const length = packet.getUint16(at + 2, true);
    if (packet.getUint16(at, true) === ENCRYPTION) return packet.getUint16(at + 10, true) !== 0;
    at += 8 + Math.ceil(length / 8) * 8;
  }
  return false;
}

/**
 * Fails with kind "denied" where the server cannot encrypt: libsmbclient asks for encryption, and goes on
 * without it where it gets none. What is agreed on cannot be changed on the way: the session's keys, or a
 * signed question after it, are bound to it.
 */
export async function demandEncryption(
  server: { readonly host: string; readonly port: number },
  timeout: number,
): Promise<void> {
  const { encrypts, dialect } = await greet(server, timeout);
  if (encrypts) return;
  throw new HoldfastError(
    "denied",
    `${server.host} does not encrypt (it speaks SMB ${dialect}), and smb_encryption = "required"`,
    { hint: "turn encryption on at the server (SMB 3 and later have it)" },
  );
}
