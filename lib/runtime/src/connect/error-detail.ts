/** An error as the protocols spell it: JSON for Connect, header fields and a binary status for gRPC. */
import { create, type JsonValue, type Registry, toBinary, toJson } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { ConnectError } from "@connectrpc/connect";
import { codeName } from "./codes.ts";

interface Detail {
  readonly type: string;
  readonly value: Uint8Array;
  readonly debug?: JsonValue | undefined;
}

/** Connect's object: code, message, and details with a readable form where there is one. */
export function errorJson(error: ConnectError, registry: Registry): JsonValue {
  return {
    code: codeName(error.code),
    ...(error.rawMessage === "" ? {} : { message: error.rawMessage }),
    ...(error.details.length === 0 ? {} : { details: detailsOf(error, registry).map(detailJson) }),
  };
}

function detailJson({ type, value, debug }: Detail): JsonValue {
  const base64 = Buffer.from(value).toString("base64").replace(/=+$/, "");
  return { type, value: base64, ...(debug === undefined ? {} : { debug }) };
}

/** gRPC's fields: the number, the message in ASCII, and the whole as a google.rpc.Status where there are details. */
export function grpcStatus(error: ConnectError, registry: Registry): Record<string, string> {
  const fields: Record<string, string> = { "grpc-status": String(error.code) };
  if (error.rawMessage !== "") fields["grpc-message"] = percentEncoded(error.rawMessage);
  if (error.details.length > 0)
    fields["grpc-status-details-bin"] = Buffer.from(statusBytes(error, registry)).toString("base64").replace(/=+$/, "");
  return fields;
}

function detailsOf(error: ConnectError, registry: Registry): readonly Detail[] {
  return error.details.map((detail) => {
    if ("type" in detail) return detail;
    const message = create(detail.desc, detail.value);
    const value = toBinary(detail.desc, message);
    try {
      return { type: detail.desc.typeName, value, debug: toJson(detail.desc, message, { registry }) };
    } catch {
      // Readers take the bytes; what is for people may be left out where a type inside is not known.
      return { type: detail.desc.typeName, value };
    }
  });
}

/** google.rpc.Status: code 1, message 2, details 3 as google.protobuf.Any (type URL 1, value 2). */
function statusBytes(error: ConnectError, registry: Registry): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Varint).int32(error.code);
  writer.tag(2, WireType.LengthDelimited).string(error.rawMessage);
  for (const { type, value } of detailsOf(error, registry)) {
    writer.tag(3, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.LengthDelimited).string(`type.googleapis.com/${type}`);
    writer.tag(2, WireType.LengthDelimited).bytes(value);
    writer.join();
  }
  return writer.finish();
}

/** Bytes of UTF-8 outside the printable ASCII, and the percent sign, as `%XX`. */
function percentEncoded(text: string): string {
  if (/^[ -$&-~]*$/.test(text)) return text;
  let encoded = "";
  for (const byte of Buffer.from(text, "utf8")) {
    encoded +=
      byte < 0x20 || byte > 0x7e || byte === 0x25
        ? `%${byte.toString(16).toUpperCase().padStart(2, "0")}`
        : String.fromCharCode(byte);
  }
  return encoded;
}
