import { startMoto } from "../../servers/moto.ts";
import type { ArchiveHolds } from "../conformance_archive.ts";
import { conformanceOn } from "./server_suite.ts";

const server = await startMoto();
Deno.test.afterAll(() => server?.stop());

/** Two HEADs see a request under way and the third its end; by default it ends at once. */
if (server !== undefined) {
  const answer = await fetch(`${server.endpoint}/moto-api/state-manager/set-transition`, {
    method: "POST",
    body: JSON.stringify({
      model_name: "s3::keyrestore",
      transition: { progression: "manual", times: 3 },
    }),
  });
  await answer.body?.cancel();
}

/** In moto copies never expire, and what S3 refuses is accepted. */
const archive: ArchiveHolds = {
  warm: async (store, key) => {
    for (let looks = 0; (await store.head(key))?.restore?.kind !== "warm"; looks++) {
      if (looks > 5) throw new Error(`${key} does not get warm`);
    }
  },
  saysUnderWay: false,
  refusesBadRequests: false,
  listsStatus: false,
  restoresVersions: false,
};

/** moto never compares a checksum with the body. */
const holds = {
  oddKeys: false,
  nestedKeys: true,
  fullObjectCrc: false,
  partCrc: false,
  conditionalPut: true,
  storageClass: "DEEP_ARCHIVE",
  goneUploads: false,
  uploadPrefix: true,
  copyIfMatch: false,
  listsPartCrc: false,
  initiated: false,
  archive,
} as const;

conformanceOn(
  server,
  { name: "s3 on moto, versioned", versioning: true, puts: "auto", prefix: "" },
  holds,
);
conformanceOn(
  server,
  { name: "s3 on moto by S3Client", versioning: false, puts: "always-client", prefix: "" },
  holds,
);
