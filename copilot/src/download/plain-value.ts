import type { JsonValue } from "@bufbuild/protobuf";
import { formatDateTime, toNanos } from "@flyte-dataplane/core";
import type { Primitive } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import type { MetadataValue } from "./metadata-value.ts";

export function primitiveValue({ value }: Primitive): MetadataValue {
  switch (value.case) {
    case "datetime":
      return formatDateTime(value.value);
    case "duration":
      return toNanos(value.value);
    case undefined:
      return null;
    default:
      return value.value;
  }
}

export function structValue(value: JsonValue): MetadataValue {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(structValue);
  return new Map(Object.entries(value).map(([key, member]) => [key, structValue(member)]));
}
