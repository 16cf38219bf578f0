/**
 * The thread that makes packs: frames come in, parts go out. Loaded by other_thread_sealing.ts, which
 * sends `Request`s one after the other and gets an `Answer` for each but "reuse".
 */
import { crc32 } from "node:zlib";
import { type PackPart, type PartMaker, partMaker } from "../core/pack/part_maker.ts";
import type { AddedFrame } from "../ports/part_sealing.ts";
import { ageSealer } from "./age_sealer.ts";
import { frame } from "./zstd_frame.ts";

export type Request =
  | { readonly what: "begin"; readonly recipients: readonly string[]; readonly partSize: number }
  | { readonly what: "add"; readonly plain: Uint8Array<ArrayBuffer>; readonly end: number }
  | { readonly what: "end" }
  | { readonly what: "reuse"; readonly body: Uint8Array<ArrayBuffer> };

export type Answer =
  | { readonly header: number }
  | AddedFrame
  | { readonly part: PackPart }
  | { readonly failure: string };

interface Thread {
  onmessage: (event: { readonly data: Request }) => void;
  postMessage(answer: Answer, transfer: ArrayBuffer[]): void;
}

const thread = globalThis as unknown as Thread;
const pool: Uint8Array<ArrayBuffer>[] = [];
let maker: PartMaker | undefined;
let turn: Promise<void> = Promise.resolve();

thread.onmessage = ({ data }) => {
  turn = turn.then(() => deal(data)).catch((error) => {
    thread.postMessage({ failure: error instanceof Error ? error.message : String(error) }, []);
  });
};

async function deal(request: Request): Promise<void> {
  switch (request.what) {
    case "begin": {
      const { recipients, partSize } = request;
      const age = recipients.length === 0 ? undefined : await (await ageSealer(recipients)).begin();
      maker = partMaker({ frame, crc32, age, partSize, spare: pool });
      return thread.postMessage({ header: age?.header.length ?? 0 }, []);
    }
    case "add": {
      const { plain, end } = request;
      const added = maker!.add(plain, end);
      const spare = new Uint8Array(plain.buffer);
      const bodies = added.part === undefined ? [] : [added.part.body.buffer];
      return thread.postMessage({ ...added, spare, stored: maker!.stored() }, [
        ...bodies,
        spare.buffer,
      ]);
    }
    case "end": {
      const part = maker!.end();
      return thread.postMessage({ part }, [part.body.buffer]);
    }
    case "reuse":
      return void pool.push(new Uint8Array(request.body.buffer));
  }
}
