import { startMinio } from "@flyte-dataplane/test-support";
import { describe } from "vitest";
import { describeDocuments } from "./documents.ts";
import { givenProgram } from "./given-program.ts";
import { describeSignedLinks } from "./signed-links.ts";

const start = () => startMinio({ program: givenProgram("minio") ?? "" });

describe("links over MinIO", () => {
  describeSignedLinks(start);
});
describe("documents in MinIO", () => {
  describeDocuments(start);
});
