import { startMinio } from "@flyte-dataplane/test-support";
import { describe } from "vitest";
import { givenProgram } from "./given-program.ts";
import { describeSignedLinks } from "./signed-links.ts";

describe("links over MinIO", () => {
  describeSignedLinks(() => startMinio({ program: givenProgram("minio") ?? "" }));
});
