import { SimpleType } from "@flyte-dataplane/proto/flyteidl2/core/types";
import type { FuzzTarget } from "@flyte-dataplane/test-support";
import { damaged, expectEqual, integer, judge, sentence } from "../../test/random-input.ts";
import { DataPlaneError } from "../errors.ts";
import { formatStruct } from "../text/json.ts";
import { fromPlain } from "./from-plain.ts";
import type { PlainLiteral } from "./plain-literal.ts";
import { formatPrimitive, parseSimple } from "./simple-text.ts";

const pieces = [
  "0",
  "1",
  "9",
  "007",
  "9223372036854775807",
  "-",
  "+",
  ".",
  "_",
  "e",
  "e400",
  "0x",
  "p",
  "p-2",
  "inf",
  "nan",
  "true",
  "F",
  "h",
  "m",
  "s",
  "ms",
  "ns",
  "µs",
  "2023-11-14T22:13:20",
  "9999-12-31T23:59:59",
  "Z",
  "+02:00",
  "-24:60",
  "{",
  "}",
  "[",
  "]",
  '"a":',
  '"__proto__":',
  '"\\u0000"',
  ",",
  "null",
  " ",
  "\n",
  "\r",
  "\ufeff",
  "é",
  "\0",
] as const;

/** The text that a value is written as; the value read from it must be written the same. */
function written(plain: PlainLiteral): string {
  if (plain.kind === "struct") return formatStruct(plain.value);
  const { value } = fromPlain(plain);
  if (value.case === "scalar" && value.value.value.case === "primitive")
    return formatPrimitive(value.value.value.value);
  return JSON.stringify(plain);
}

export const fuzzTarget: FuzzTarget = {
  name: "simple-text",
  subject: "lib/core/src/literals/simple-text.ts",
  generate: (random) => {
    const content = damaged(random, new TextEncoder().encode(sentence(random, 6, pieces)));
    return Uint8Array.from([integer(random, 11), ...content]);
  },
  run: (input) =>
    judge(
      () => {
        const type = (input[0] ?? 0) as SimpleType;
        const plain = parseSimple(type, input.subarray(1));
        if (plain.kind === "binary" || plain.kind === "none" || plain.kind === "error") return;
        const text = written(plain);
        expectEqual(written(parseSimple(type, new TextEncoder().encode(text))), text, "written and read again");
      },
      (error) =>
        error instanceof DataPlaneError && (error.code === "invalid_argument" || error.code === "unimplemented"),
    ),
};
