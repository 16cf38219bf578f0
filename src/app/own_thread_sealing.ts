import { partMaker } from "../core/pack/part_maker.ts";
import type { Sealer } from "../ports/cipher.ts";
import type { Hashing } from "../ports/hashing.ts";
import type { PartSealing } from "../ports/part_sealing.ts";

/** Compresses and encrypts in this thread: for what is too little to be worth another one. */
export function ownThreadSealing(hashing: Hashing, sealer: Sealer | undefined): PartSealing {
  const pool: Uint8Array<ArrayBuffer>[] = [];
  return {
    async begin(partSize) {
      const age = await sealer?.begin();
      const { frame, crc32 } = hashing;
      const maker = partMaker({ frame, crc32, age, partSize, spare: pool });
      return {
        header: age?.header.length ?? 0,
        add(plain, end) {
          return Promise.resolve({
            ...maker.add(plain, end),
            spare: new Uint8Array(plain.buffer),
            stored: maker.stored(),
          });
        },
        end: () => Promise.resolve(maker.end()),
        reuse: ({ buffer }) => void pool.push(new Uint8Array(buffer)),
      };
    },
    close() {},
  };
}
