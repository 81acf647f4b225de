import { create } from "@bufbuild/protobuf";
import { type Inputs, InputsSchema } from "@flyte-dataplane/proto/flyteidl2/task/common";
import { fnv1a64 } from "./cache-key/digest.ts";
import { encodeDeterministic } from "./wire/encode-deterministic.ts";

/**
 * `inputs_hash` of uploaded inputs: 11 characters of unpadded base64url, FNV-1a 64 of the deterministic bytes. With no
 * ignored names the message is hashed as received, its context included; else the context is left out together with
 * the ignored literals. The order of literals counts.
 */
export function uploadedInputsHash(inputs: Inputs, ignoredNames: readonly string[] = []): string {
  return fnv1a64(
    encodeDeterministic(InputsSchema, ignoredNames.length === 0 ? inputs : withoutIgnored(inputs, ignoredNames)),
  ).toString("base64url");
}

/** The same kind of hash over the location of inputs, for a rerun that cannot read them again. */
export function inputsUriHash(uri: string): string {
  return fnv1a64(new TextEncoder().encode(uri)).toString("base64url");
}

/** The literals that count, in their order, without context. */
export function withoutIgnored(inputs: Inputs, ignoredNames: readonly string[]): Inputs {
  const ignored = new Set(ignoredNames);
  return create(InputsSchema, { literals: inputs.literals.filter((literal) => !ignored.has(literal.name)) });
}
