import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  type LiteralTypeSchema,
  type SchemaTypeSchema,
  SimpleType,
  type StructuredDatasetTypeSchema,
} from "@flyte-dataplane/proto/flyteidl2/core/types";

export type SimpleName =
  | "NONE"
  | "INTEGER"
  | "FLOAT"
  | "STRING"
  | "BOOLEAN"
  | "DATETIME"
  | "DURATION"
  | "BINARY"
  | "ERROR"
  | "STRUCT";

/** A declared type, as cases write it. */
export type OutputType =
  | { readonly is: "simple"; readonly type: SimpleName }
  | { readonly is: "file" | "folder"; readonly format: string }
  | { readonly is: "enum"; readonly values: readonly string[] }
  | { readonly is: "union"; readonly variants: readonly OutputType[] }
  | { readonly is: "list" | "map"; readonly of: OutputType }
  | { readonly is: "schema" }
  | { readonly is: "dataset"; readonly format: string }
  | { readonly is: "undeclared" };

/** Columns stand there to be found again. */
export const schemaType: MessageInitShape<typeof SchemaTypeSchema> = { columns: [{ name: "age" }] };
export const datasetType = (format: string): MessageInitShape<typeof StructuredDatasetTypeSchema> => ({
  format,
  columns: [{ name: "age", literalType: { type: { case: "simple", value: SimpleType.INTEGER } } }],
});

export function literalType(type: OutputType): MessageInitShape<typeof LiteralTypeSchema> {
  switch (type.is) {
    case "simple":
      return { type: { case: "simple", value: SimpleType[type.type] } };
    case "file":
    case "folder":
      return { type: { case: "blob", value: { format: type.format, dimensionality: type.is === "file" ? 0 : 1 } } };
    case "enum":
      return { type: { case: "enumType", value: { values: [...type.values] } } };
    case "union":
      return { type: { case: "unionType", value: { variants: type.variants.map(literalType) } } };
    case "list":
      return { type: { case: "collectionType", value: literalType(type.of) } };
    case "map":
      return { type: { case: "mapValueType", value: literalType(type.of) } };
    case "schema":
      return { type: { case: "schema", value: schemaType } };
    case "dataset":
      return { type: { case: "structuredDatasetType", value: datasetType(type.format) } };
    case "undeclared":
      return {};
  }
}
