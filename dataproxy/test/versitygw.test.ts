import { startVersitygw } from "@flyte-dataplane/test-support";
import { describe } from "vitest";
import { describeDocuments } from "./stores/documents.ts";
import { givenProgram } from "./stores/given-program.ts";
import { describeSignedLinks } from "./stores/signed-links.ts";

// The quickest of the servers; `npm run test:stores` holds the same against the strictest.
const program = givenProgram("versitygw");

describe.skipIf(program === undefined)("over versitygw, which `npm run tools -- --only versitygw` gets,", () => {
  const start = () => startVersitygw({ program: program ?? "" });
  describe("links", () => {
    describeSignedLinks(start);
  });
  describe("documents", () => {
    describeDocuments(start);
  });
});
