import type { JsonObject } from "@bufbuild/protobuf";
import type { LiteralType, SchemaType, StructuredDatasetType } from "@flyte-dataplane/proto/flyteidl2/core/types";
import type { SecondsAndNanos } from "../text/instant.ts";

/**
 * A literal as a plain value: one kind per thing that a task can pass, without the message nesting. A literal's own
 * hash, metadata and artifact id are no part of its value and do not appear here.
 */
export type PlainLiteral =
  | { readonly kind: "integer"; readonly value: bigint }
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "datetime"; readonly value: SecondsAndNanos }
  | { readonly kind: "duration"; readonly value: SecondsAndNanos }
  /** A primitive in which nothing is set. */
  | { readonly kind: "no-primitive" }
  | { readonly kind: "none" }
  | { readonly kind: "blob"; readonly uri: string; readonly format: string; readonly multipart: boolean }
  | { readonly kind: "binary"; readonly bytes: Uint8Array; readonly tag: string }
  | { readonly kind: "schema"; readonly uri: string; readonly type: SchemaType | undefined }
  | { readonly kind: "error"; readonly message: string; readonly failedNodeId: string }
  | { readonly kind: "struct"; readonly value: JsonObject }
  | { readonly kind: "dataset"; readonly uri: string; readonly type: StructuredDatasetType | undefined }
  | { readonly kind: "union"; readonly value: PlainLiteral; readonly type: LiteralType | undefined }
  | { readonly kind: "collection"; readonly items: readonly PlainLiteral[] }
  | { readonly kind: "map"; readonly entries: ReadonlyMap<string, PlainLiteral> }
  /** The value lies elsewhere, as a serialized Literal. */
  | {
      readonly kind: "offloaded";
      readonly uri: string;
      readonly sizeBytes: bigint;
      readonly type: LiteralType | undefined;
    };
