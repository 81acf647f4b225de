import type { FuzzTarget } from "@flyte-dataplane/test-support";
import { expectEqual, judge, oneOf, sentence } from "../test/random-input.ts";
import { DataPlaneError } from "./errors.ts";
import { formatStorageUri, joinUri, parseStorageUri } from "./uri.ts";

const pieces = [
  "s3://",
  "gs://",
  "abfs://",
  "file://",
  "FILE:///",
  "mem://",
  "http://",
  "/",
  "//",
  "b",
  "a.b",
  "..",
  ".",
  "%",
  "%2e",
  "%2F",
  "%00",
  "%C3%A9",
  "%ff",
  "\\",
  "\0",
  "\n",
  " ",
  "?",
  "#",
  "@",
  ":",
  "key",
  "é",
  "\ud800",
  "\u{1f600}",
  "+",
  "=",
] as const;

export const fuzzTarget: FuzzTarget = {
  name: "storage-uri",
  subject: "lib/core/src/uri.ts",
  generate: (random) => {
    const start = oneOf(random, ["", "/", "s3://b/", "abfs://c@a.net/", "file:///"]);
    return new TextEncoder().encode(start + sentence(random, start === "" ? 10 : 4, pieces));
  },
  run: (input) =>
    judge(
      () => {
        const text = new TextDecoder().decode(input);
        const uri = parseStorageUri(text);
        const printed = formatStorageUri(uri);
        expectEqual(JSON.stringify(parseStorageUri(printed)), JSON.stringify(uri), "printed and read again");
        if (/(^|\/)\.{1,2}(\/|$)/.test(uri.key)) throw new Error(`a dot segment in ${uri.key}`);
        const below = parseStorageUri(joinUri(text, "below?"));
        expectEqual(below.key, uri.key === "" ? "below?" : `${uri.key}/below?`, "joined");
      },
      (error) => error instanceof DataPlaneError && error.code === "invalid_argument",
    ),
};
