import { decodeMessage } from "@flyte-dataplane/core";
import { VariableMapSchema } from "@flyte-dataplane/proto/flyteidl2/core/interface";
import type { LiteralType } from "@flyte-dataplane/proto/flyteidl2/core/types";

/** The types of a serialized VariableMap by variable, of a repeated name the last; none for an absent one. */
export function declaredInputs(bytes: Uint8Array | undefined): ReadonlyMap<string, LiteralType> {
  if (bytes === undefined) return new Map();
  const { variables } = decodeMessage(VariableMapSchema, bytes, { what: "--input-interface" });
  return new Map(
    variables.flatMap(({ key, value }) => (value?.type === undefined ? [] : [[key, value.type] as const])),
  );
}
