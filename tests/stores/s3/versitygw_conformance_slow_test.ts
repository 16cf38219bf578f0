import { startVersitygw } from "../../servers/versitygw.ts";
import { conformanceOn } from "./server_suite.ts";

const server = await startVersitygw();
Deno.test.afterAll(() => server?.stop());

const holds = {
  oddKeys: false,
  nestedKeys: false,
  fullObjectCrc: true,
  partCrc: true,
  conditionalPut: true,
  storageClass: undefined,
  uploadPrefix: true,
  createsDeleted: false,
  copiesDeleted: true,
  exactCopySource: false,
  versionsOfSelfCopy: false,
} as const;

conformanceOn(
  server,
  { name: "s3 on versitygw, versioned", versioning: true, puts: "auto", prefix: "" },
  holds,
);
conformanceOn(
  server,
  { name: "s3 on versitygw, unversioned", versioning: false, puts: "auto", prefix: "" },
  holds,
);
conformanceOn(
  server,
  { name: "s3 on versitygw by S3Client", versioning: true, puts: "always-client", prefix: "" },
  holds,
);
