import { create, type DescMessage, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import { BytesValueSchema, DoubleValueSchema, Int32ValueSchema, StringValueSchema } from "@bufbuild/protobuf/wkt";
import { LiteralSchema, PrimitiveSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { file_flyteidl2_workflow_run_service } from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { expect, test } from "vitest";
import { messagesOf, randomMessage } from "../../test/random-message.ts";
import { createEncoder } from "./encode-message.ts";

/** Numbers in [0, 1) that are the same each time (mulberry32). */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

test.each(messagesOf(file_flyteidl2_workflow_run_service).map((schema) => ({ name: schema.typeName, schema })))(
  "$name is written as protobuf-es writes it",
  ({ schema }) => {
    const encode = createEncoder(schema);
    for (let seed = 1; seed <= 5; seed += 1) {
      const message = fromBinary(schema, randomMessage(chance(seed), schema));
      expect(outcome(() => encode(message))).toBe(outcome(() => toBinary(schema, message)));
    }
  },
);

test("a message of a megabyte, and the small one behind it, are whole", () => {
  const encode = createEncoder(StringValueSchema);
  for (const value of ["é".repeat(500_000), "small"]) {
    const message = create(StringValueSchema, { value });
    expect(Buffer.compare(encode(message), toBinary(StringValueSchema, message))).toBe(0);
  }
});

test("what one message was written to is not what the next one is", () => {
  const encode = createEncoder(StringValueSchema);
  const first = encode(create(StringValueSchema, { value: "first" }));
  encode(create(StringValueSchema, { value: "later" }));
  expect(fromBinary(StringValueSchema, first).value).toBe("first");
});

/** The bytes, or the text of the error. */
function outcome(write: () => Uint8Array): string {
  try {
    return Buffer.from(write()).toString("hex");
  } catch (error) {
    return String(error);
  }
}

test.each([
  { name: "a number where text belongs", value: { case: "stringValue", value: 7 } },
  { name: "an integer beyond its type", value: { case: "integer", value: 2n ** 63n } },
  { name: "an integer as text", value: { case: "integer", value: "12" } },
  { name: "text where a double belongs", value: { case: "floatValue", value: "1.5" } },
  { name: "no value of the case", value: { case: "boolean", value: undefined } },
  { name: "nothing where a message belongs", value: { case: "datetime", value: undefined } },
  { name: "half a character", value: { case: "stringValue", value: "\ud834" } },
])("$name ends as it does with protobuf-es", ({ value }) => {
  // What no type admits, and JavaScript does.
  const message = { $typeName: "flyteidl2.core.Primitive", value } as unknown as Message;
  const encode = createEncoder(PrimitiveSchema);
  expect(outcome(() => encode(message))).toBe(outcome(() => toBinary(PrimitiveSchema, message as never)));
});

test.each([
  { name: "the number 0 where text belongs", fields: { hash: 0 } },
  { name: "no where text belongs", fields: { hash: false } },
  { name: "an empty text where bytes belong", schema: BytesValueSchema, fields: { value: "" } },
  { name: "-0 where an integer belongs", schema: Int32ValueSchema, fields: { value: -0 } },
  { name: "-0 where a double belongs", schema: DoubleValueSchema, fields: { value: -0 } },
])(
  "$name is written, or left out, as it is by protobuf-es",
  ({ schema = LiteralSchema, fields }: { readonly schema?: DescMessage; readonly fields: object }) => {
    const message = Object.assign(create(schema), fields);
    expect(outcome(() => createEncoder(schema)(message))).toBe(outcome(() => toBinary(schema, message)));
  },
);
