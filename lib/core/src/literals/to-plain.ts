import type { Literal, Primitive, Scalar } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { BlobType_BlobDimensionality } from "@flyte-dataplane/proto/flyteidl2/core/types";
import { DataPlaneError } from "../errors.ts";
import type { PlainLiteral } from "./plain-literal.ts";

/** The value of a literal. Throws `invalid_argument` where no value is set, naming the place below `place`. */
export function toPlain(literal: Literal, place: string = "literal"): PlainLiteral {
  switch (literal.value.case) {
    case "scalar":
      return scalarToPlain(literal.value.value, place);
    case "collection":
      return {
        kind: "collection",
        items: literal.value.value.literals.map((item, i) => toPlain(item, `${place}[${i}]`)),
      };
    case "map": {
      const entries = Object.entries(literal.value.value.literals);
      return {
        kind: "map",
        entries: new Map(entries.map(([key, value]) => [key, toPlain(value, `${place}[${JSON.stringify(key)}]`)])),
      };
    }
    case "offloadedMetadata": {
      const { uri, sizeBytes, inferredType } = literal.value.value;
      return { kind: "offloaded", uri, sizeBytes, type: inferredType };
    }
    case undefined:
      throw noValue(place);
  }
}

function scalarToPlain(scalar: Scalar, place: string): PlainLiteral {
  const { value } = scalar;
  switch (value.case) {
    case "primitive":
      return primitiveToPlain(value.value);
    case "blob": {
      const type = value.value.metadata?.type;
      return {
        kind: "blob",
        uri: value.value.uri,
        format: type?.format ?? "",
        multipart: type?.dimensionality === BlobType_BlobDimensionality.MULTIPART,
      };
    }
    case "binary":
      return { kind: "binary", bytes: value.value.value, tag: value.value.tag };
    case "schema":
      return { kind: "schema", uri: value.value.uri, type: value.value.type };
    case "noneType":
      return { kind: "none" };
    case "error":
      return { kind: "error", message: value.value.message, failedNodeId: value.value.failedNodeId };
    case "generic":
      return { kind: "struct", value: value.value };
    case "structuredDataset":
      return { kind: "dataset", uri: value.value.uri, type: value.value.metadata?.structuredDatasetType };
    case "union":
      if (value.value.value === undefined) throw noValue(`${place} (union)`);
      return { kind: "union", value: toPlain(value.value.value, place), type: value.value.type };
    case undefined:
      throw noValue(place);
  }
}

function primitiveToPlain(primitive: Primitive): PlainLiteral {
  const { value } = primitive;
  switch (value.case) {
    case "integer":
      return { kind: "integer", value: value.value };
    case "floatValue":
      return { kind: "float", value: value.value };
    case "stringValue":
      return { kind: "string", value: value.value };
    case "boolean":
      return { kind: "boolean", value: value.value };
    case "datetime":
      return { kind: "datetime", value: { seconds: value.value.seconds, nanos: value.value.nanos } };
    case "duration":
      return { kind: "duration", value: { seconds: value.value.seconds, nanos: value.value.nanos } };
    case undefined:
      return { kind: "no-primitive" };
  }
}

function noValue(place: string): DataPlaneError {
  return new DataPlaneError("invalid_argument", `${place}: the literal has no value`);
}
