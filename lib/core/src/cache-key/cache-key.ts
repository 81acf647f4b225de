import { create } from "@bufbuild/protobuf";
import {
  type TypedInterface,
  TypedInterfaceSchema,
  type VariableMap,
  VariableMapSchema,
} from "@flyte-dataplane/proto/flyteidl2/core/interface";
import { compareUtf8, encodeDeterministic, type FieldOrder } from "../wire/encode-deterministic.ts";
import { sha256 } from "./digest.ts";

/** What a task's cache key is made of, besides its inputs. */
export interface CacheKeyParts {
  /** Text of one of the inputs hashes. */
  readonly inputsHash: string;
  readonly taskName: string;
  /** Of {@link interfaceHash}; empty text when the task has no interface. */
  readonly interfaceHash: string;
  /** `discovery_version` of the task's metadata. */
  readonly discoveryVersion: string;
}

/**
 * The cache key as it travels: 44 characters of base64, SHA-256 of the parts laid end to end with nothing between.
 * Receivers treat it as opaque text.
 */
export function cacheKey(parts: CacheKeyParts): string {
  return sha256(`${parts.inputsHash}${parts.taskName}${parts.interfaceHash}${parts.discoveryVersion}`).toString(
    "base64",
  );
}

export interface InterfaceHashOptions {
  /** `server` (default) hashes the variables as declared, `sdk` sorted by name. */
  readonly as?: "server" | "sdk";
}

/** Hash of a task's interface. Whether `inputs` and `outputs` are absent or empty makes a difference. */
export function interfaceHash(typed: TypedInterface | undefined, options: InterfaceHashOptions = {}): string {
  if (typed === undefined) return "";
  const sdk = options.as === "sdk";
  const order: FieldOrder = sdk ? "by-number" : "oneofs-last";
  return sha256(encodeDeterministic(TypedInterfaceSchema, sdk ? sorted(typed) : typed, order)).toString("base64");
}

function sorted(typed: TypedInterface): TypedInterface {
  return create(TypedInterfaceSchema, {
    inputs: sortedVariables(typed.inputs),
    outputs: sortedVariables(typed.outputs),
  });
}

/** The SDK always sends both lists, empty ones too. */
function sortedVariables(variables: VariableMap | undefined): VariableMap {
  return create(VariableMapSchema, {
    variables: [...(variables?.variables ?? [])].sort((a, b) => compareUtf8(a.key, b.key)),
  });
}
