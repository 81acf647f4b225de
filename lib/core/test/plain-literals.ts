import type { JsonObject } from "@bufbuild/protobuf";
import * as fc from "fast-check";
import type { PlainLiteral } from "../src/literals/plain-literal.ts";

const keys = fc.string({ unit: "grapheme", maxLength: 4 }).filter((key) => key !== "__proto__");
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const instants = fc.record({ seconds: int64, nanos: fc.integer({ min: 0, max: 999_999_999 }) });
const structs = fc.dictionary(keys, fc.jsonValue({ maxDepth: 2, noUnicodeString: false }).filter(carriable), {
  maxKeys: 3,
  noNullPrototype: true,
});

function carriable(value: unknown): boolean {
  return !JSON.stringify(value).includes("__proto__");
}

/** Values of every kind, nested a few levels. */
export const plainLiterals: fc.Arbitrary<PlainLiteral> = fc.letrec<{ any: PlainLiteral }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.record({ kind: fc.constant("integer" as const), value: int64 }),
    fc.record({ kind: fc.constant("float" as const), value: fc.double() }),
    fc.record({ kind: fc.constant("string" as const), value: fc.string({ unit: "grapheme" }) }),
    fc.record({ kind: fc.constant("boolean" as const), value: fc.boolean() }),
    fc.record({ kind: fc.constant("datetime" as const), value: instants }),
    fc.record({ kind: fc.constant("duration" as const), value: instants }),
    fc.constantFrom<PlainLiteral>({ kind: "none" }, { kind: "no-primitive" }),
    fc.record({ kind: fc.constant("binary" as const), bytes: fc.uint8Array(), tag: keys }),
    fc.record({ kind: fc.constant("blob" as const), uri: fc.webUrl(), format: keys, multipart: fc.boolean() }),
    fc.record({ kind: fc.constant("error" as const), message: keys, failedNodeId: keys }),
    fc.record({ kind: fc.constant("struct" as const), value: structs as fc.Arbitrary<JsonObject> }),
    fc.record({ kind: fc.constant("union" as const), value: tie("any"), type: fc.constant(undefined) }),
    fc.record({ kind: fc.constant("collection" as const), items: fc.array(tie("any"), { maxLength: 3 }) }),
    fc.record({
      kind: fc.constant("map" as const),
      entries: fc.array(fc.tuple(keys, tie("any")), { maxLength: 3 }).map((entries) => new Map(entries)),
    }),
  ),
})).any;
