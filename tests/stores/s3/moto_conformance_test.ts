import { startMoto } from "../../servers/moto.ts";
import { conformanceOn } from "./server_suite.ts";

const server = await startMoto();
Deno.test.afterAll(() => server?.stop());

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
