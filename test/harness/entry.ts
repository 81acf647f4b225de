import { Buffer, isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { fromBinary } from "@bufbuild/protobuf";
import {
  ContainerError_Kind,
  ErrorDocumentSchema,
  ExecutionError_ErrorKind,
} from "@flyte-dataplane/proto/flyteidl2/core/execution";
import { LiteralMapSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { parseDocument } from "yaml";
import { canonical } from "./canonical.ts";
import type { Entry } from "./observation.ts";
import type { Content } from "./value.ts";

/** Texts up to so many bytes are recorded as such, larger ones by length and hash. */
const mostText = 4096;

/** How a file that is no document is recorded. */
export function contentEntry(content: Content): Entry {
  const bytes = Buffer.from(content);
  if (bytes.byteLength <= mostText && isUtf8(bytes)) return { is: "text", text: bytes.toString("utf8") };
  return { is: "bytes", bytes: bytes.byteLength, sha256: createHash("sha256").update(bytes).digest("hex") };
}

/** How a serialized LiteralMap is recorded. */
export function literalsEntry(bytes: Uint8Array): Entry {
  try {
    return { is: "literals", value: canonical(fromBinary(LiteralMapSchema, bytes).literals) };
  } catch (error) {
    return broken(error);
  }
}

export function errorEntry(bytes: Uint8Array): Entry {
  try {
    const { error } = fromBinary(ErrorDocumentSchema, bytes);
    if (error === undefined) return { is: "broken", why: "the document holds no error" };
    const { code, message, kind, origin } = error;
    return {
      is: "error",
      code,
      message,
      kind: ContainerError_Kind[kind] ?? String(kind),
      origin: ExecutionError_ErrorKind[origin] ?? String(origin),
    };
  } catch (error) {
    return broken(error);
  }
}

/** The values of a YAML text; numbers by their digits, so that no reader's types make a difference. */
export function yamlEntry(content: Uint8Array): Entry {
  const text = Buffer.from(content).toString("utf8");
  const [old, current] = (["1.1", "1.2"] as const).map((version) => {
    const document = parseDocument(text, { version, intAsBigInt: true });
    const [fault] = document.errors;
    if (fault !== undefined) throw new Error(`inputs.yaml is no YAML ${version}: ${fault.message}`);
    return canonical(digits(document.toJS()));
  });
  if (JSON.stringify(old) !== JSON.stringify(current)) return { is: "broken", why: "YAML 1.1 and 1.2 differ" };
  return { is: "yaml", value: current };
}

/** Every number as its digits: whole ones without exponent or point, whatever was read. */
export function digits(value: unknown): unknown {
  if (typeof value === "bigint") return { number: value.toString() };
  if (typeof value === "number") {
    const whole = Number.isInteger(value) && Math.abs(value) < 1e22;
    return { number: whole ? BigInt(value).toString() : String(value) };
  }
  if (Array.isArray(value)) return value.map(digits);
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, digits(member)]));
  return value;
}

function broken(error: unknown): Entry {
  return { is: "broken", why: error instanceof Error ? error.message : String(error) };
}
