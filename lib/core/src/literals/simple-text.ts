import { isUtf8 } from "node:buffer";
import type { Primitive } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { SimpleType } from "@flyte-dataplane/proto/flyteidl2/core/types";
import { DataPlaneError } from "../errors.ts";
import { parseBoolean } from "../text/boolean.ts";
import { formatDateTime, parseDateTime } from "../text/date-time.ts";
import { formatDuration, fromNanos, parseDuration } from "../text/duration.ts";
import { formatFloat, parseFloatText } from "../text/float.ts";
import { parseInteger } from "../text/integer.ts";
import { parseStruct } from "../text/json.ts";
import type { PlainLiteral } from "./plain-literal.ts";

/**
 * Simple values as the text of a file: what a task without a Flyte library reads and writes. No newline at the end
 * when writing; blanks at both ends are ignored when reading.
 */

/** The text of a primitive; `null` where none is set. */
export function formatPrimitive(primitive: Primitive): string {
  const { value } = primitive;
  switch (value.case) {
    case "integer":
      return value.value.toString();
    case "floatValue":
      return formatFloat(value.value);
    case "stringValue":
      return value.value;
    case "boolean":
      return value.value ? "true" : "false";
    case "datetime":
      return formatDateTime(value.value);
    case "duration":
      return formatDuration(value.value);
    case undefined:
      return "null";
  }
}

/**
 * The value of a declared simple type, from a file's content. Spaces, tabs and newlines at both ends are dropped for
 * every type (a carriage return is not). Throws `invalid_argument` (origin user) for content that is not of the type.
 */
export function parseSimple(type: SimpleType, content: Uint8Array): PlainLiteral {
  const trimmed = trimBlanks(content);
  switch (type) {
    case SimpleType.NONE:
      return { kind: "none" };
    case SimpleType.BINARY:
      return { kind: "binary", bytes: trimmed, tag: "msgpack" };
    case SimpleType.STRUCT:
      return { kind: "struct", value: parseStruct(trimmed) };
    case SimpleType.INTEGER:
      return { kind: "integer", value: parseInteger(text(trimmed)) };
    case SimpleType.FLOAT:
      return { kind: "float", value: parseFloatText(text(trimmed)) };
    case SimpleType.BOOLEAN:
      return { kind: "boolean", value: parseBoolean(text(trimmed)) };
    case SimpleType.STRING:
      return { kind: "string", value: text(trimmed) };
    case SimpleType.DATETIME:
      return { kind: "datetime", value: parseDateTime(text(trimmed)) };
    case SimpleType.DURATION:
      return { kind: "duration", value: fromNanos(parseDuration(text(trimmed))) };
    case SimpleType.ERROR:
      return { kind: "error", message: text(trimmed), failedNodeId: "" };
    default:
      throw new DataPlaneError("unimplemented", `simple type ${String(type)}: this version does not know it`);
  }
}

function trimBlanks(content: Uint8Array): Uint8Array {
  let start = 0;
  let end = content.length;
  while (start < end && isBlank(content[start])) start += 1;
  while (end > start && isBlank(content[end - 1])) end -= 1;
  return content.subarray(start, end);
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x09;
}

function text(bytes: Uint8Array): string {
  if (!isUtf8(bytes)) {
    throw new DataPlaneError("invalid_argument", "the content is not valid UTF-8", { origin: "user" });
  }
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}
