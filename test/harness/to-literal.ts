import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  type Literal,
  LiteralMapSchema,
  LiteralSchema,
  type ScalarSchema,
} from "@flyte-dataplane/proto/flyteidl2/core/literals";
import {
  BlobType_BlobDimensionality,
  type LiteralTypeSchema,
  SimpleType,
} from "@flyte-dataplane/proto/flyteidl2/core/types";
import { InputsSchema } from "@flyte-dataplane/proto/flyteidl2/task/common";
import { datasetType, literalType, schemaType } from "./output-type.ts";
import type { Place, Value } from "./value.ts";

export type Locate = (place: Place) => string;

/** The literal that a value stands for; `locate` gives the location of a place. */
export function toLiteral(value: Value, locate: Locate): Literal {
  const { hash, metadata, artifact } = value;
  const init: MessageInitShape<typeof LiteralSchema> = { value: inner(value, locate) };
  if (hash !== undefined) init.hash = hash;
  if (metadata !== undefined) init.metadata = { ...metadata };
  if (artifact !== undefined) init.artifactId = { key: { name: artifact }, version: "1" };
  return create(LiteralSchema, init);
}

/** Serialized `LiteralMap`. */
export function encodeMap(values: Readonly<Record<string, Value>>, locate: Locate): Uint8Array {
  const literals = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, toLiteral(value, locate)]));
  return toBinary(LiteralMapSchema, create(LiteralMapSchema, { literals }));
}

/** The same as producers of Flyte 2 write it: an ordered list, with context beside it. */
export function encodeInputs(values: Readonly<Record<string, Value>>, locate: Locate): Uint8Array {
  const literals = Object.entries(values).map(([name, value]) => ({ name, value: toLiteral(value, locate) }));
  return toBinary(InputsSchema, create(InputsSchema, { literals, context: [{ key: "trace", value: "1" }] }));
}

type LiteralValue = NonNullable<MessageInitShape<typeof LiteralSchema>["value"]>;
type ScalarValue = NonNullable<MessageInitShape<typeof ScalarSchema>["value"]>;

function inner(value: Value, locate: Locate): LiteralValue {
  switch (value.is) {
    case "hollow":
      return { case: undefined };
    case "list":
      return { case: "collection", value: { literals: value.items.map((item) => toLiteral(item, locate)) } };
    case "map": {
      const literals = Object.fromEntries(value.entries.map(([key, entry]) => [key, toLiteral(entry, locate)]));
      return { case: "map", value: { literals } };
    }
    case "offloaded":
      return { case: "offloadedMetadata", value: { uri: locate({ key: value.key }), sizeBytes: 1n } };
    case "reference":
      return { case: "offloadedMetadata", value: { uri: locate(value.at), sizeBytes: 1n } };
    default:
      return { case: "scalar", value: { value: scalar(value, locate) } };
  }
}

/** What stands there to be found again. */
const chosenString = {
  type: { case: "simple", value: SimpleType.STRING },
  structure: { tag: "chosen" },
} as const satisfies MessageInitShape<typeof LiteralTypeSchema>;

type ScalarLike = Exclude<Value, { is: "hollow" | "list" | "map" | "offloaded" | "reference" }>;

function scalar(value: ScalarLike, locate: Locate): ScalarValue {
  switch (value.is) {
    case "integer":
      return { case: "primitive", value: { value: { case: "integer", value: value.value } } };
    case "float":
      return { case: "primitive", value: { value: { case: "floatValue", value: value.value } } };
    case "string":
      return { case: "primitive", value: { value: { case: "stringValue", value: value.value } } };
    case "boolean":
      return { case: "primitive", value: { value: { case: "boolean", value: value.value } } };
    case "datetime":
    case "duration": {
      const { seconds, nanos } = value;
      return { case: "primitive", value: { value: { case: value.is, value: { seconds, nanos } } } };
    }
    case "blank":
      return { case: "primitive", value: {} };
    case "none":
      return { case: "noneType", value: {} };
    case "binary":
      return { case: "binary", value: { value: Uint8Array.from(value.bytes), tag: value.tag } };
    case "error":
      return { case: "error", value: { message: value.message, failedNodeId: value.node ?? "" } };
    case "struct":
      // A message holds the object as it is; nobody changes it.
      return { case: "generic", value: structuredClone(value.value) as Record<string, never> };
    case "file":
    case "folder": {
      const { SINGLE, MULTIPART } = BlobType_BlobDimensionality;
      const type = { format: value.format, dimensionality: value.is === "file" ? SINGLE : MULTIPART };
      return { case: "blob", value: { uri: locate(value.at), metadata: { type } } };
    }
    case "schema":
      return { case: "schema", value: { uri: locate(value.at), type: schemaType } };
    case "dataset": {
      const structuredDatasetType = datasetType(value.format);
      return { case: "structuredDataset", value: { uri: locate(value.at), metadata: { structuredDatasetType } } };
    }
    case "union": {
      const type = value.type === undefined ? chosenString : literalType(value.type);
      return { case: "union", value: { value: toLiteral(value.value, locate), type } };
    }
  }
}
