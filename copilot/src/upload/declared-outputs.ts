import { decodeMessage } from "@flyte-dataplane/core";
import { TypedInterfaceSchema, type Variable } from "@flyte-dataplane/proto/flyteidl2/core/interface";

/** The output variables of a serialized TypedInterface, of a repeated name the last; none for an absent interface. */
export function declaredOutputs(bytes: Uint8Array | undefined): ReadonlyMap<string, Variable> {
  if (bytes === undefined) return new Map();
  const { outputs } = decodeMessage(TypedInterfaceSchema, bytes, { what: "--interface" });
  return new Map(
    (outputs?.variables ?? []).flatMap(({ key, value }) => (value === undefined ? [] : [[key, value] as const])),
  );
}
