import { fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import { file_flyteidl2_cacheservice_cacheservice } from "@flyte-dataplane/proto/flyteidl2/cacheservice/cacheservice";
import { file_flyteidl2_dataproxy_dataproxy_service } from "@flyte-dataplane/proto/flyteidl2/dataproxy/dataproxy_service";
import { file_flyteidl2_workflow_run_service } from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import type { FuzzTarget } from "@flyte-dataplane/test-support";
import { messagesOf, randomMessage } from "../../test/random-message.ts";
import { createEncoder } from "./encode-message.ts";

const schemas = messagesOf(
  file_flyteidl2_workflow_run_service,
  file_flyteidl2_dataproxy_dataproxy_service,
  file_flyteidl2_cacheservice_cacheservice,
);
const typeBytes = 2;

/** An input is the type's place among `schemas`, then a message of it, whole or damaged. */
function read(input: Uint8Array): { readonly place: number; readonly bytes: Uint8Array } {
  const [high = 0, low = 0] = input;
  return { place: (high * 256 + low) % schemas.length, bytes: input.subarray(typeBytes) };
}

/** A message without a field that its type requires has no bytes. */
function outcome(write: () => Uint8Array): string {
  try {
    return Buffer.from(write()).toString("hex");
  } catch (error) {
    return String(error);
  }
}

export const fuzzTarget: FuzzTarget = {
  name: "encode-message",
  subject: "lib/runtime/src/connect/encode-message.ts",
  further: ["lib/runtime/src/connect/message-sink.ts"],
  generate: (random) => {
    const place = Math.floor(random() * schemas.length);
    const schema = schemas[place];
    const bytes = schema === undefined ? new Uint8Array() : randomMessage(random, schema);
    if (random() < 0.2 && bytes.length > 0) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    return Buffer.concat([Buffer.of(place >> 8, place & 0xff), bytes]);
  },
  run: (input) => {
    const { place, bytes } = read(input);
    const schema = schemas[place];
    if (schema === undefined) throw new RangeError(`no type ${place}`);
    let message: Message;
    try {
      message = fromBinary(schema, bytes);
    } catch {
      return "rejected";
    }
    const expected = outcome(() => toBinary(schema, message));
    const actual = outcome(() => createEncoder(schema)(message));
    if (actual !== expected) throw new Error(`${schema.typeName}: ${actual} is not ${expected}`);
    return "accepted";
  },
};
