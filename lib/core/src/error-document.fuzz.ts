import type { FuzzTarget } from "@flyte-dataplane/test-support";
import { damaged, expectEqual, integer, judge, oneOf, sentence } from "../test/random-input.ts";
import { decodeErrorDocument, encodeErrorDocument } from "./error-document.ts";
import { DataPlaneError } from "./errors.ts";

export const fuzzTarget: FuzzTarget = {
  name: "error-document",
  subject: "lib/core/src/error-document.ts",
  generate: (random) => {
    if (integer(random, 4) === 0) return Uint8Array.from({ length: integer(random, 40) }, () => integer(random, 256));
    const failure = {
      code: sentence(random, 3, ["Error", "é", "", "\0"]),
      message: sentence(random, 6, ["no ", "such ", "file ", "\u{1f600}", "\n"]),
      recoverable: random() < 0.5,
      origin: oneOf(random, ["user", "system", "unknown"] as const),
    };
    return damaged(random, encodeErrorDocument(failure));
  },
  run: (input) =>
    judge(
      () => {
        const failure = decodeErrorDocument(input, "s3://b/error.pb");
        if (failure === undefined) return;
        const again = decodeErrorDocument(encodeErrorDocument(failure), "again");
        expectEqual(JSON.stringify(again), JSON.stringify(failure), "written and read again");
      },
      (error) =>
        error instanceof DataPlaneError &&
        error.code === "invalid_argument" &&
        error.message.includes("s3://b/error.pb"),
    ),
};
