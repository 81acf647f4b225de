/** Messages of one procedure to and from bytes, in the two forms that callers choose between. */
import { isUtf8 } from "node:buffer";
import {
  type DescMessage,
  type DescMethod,
  fromJson,
  type JsonValue,
  type Message,
  type Registry,
  toJsonString,
} from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { DataPlaneError, decodeMessage } from "@flyte-dataplane/core";
import { EncodedMessage, messageOf } from "../server/encoded-message.ts";

import { createEncoder } from "./encode-message.ts";

export type CodecName = "proto" | "json";

export interface Codec {
  /** Throws `invalid_argument`, naming the place, for bytes that are no such message. */
  decode(bytes: Uint8Array): Message;
  /** `answer` is what a handler returned: a message or an EncodedMessage. */
  encode(answer: unknown): Uint8Array;
}

/** `registry` knows the messages that may stand in a google.protobuf.Any: only JSON looks into one. */
export function createCodecs(method: DescMethod, registry: Registry): Readonly<Record<CodecName, Codec>> {
  const { input, output } = method;
  const encode = createEncoder(output);
  return {
    proto: {
      decode: (bytes) => decodeMessage(input, bytes, { what: "the request" }),
      // Handlers are typed by their method, so an answer is a message of `output`.
      encode: (answer) => (answer instanceof EncodedMessage ? answer.bytes : encode(answer as Message)),
    },
    json: {
      decode: (bytes) => decodeJson(input, bytes, registry),
      encode: (answer) => Buffer.from(toJsonString(output, messageOf(output, answer), { registry })),
    },
  };
}

function decodeJson(input: DescMessage, bytes: Uint8Array, registry: Registry): Message {
  try {
    if (!isUtf8(bytes)) throw new SyntaxError("text that is not valid UTF-8");
    const json = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()) as JsonValue;
    return fromJson(input, json, { registry, ignoreUnknownFields: true });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DataPlaneError("invalid_argument", `decode the request as ${input.typeName}: ${why}`, { cause });
  }
}

/** The codec of a content type's last word; undefined for others than ours. */
export function codecName(text: string | undefined): CodecName | undefined {
  return text === "proto" || text === "json" ? text : undefined;
}

/** What a call without a message, or with too many, is told. */
export function notOneMessage(count: number): ConnectError {
  return new ConnectError(
    `the procedure takes one message; the request holds ${count === 0 ? "none" : "more"}`,
    Code.Unimplemented,
  );
}
