import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type Literal,
  LiteralSchema,
  type PrimitiveSchema,
  type ScalarSchema,
} from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { BlobType_BlobDimensionality } from "@flyte-dataplane/proto/flyteidl2/core/types";
import { DataPlaneError } from "../errors.ts";
import type { PlainLiteral } from "./plain-literal.ts";

/** The literal with this value; the opposite of `toPlain`. Throws `out_of_range` for an integer beyond int64. */
export function fromPlain(plain: PlainLiteral): Literal {
  switch (plain.kind) {
    case "collection":
      return create(LiteralSchema, { value: { case: "collection", value: { literals: plain.items.map(fromPlain) } } });
    case "map": {
      if (plain.entries.has("__proto__")) {
        throw new DataPlaneError("invalid_argument", 'the map key "__proto__" is not supported');
      }
      const literals = Object.fromEntries([...plain.entries].map(([key, value]) => [key, fromPlain(value)]));
      return create(LiteralSchema, { value: { case: "map", value: { literals } } });
    }
    case "offloaded": {
      const { uri, sizeBytes, type } = plain;
      return create(LiteralSchema, {
        value: { case: "offloadedMetadata", value: { uri, sizeBytes, ...optional("inferredType", type) } },
      });
    }
    default:
      return create(LiteralSchema, { value: { case: "scalar", value: { value: scalarOf(plain) } } });
  }
}

type ScalarValue = NonNullable<MessageInitShape<typeof ScalarSchema>["value"]>;
type PrimitiveValue = NonNullable<MessageInitShape<typeof PrimitiveSchema>["value"]>;

function scalarOf(plain: Exclude<PlainLiteral, { kind: "collection" | "map" | "offloaded" }>): ScalarValue {
  switch (plain.kind) {
    case "integer":
      return primitive({ case: "integer", value: checkInt64(plain.value) });
    case "float":
      return primitive({ case: "floatValue", value: plain.value });
    case "string":
      return primitive({ case: "stringValue", value: plain.value });
    case "boolean":
      return primitive({ case: "boolean", value: plain.value });
    case "datetime":
      return primitive({ case: "datetime", value: { ...plain.value } });
    case "duration":
      return primitive({ case: "duration", value: { ...plain.value } });
    case "no-primitive":
      return primitive({ case: undefined });
    case "none":
      return { case: "noneType", value: {} };
    case "blob": {
      const dimensionality = plain.multipart
        ? BlobType_BlobDimensionality.MULTIPART
        : BlobType_BlobDimensionality.SINGLE;
      return { case: "blob", value: { uri: plain.uri, metadata: { type: { format: plain.format, dimensionality } } } };
    }
    case "binary":
      return { case: "binary", value: { value: plain.bytes, tag: plain.tag } };
    case "schema":
      return { case: "schema", value: { uri: plain.uri, ...optional("type", plain.type) } };
    case "error":
      return { case: "error", value: { message: plain.message, failedNodeId: plain.failedNodeId } };
    case "struct":
      return { case: "generic", value: plain.value };
    case "dataset":
      return {
        case: "structuredDataset",
        value: { uri: plain.uri, ...(plain.type && { metadata: { structuredDatasetType: plain.type } }) },
      };
    case "union":
      return { case: "union", value: { value: fromPlain(plain.value), ...optional("type", plain.type) } };
  }
}

function primitive(value: PrimitiveValue): ScalarValue {
  return { case: "primitive", value: { value } };
}

function optional<Name extends string, Value>(name: Name, value: Value | undefined): { [K in Name]?: Value } {
  return value === undefined ? {} : ({ [name]: value } as { [K in Name]: Value });
}

function checkInt64(value: bigint): bigint {
  if (BigInt.asIntN(64, value) === value) return value;
  throw new DataPlaneError("out_of_range", `integer ${value}: it is beyond 64 bits`);
}
