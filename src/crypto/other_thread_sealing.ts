import type { PackPart } from "../core/pack/part_maker.ts";
import type { AddedFrame, PartSealing, PartStream } from "../ports/part_sealing.ts";
import type { Answer, Request } from "./seal_worker.ts";

/** Bytes below which a thread costs more than it saves: it takes some 50 ms to start. */
const LEAST_BYTES = 16 * 1024 * 1024;

/**
 * Compresses and encrypts for the recipients (none: does not encrypt) in a thread of its own.
 * Undefined where so many bytes are not worth one.
 */
export function otherThreadSealing(
  recipients: readonly string[],
  bytes: number,
): PartSealing | undefined {
  if (bytes < LEAST_BYTES) return undefined;
  // For one pack after the other.
  let thread: Thread | undefined;
  return {
    async begin(partSize) {
      thread ??= startThread();
      const begun = await thread.ask({ what: "begin", recipients, partSize });
      return streamOf(thread, (begun as { header: number }).header);
    },
    close: () => thread?.worker.terminate(),
  };
}

interface Thread {
  readonly worker: Worker;
  ask(request: Request, transfer?: ArrayBuffer[]): Promise<Answer>;
}

function startThread(): Thread {
  // Its source is beside this one; bundled, it lies below what this one is part of.
  const name = import.meta.url.endsWith(".ts") ? "./seal_worker.ts" : "./crypto/seal_worker.js";
  const worker = new Worker(new URL(name, import.meta.url), { type: "module" });
  const waiting: { resolve: (answer: Answer) => void; reject: (error: Error) => void }[] = [];
  worker.onmessage = ({ data }: MessageEvent<Answer>) => {
    const { resolve, reject } = waiting.shift()!;
    if ("failure" in data) reject(new Error(data.failure));
    else resolve(data);
  };
  worker.onerror = (event) => {
    event.preventDefault();
    for (const { reject } of waiting.splice(0)) reject(new Error(event.message));
  };
  return {
    worker,
    ask(request, transfer = []) {
      const answered = new Promise<Answer>((resolve, reject) => waiting.push({ resolve, reject }));
      worker.postMessage(request, transfer);
      return answered;
    },
  };
}

function streamOf(thread: Thread, header: number): PartStream {
  return {
    header,
    async add(plain, end) {
      return await thread.ask({ what: "add", plain, end }, [plain.buffer]) as AddedFrame;
    },
    async end() {
      const { part } = await thread.ask({ what: "end" }) as { part: PackPart };
      return part;
    },
    reuse(body) {
      thread.worker.postMessage({ what: "reuse", body }, [body.buffer]);
    },
  };
}
