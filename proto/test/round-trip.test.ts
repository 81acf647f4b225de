// What holds for every message of every package: nothing that arrives is lost when it is passed on.
import { Buffer } from "node:buffer";
import type { DescMessage, Message } from "@bufbuild/protobuf";
import { createRegistry, fromBinary, fromJsonString, toBinary, toJsonString } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { EmptySchema, TimestampSchema } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyMessage } from "./any-message.ts";
import { everyMessage } from "./every-message.ts";
import type { UnknownField } from "./unknown-fields.ts";
import { concatenated, unknownFieldsOf } from "./unknown-fields.ts";

const messages = await everyMessage();

/** What a google.protobuf.Any in a generated message may hold. */
const registry = createRegistry(TimestampSchema);

describe.each([...messages.keys()])("%s", (name) => {
  it("keeps unknown fields of every message byte for byte, wherever they stand", () => {
    for (const schema of messagesOf(name)) {
      check(schema, fc.tuple(anyMessage(schema), unknownFieldsOf(schema)), ([message, unknown]) => {
        const own = toBinary(schema, message);
        const foreign = concatenated(unknown);
        const expected = Buffer.concat([own, foreign]);
        expectBytes(passedOn(schema, Buffer.concat([own, foreign])), expected);
        expectBytes(passedOn(schema, Buffer.concat([foreign, own])), expected);
      });
    }
  });

  it("keeps unknown fields of the messages inside every message", () => {
    for (const schema of messagesOf(name)) {
      check(schema, fc.tuple(anyMessage(schema), unknownFieldsOf(EmptySchema)), ([message, unknown]) => {
        const attached = attachEverywhere(schema, message, unknown);
        const bytes = toBinary(schema, message);
        expectBytes(passedOn(schema, bytes), bytes);
        expect(countUnknown(schema, fromBinary(schema, bytes))).toBe(attached);
      });
    }
  });

  it("reads back every message that it wrote, as bytes and as JSON", () => {
    for (const schema of messagesOf(name)) {
      check(schema, anyMessage(schema), (message) => {
        const bytes = toBinary(schema, message);
        expectBytes(passedOn(schema, bytes), bytes);
        const json = toJsonString(schema, message, { registry });
        expectBytes(toBinary(schema, fromJsonString(schema, json, { registry })), bytes);
      });
    }
  });
});

it("covers every package that the sources declare", () => {
  expect([...messages.keys()].filter((name) => name.startsWith("flyteidl2."))).toHaveLength(19);
  expect([...messages.values()].flat().length).toBeGreaterThan(540);
});

function messagesOf(name: string): readonly DescMessage[] {
  return messages.get(name) ?? [];
}

function check<T>(schema: DescMessage, values: fc.Arbitrary<T>, property: (value: T) => void): void {
  try {
    fc.assert(fc.property(values, property), { numRuns: 25 });
  } catch (error) {
    throw new Error(`${schema.typeName} does not survive a round trip`, { cause: error });
  }
}

/** What a process in the middle would send on. */
function passedOn(schema: DescMessage, bytes: Uint8Array): Uint8Array {
  return toBinary(schema, fromBinary(schema, bytes));
}

function expectBytes(actual: Uint8Array, expected: Uint8Array): void {
  expect(Buffer.from(actual).toString("hex")).toBe(Buffer.from(expected).toString("hex"));
}

/** Gives the message and all within it the unknown fields whose numbers they do not declare; returns how many. */
function attachEverywhere(schema: DescMessage, message: Message, unknown: readonly UnknownField[]): number {
  const declared = new Set(schema.fields.map(({ number }) => number));
  const foreign = unknown.filter(({ number }) => !declared.has(number));
  message.$unknown = fromBinary(EmptySchema, concatenated(foreign)).$unknown ?? [];
  return foreign.length + sum(within(schema, message), ([inner, value]) => attachEverywhere(inner, value, unknown));
}

function countUnknown(schema: DescMessage, message: Message): number {
  const inside = sum(within(schema, message), ([inner, value]) => countUnknown(inner, value));
  return (message.$unknown?.length ?? 0) + inside;
}

/** The messages directly inside a message, in fields, lists and maps. */
function within(schema: DescMessage, message: Message): [DescMessage, Message][] {
  const found: [DescMessage, Message][] = [];
  const view = reflect(schema, message);
  for (const field of view.fields) {
    // Shown as plain values, so there is no place to attach anything.
    if (field.message === undefined || field.message.file.name.startsWith("google/protobuf/")) continue;
    if (field.fieldKind === "message" && view.isSet(field)) found.push([field.message, view.get(field).message]);
    if (field.fieldKind === "list") for (const item of view.get(field)) found.push([field.message, messageOf(item)]);
    if (field.fieldKind === "map") for (const [, item] of view.get(field)) found.push([field.message, messageOf(item)]);
  }
  return found;
}

function messageOf(item: unknown): Message {
  if (typeof item === "object" && item !== null && "message" in item) return item.message as Message;
  throw new Error("a list or map of messages holds something else");
}

function sum<T>(values: readonly T[], figure: (value: T) => number): number {
  return values.reduce((total, value) => total + figure(value), 0);
}
