// Beyond descriptors: messages that we write, read and written again by the Python runtime that tasks use.
import { Buffer } from "node:buffer";
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { DescMessage, JsonValue, Message } from "@bufbuild/protobuf";
import { createRegistry, fromBinary, fromJson, toBinary, toJson } from "@bufbuild/protobuf";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { describe, expect, inject, it } from "vitest";
import { anyMessage } from "../../proto/test/any-message.ts";
import { everyMessage } from "../../proto/test/every-message.ts";
import { canonicalJson } from "./canonical-json.ts";

/** Messages tried per type. */
const samples = 10;

const registry = createRegistry(TimestampSchema);
const seed = Math.floor(Math.random() * 2 ** 31);

interface Sent {
  readonly schema: DescMessage;
  readonly bytes: Uint8Array;
}

interface Answer {
  readonly error?: string;
  readonly bytes?: string;
  readonly json?: JsonValue;
}

const packages = [...(await everyMessage())].filter(([name]) => name.startsWith("flyteidl2."));

describe.each(packages)("%s", (_name, schemas) => {
  const sent = schemas.flatMap((schema) =>
    fc
      .sample(anyMessage(schema), { numRuns: samples, seed })
      .map((message) => ({ schema, bytes: toBinary(schema, message) })),
  );

  it("survives the SDK's runtime, as bytes and as JSON", () => {
    const answers = passOn(sent);
    expect(answers).toHaveLength(sent.length);
    const lost = sent.flatMap((message, index) => difference(message, answers[index] ?? { error: "no answer" }) ?? []);
    expect(lost, `messages generated from seed ${seed}`).toEqual([]);
  });
});

function passOn(messages: readonly Sent[]): Answer[] {
  const lines = messages.map(({ schema, bytes }) =>
    JSON.stringify({ type: schema.typeName, bytes: Buffer.from(bytes).toString("base64") }),
  );
  const output = execFileSync(inject("sdkPython"), [fileURLToPath(new URL("pass-on.py", import.meta.url))], {
    input: lines.join("\n"),
    encoding: "utf8",
    maxBuffer: 256 * 1024 * 1024,
  });
  return output
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Answer);
}

/** What became of a message, or undefined when all of it came back. */
function difference({ schema, bytes }: Sent, { error, bytes: answered, json }: Answer): string | undefined {
  const own = contentOf(schema, fromBinary(schema, bytes));
  if (error !== undefined) return `${schema.typeName} ${own}: ${error}`;
  const theirs = Buffer.from(answered ?? "", "base64");
  const viaBytes = contentOf(schema, fromBinary(schema, theirs));
  if (viaBytes !== own || theirs.length !== bytes.length) return `${schema.typeName} ${own}: came back as ${viaBytes}`;
  const viaJson = contentOf(schema, fromJson(schema, json ?? null, { registry }));
  return viaJson === own ? undefined : `${schema.typeName} ${own}: its JSON says ${viaJson}`;
}

/** Bytes cannot be compared themselves: each runtime writes the entries of a map in an order of its own. */
function contentOf(schema: DescMessage, message: Message): string {
  return canonicalJson(toJson(schema, message, { registry }));
}
